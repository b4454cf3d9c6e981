//! The panel beside the room, which does not cover it. On a narrow screen its content is in a dialog instead.

use yew::prelude::*;

/// Shows content beside the room. `label` is the panel's name and heading for a screen reader.
pub fn side_panel(label: AttrValue, content: Html) -> Html {
    html! {
        <aside key="side" class="side_panel" aria-label={label.clone()}>
            <h2 key="title" class="visually_hidden">{ label }</h2>
            { content }
        </aside>
    }
}
