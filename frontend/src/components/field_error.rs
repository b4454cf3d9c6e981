//! A line with the reason of a refusal, next to the field or button that it concerns.

use yew::prelude::*;

/// Shows the reason, or an empty line if there is none. The line is always in the document, so that a screen
/// reader announces a new reason and nothing moves. `id` is the one that the field's `aria-describedby`
/// names.
pub fn field_error(id: &'static str, reason: Option<AttrValue>) -> Html {
    html! { <div key="refused" {id} class="refused" role="alert">{ reason.unwrap_or_default() }</div> }
}
