//! The line that says that too many people join now, and when the page goes on by itself.

use crate::components::countdown::use_seconds_until;
use crate::context::use_app_context;
use crate::language::tr;
use yew::prelude::*;

/// Properties of [`JoinWait`].
#[derive(Clone, Copy, PartialEq, Properties)]
pub struct JoinWaitProps {
    /// Time of the next attempt; `None` if the page does not wait. It is the view's `retry_at`.
    pub retry_at: Option<u64>,
}

/// Shows the reason and the seconds that are left. It emits no input. A screen reader reads the reason out once, and
/// not each second.
#[component]
pub fn JoinWait(props: &JoinWaitProps) -> Html {
    let language = use_app_context().language();
    let seconds = use_seconds_until(props.retry_at);
    html! {
        <div id="join_wait" class={classes!(seconds.map(|_| "card_about"))}>
            <span role="status">{ seconds.map(|_| tr!(language, "join.wait")).unwrap_or_default() }</span>
            { language.gap() }
            <span aria-hidden="true">
                { seconds.map(|seconds| tr!(language, "join.wait_seconds", seconds = seconds)).unwrap_or_default() }
            </span>
        </div>
    }
}
