//! The chat: the sidebar, the open room, its people, and one dialog for everything else.
//!
//! - `sidebar` with [`room_list`], `header`, `side_panel`, `people`: the parts around the open room
//! - [`message_list`] with [`message`] and [`grouping`]: the open room's messages
//! - [`composer`] with [`pending_edits`]: the text being written
//! - `notices`: notices about the connection, the room, and refused commands
//! - [`room_form`], `room_menu`: dialogs about a room
//! - [`url`], [`left_rooms`]: the room that the URL names, and rooms that the member left
//! - [`media`]: a hook for the media queries at which the layout changes

pub mod composer;
pub mod grouping;
pub mod header;
pub mod left_rooms;
pub mod media;
pub mod message;
pub mod message_list;
pub mod notices;
pub mod pending_edits;
pub mod people;
pub mod room_form;
pub mod room_list;
pub mod room_menu;
pub mod side_panel;
pub mod sidebar;
pub mod url;

use crate::chat::composer::Composer;
use crate::chat::header::header;
use crate::chat::left_rooms::use_left_rooms;
use crate::chat::media::use_media;
use crate::chat::message_list::{MessageList, Places};
use crate::chat::notices::notices;
use crate::chat::people::PeopleList;
use crate::chat::room_form::RoomForm;
use crate::chat::room_menu::room_menu;
use crate::chat::side_panel::side_panel;
use crate::chat::sidebar::{SidebarActions, sidebar};
use crate::chat::url::use_url;
use crate::components::brand::brand;
use crate::components::connection_badge::{connection_badge, is_usable};
use crate::components::dialog::{Dialog, Placement};
use crate::components::keys::Keyboard;
use crate::components::memo::memo;
use crate::context::{ViewRef, use_app_context};
use crate::language::tr;
use crate::room_label;
use crate::search::room_directory::RoomDirectory;
use crate::settings::Settings;
use client::input::Input;
use client::view::IdentityView;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Properties of [`Room`].
#[derive(Clone, PartialEq, Properties)]
pub struct RoomProps {
    /// View of a signed-in member. Without one, the component renders nothing.
    pub view: ViewRef,
}

/// Width from which the sidebar is shown next to the room. page.css has the same width.
const HAS_SIDEBAR: &str = "(min-width: 45em)";

/// Width from which the list of people is shown next to the room too.
const HAS_PEOPLE: &str = "(min-width: 65em)";

/// Content of the one dialog.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Panel {
    Menu,
    People,
    Settings,
    NewRoom,
    RoomDirectory,
    Room,
}

