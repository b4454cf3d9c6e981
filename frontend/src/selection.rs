//! Copying a text. The Clipboard API exists only in a secure context. Without it, the text is selected, and
//! `execCommand("copy")` copies it. If the browser refuses that too, the text stays selected, so that the person can
//! copy it.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlDocument, Node};

/// Copies the text of `node`, and calls `done` with whether the browser copied it. The text is selected if it did not.
///
/// To be called while the browser handles a click, because some browsers allow copying only then.
pub fn copy(node: Node, done: impl FnOnce(bool) + 'static) {
    copy_boxed(node, Box::new(done));
}

fn copy_boxed(node: Node, done: Box<dyn FnOnce(bool)>) {
    let Some(window) = web_sys::window() else { return done(false) };
    let clipboard = window.navigator().clipboard();
    if clipboard.is_undefined() {
        return done(select_and_copy(&node));
    }
    let written = clipboard.write_text(&node.text_content().unwrap_or_default());
    spawn_local(async move {
        let is_copied = JsFuture::from(written).await.is_ok();
        done(is_copied || select_and_copy(&node));
    });
}

fn select_and_copy(node: &Node) -> bool {
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
