//! Copying without the Clipboard API, which exists only in a secure context. The text is selected, and
//! `execCommand("copy")` copies it. If the browser refuses, the text stays selected, so that keys can copy
//! it.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, Node};

/// Selects the content of `node` and copies it. Returns false if the browser did not copy; the content is
/// selected then.
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
