//! Why something was refused, beside the field that it is about.

use yew::prelude::*;

/// What [`Refused`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct RefusedProps {
    /// Names it for the field's `aria-describedby`.
    pub id: &'static str,
    /// The reason; none if nothing is wrong.
    pub reason: Option<AttrValue>,
}

/// The line is always there, so that a screen reader hears what comes into it
/// and nothing moves.
#[component]
pub fn Refused(props: &RefusedProps) -> Html {
    html! { <div id={props.id} class="refused" role="alert">{ props.reason.clone().unwrap_or_default() }</div> }
}
