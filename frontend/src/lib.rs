//! The page: the client's hands and face.
//!
//! [`driver::Driver`] owns `client::Client`: what the browser tells goes in,
//! what the client wants is carried out. The components below [`page::Page`]
//! read the view and emit inputs; nothing else. Text is never made into HTML,
//! and no word of the page stands outside the catalogues of `i18n/`.

pub mod address;
pub mod app;
pub mod calendar;
pub mod clock;
pub mod components;
pub mod context;
pub mod draft;
pub mod driver;
pub mod grouping;
pub mod hooks;
pub mod inspector;
pub mod language;
pub mod page;
pub mod pages;
pub mod preferences;
pub mod random;
pub mod selection;
pub mod sentence;
pub mod sight;
pub mod storage;
pub mod theme;
mod timeout;
pub mod title;
pub mod transport;
pub mod version;

/// Returns the element of the document that a program draws in.
pub fn host() -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id("app")
}
