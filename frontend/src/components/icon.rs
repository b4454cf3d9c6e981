//! Line icons, 24 units wide, with 2 px strokes and round ends. A screen reader skips them and reads the name
//! of the button around them.

use yew::prelude::*;

/// An icon, named by its shape or by the action that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Three lines: opens the sidebar on a narrow screen.
    Menu,
    /// Two people: opens the list of people on a narrow screen.
    People,
    /// Two sliders: opens the settings.
    Settings,
    /// A cross: closes a dialog or dismisses a notice.
    Close,
    /// An arrow up: sends the message in the composer.
    Send,
    /// An arrow down: goes to the newest message.
    Down,
    /// A clock: marks messages that are being sent or are waiting to be sent.
    Clock,
    /// An exclamation mark in a circle: marks messages that the server refused.
    Alert,
    /// A check mark, for an action that succeeded.
    Check,
    /// A plus sign: opens the form of a new room.
    Plus,
    /// A magnifying glass: opens the room directory, and marks its search field.
    Search,
    /// Three dots: opens the menu of the open room.
    More,
    /// A pencil: marks a room with a draft.
    Pencil,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Icon::Menu => "M4 7h16M4 12h16M4 17h16",
            Icon::People => {
                "M12.5 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0M2.5 20c.6-4 3-6 6.5-6s5.9 2 6.5 6\
                 M16 5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3.2 2.7 3.5 5.5"
            }
            Icon::Settings => {
                "M4 7h9M19 7h1M4 17h1M11 17h9\
                 M16 7m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M8 17m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0"
            }
            Icon::Close => "M6 6l12 12M18 6L6 18",
            Icon::Send => "M12 19V5M6 11l6-6 6 6",
            Icon::Down => "M12 5v14M6 13l6 6 6-6",
            Icon::Clock => "M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0M12 7v5l3 2",
            Icon::Alert => "M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0M12 7.500v5M12 16.200v.1",
            Icon::Check => "M5 12.500l4.5 4.500L19 7.5",
            Icon::Plus => "M12 5v14M5 12h14",
            Icon::Search => "M17.5 11a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0M20 20l-4.300-4.300",
            Icon::More => "M5.500 12h.01M12 12h.01M18.500 12h.01",
            Icon::Pencil => "M4 20l1-4L16.500 4.500l3 3L8 19zM14 7l3 3",
        }
    }

    /// Draws the icon as an SVG element in the colour of the text around it, hidden from screen readers.
    pub fn draw(self) -> Html {
        html! {
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                <path d={self.path()} />
            </svg>
        }
    }
}
