//! The page: two programs in Yew, the chat (`main.rs`) and the connection inspector (`bin/inspect.rs`).
//!
//! A shell turns browser events into inputs of a core of the crate `client`, and performs the effects that
//! the core returns. Components read the core's view and emit inputs; they decide nothing. The page never
//! makes HTML from text, and every text is in the catalogues of `i18n/`.
//!
//! - [`driver`]: the shell of the chat; it owns `client::Client`, the connections, the timers and the database
//! - [`transport`]: WebSocket, fetch and BroadcastChannel
//! - [`storage`]: localStorage, and the IndexedDB of unsent messages and drafts
//! - [`app`], [`page`]: the root components; they show the join page or the chat
//! - [`join`], [`chat`], [`search`], [`settings`], [`inspector`]: the features, each with its page, components
//!   and hooks
//! - [`components`]: widgets that several features share
//! - [`context`], [`preferences`], [`theme`]: what every component may reach
//! - [`language`], [`error_text`], [`room_label`], [`calendar`]: texts and the names of rooms and days
//! - [`clock`], [`random`], [`selection`], [`visibility`], [`version`], `timeout`: what the browser offers

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
pub mod transport;
pub mod version;
pub mod visibility;

/// Returns the element of the document that a program draws in.
pub fn host() -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id("app")
}
