//! The visibility of the page (`document.visibilityState`), and whether the person may be reading it.

use web_sys::VisibilityState;

/// Whether the page is hidden: its tab is in the background, or its window is minimised.
pub fn is_hidden() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.is_some_and(|page| page.visibility_state() == VisibilityState::Hidden)
}

/// Whether a dialog covers the page.
pub fn has_dialog() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.is_some_and(|page| page.query_selector("dialog[open]").is_ok_and(|found| found.is_some()))
}

/// Whether the person may be reading the page: it is visible, has the focus, and no dialog covers it.
pub fn is_read() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.is_some_and(|page| page.has_focus() == Ok(true)) && !is_hidden() && !has_dialog()
}
