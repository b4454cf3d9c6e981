//! The page in a real browser: components for given views, and the driver with the real client.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "what a test does not find is its failure")]

mod access;
mod comparison;
mod composer;
mod database;
mod dialogs;
mod driver;
mod fetch;
mod fixture;
mod inspect;
mod join;
mod notices;
mod preferences;
mod rooms;
mod rows;
mod scroll;
mod unread;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
