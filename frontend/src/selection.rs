//! Copying without the clipboard interface, which a page has in a secure
//! context only: the text is selected and the browser's own *copy* is asked
//! for. Where that is refused the text stays selected, ready for the keyboard.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, Node};

/// Selects all of `node` and copies it; false where it is only selected.
pub fn copy(node: &Node) -> bool {
    let Some(window) = web_sys::window() else { return false };
    let Some(page) = window.document() else { return false };
    let selected = window
        .get_selection()
        .ok()
        .flatten()
        .is_some_and(|selection| selection.select_all_children(node).is_ok());
    let page: HtmlDocument = page.unchecked_into();
    selected && page.exec_command("copy").unwrap_or(false)
}
