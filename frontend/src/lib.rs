//! The page: two programs in Yew, the chat (`main.rs`) and the connection inspector (`bin/inspect.rs`).
//!
//! A shell turns browser events into inputs of a core of the crate `client`, and performs the effects that
//! the core returns. Components read the core's view and emit inputs; they decide nothing. The page never
//! makes HTML from text, and every text is in the catalogues of `i18n/`.
//!
//! The shell of the chat:
//!
//! - [`driver`]: owns `client::Client`, the connections, the timers and the database
//! - [`transport`]: connections over WebSocket and plain HTTP, and the channel between tabs
//! - [`storage`]: localStorage, and the IndexedDB of unsent commands and drafts
//!
//! Root components and features:
//!
//! - [`app`]: the root component of the chat, which connects the page to the driver
//! - [`page`]: the whole page for one view: opening page, join page or chat
//! - [`join`]: the join page, and the page before the member is known
//! - [`chat`]: the rooms, the open room, its people, and dialogs
//! - [`search`]: the room directory
//! - [`settings`]: name, transport, language, theme and signing out
//! - [`inspector`]: the connection inspector, with a shell of its own
//! - [`components`]: widgets that several features share
//!
//! Context and texts:
//!
//! - [`context`]: the person's preferences and the callback for inputs, for every component
//! - [`preferences`]: the chosen language and theme, and how they are saved
//! - [`theme`]: the themes
//! - [`language`]: the languages, and the macro `tr!` for texts
//! - [`error_text`]: sentences about errors
//! - [`room_label`]: names of rooms
//! - [`calendar`]: days and their names
//!
//! Functions of the browser:
//!
//! - [`clock`]: the two clocks, and formats of times and dates
//! - [`random`]: random ids and seeds
//! - [`selection`]: copying a text
//! - `timeout`: timeouts that are cancelled when dropped
//! - [`title`]: the title of the document
//! - [`version`]: the build of the page
//! - [`visibility`]: whether the page is hidden

pub mod app;
pub mod calendar;
pub mod chat;
pub mod clock;
pub mod components;
pub mod context;
pub mod driver;
pub mod error_text;
pub mod inspector;
pub mod join;
pub mod language;
pub mod page;
pub mod preferences;
pub mod random;
pub mod room_label;
pub mod search;
pub mod selection;
pub mod settings;
pub mod storage;
pub mod theme;
mod timeout;
pub mod title;
pub mod transport;
pub mod version;
pub mod visibility;

/// Returns the element with the id `app`, in which a program draws; `None` in a document that is not the
/// page's.
pub fn host() -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id("app")
}
