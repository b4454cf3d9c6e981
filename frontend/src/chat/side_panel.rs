//! The panel beside the room, which does not cover it. On a narrow screen its content is in a dialog instead.

use yew::prelude::*;

/// Shows content beside the room. `label` is the panel's name for a screen reader.
pub fn side_panel(label: AttrValue, content: Html) -> Html {
    html! { <aside key="side" class="side_panel" aria-label={label}>{ content }</aside> }
}