/// Lays out sidebar, header, messages, notices, composer, people and the dialog for the width of the window.
/// The component reads the identity, the rooms and the open room; the parts read the rest of the view.
/// Through [`use_url`], it emits [`client::input::Input::OpenRoom`] when the URL changes.
#[component]
pub fn Room(props: &RoomProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let (has_sidebar, has_people) = (use_media(HAS_SIDEBAR), use_media(HAS_PEOPLE));
    let panel = use_state_eq(|| None::<Panel>);
    let view = &props.view;
    let close = {
        let panel = panel.setter();
        use_callback((), move |(), ()| panel.set(None))
    };
    let requested = use_url(view, &context.emit, panel.is_some(), &close);
    let (field, been_in) = (use_node_ref(), use_mut_ref(|| (None, None)));
    // After a change of room, close the dialog, and focus the composer as soon as no dialog or prompt needs
    // the focus. This component does it because a closing dialog first returns the focus to where it was.
    use_effect_with((view.room(), panel.is_none() && requested.is_settled), {
        let (field, close) = (field.clone(), close.clone());
        move |(room, free)| {
            let here = Some(*room);
            let (seen, focused) = &mut *been_in.borrow_mut();
            let field = field.cast::<HtmlElement>();
            if seen.replace(*room) != here {
                close.emit(());
                // The rest of a sentence must not go to a room that the person did not open.
                drop(field.as_ref().filter(|_| !*free).map(HtmlElement::blur));
            }
            if *free && focused.replace(*room) != here {
                // On a touch screen, the focus would open the keyboard unasked.
                if let Some(field) = field.filter(|_| Keyboard::of_device() == Keyboard::Hardware) {
                    drop(field.focus());
                }
            }
        }
    });
    // A form that was closed waits no longer for its room.
    use_effect_with(*panel, {
        let emit = context.emit.clone();
        move |panel| {
            let has_form = matches!(panel, Some(Panel::NewRoom | Panel::RoomDirectory));
            move || {
                if has_form {
                    emit.emit(Input::RoomFormClosed);
                }
            }
        }
    });
    let places: Places = use_mut_ref(Vec::new);
    let left = use_left_rooms(&view.rooms);
    let opens = |which: Panel| {
        let panel = panel.setter();
        Callback::from(move |_: MouseEvent| panel.set(Some(which)))
    };
    let IdentityView::Somebody { me, busy, refusal } = &*view.identity else {
        return html! { <main></main> };
    };
    let room_name = room_label::open_name(language, view);
    let stale = !is_usable(view.connection);
    let people = || memo("list", PeopleList { people: view.people.clone(), stale });
    let side = has_people.then(|| side_panel(tr!(language, "people.title"), people()));
    let sidebar = || {
        let actions = SidebarActions {
            new_room: opens(Panel::NewRoom),
            room_directory: opens(Panel::RoomDirectory),
            settings: opens(Panel::Settings),
            picked: close.clone(),
        };
        sidebar(language, view, me, actions)
    };
    let (id, title, placement, content) = match *panel {
        None => ("", AttrValue::default(), Placement::Middle, Html::default()),
        Some(Panel::Menu) => ("menu_dialog", tr!(language, "house.name"), Placement::Start, sidebar()),
        Some(Panel::People) => ("people_dialog", tr!(language, "people.title"), Placement::End, people()),
        Some(Panel::Settings) => {
            let settings = html! { <Settings key="settings" me={me.clone()} link={view.connection} pinned={view.pinned} busy={*busy} refusal={refusal.clone()} /> };
            ("settings_dialog", tr!(language, "settings.title"), Placement::Middle, settings)
        }
        Some(Panel::NewRoom) => {
            let form = html! { <RoomForm key="new" pending={view.pending.clone()} can_send={view.composer.can_send} room={None} on_done={close.clone()} /> };
            ("new_room_dialog", tr!(language, "new_room.title"), Placement::Middle, form)
        }
        Some(Panel::RoomDirectory) => {
            let directory = html! { <RoomDirectory key="directory" directory={view.directory.clone()} pending={view.pending.clone()} on_done={close.clone()} /> };
            ("directory_dialog", tr!(language, "room_directory.title"), Placement::Middle, directory)
        }
        Some(Panel::Room) => {
            let menu = room_menu(&context, view, &close);
            ("room_dialog", room_name.clone(), Placement::Corner, menu)
        }
    };
    html! {
        <div class="house">
            if has_sidebar {
                <div key="sidebar" class="sidebar">
                    <header key="head" class="sidebar_head">{ brand(language) }{ connection_badge(language, view.connection) }</header>
                    { sidebar() }
                </div>
            }
            <main key="room" class="room">
                { header(language, view, (!has_sidebar).then(|| opens(Panel::Menu)),
                    (!has_people).then(|| opens(Panel::People)), opens(Panel::Room)) }
                <div key="timeline" class="timeline">
                    <MessageList key={view.room().0} pane={view.pane().clone()} room_name={room_name.clone()}
                        is_caught_up={!stale && !view.notices.catching_up} places={places} />
                    { notices(&context, view, &requested, &left.borrow()) }
                </div>
                <Composer key="composer" composer={view.composer.clone()} {room_name} {field} />
            </main>
            { for side }
            <Dialog key="dialog" {id} {title} {placement} on_close={close.clone()}>{ content }</Dialog>
        </div>
    }
}
