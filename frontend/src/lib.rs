//! The page: the client's hands and face.
//!
//! [`driver::Driver`] owns `client::Client`: what the browser tells goes in,
//! what the client wants is carried out. The components below [`page::Page`]
//! read the view and emit inputs; nothing else. Text is never made into HTML,
//! and no word of the page stands outside the catalogues of `i18n/`.

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
