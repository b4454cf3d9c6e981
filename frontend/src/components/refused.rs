//! Why something was refused, beside the field that it is about.

use yew::prelude::*;

/// The reason; none if nothing is wrong. The line is always there, so that a
/// screen reader hears what comes into it and nothing moves. `id` names it for
/// the field's `aria-describedby`.
pub fn refused(id: &'static str, reason: Option<AttrValue>) -> Html {
    html! { <div key="refused" {id} class="refused" role="alert">{ reason.unwrap_or_default() }</div> }
}
