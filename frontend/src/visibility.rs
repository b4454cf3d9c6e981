//! The visibility of the page (`document.visibilityState`).

use web_sys::VisibilityState;

/// Whether the page is hidden: its tab is in the background, or its window is minimised.
pub fn is_hidden() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.is_some_and(|page| page.visibility_state() == VisibilityState::Hidden)
}
