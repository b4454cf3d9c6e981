//! Whether the page can be seen.

use web_sys::VisibilityState;

/// Whether the page is out of sight: behind another tab, or its window is put away.
pub fn is_hidden() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.is_some_and(|page| page.visibility_state() == VisibilityState::Hidden)
}
