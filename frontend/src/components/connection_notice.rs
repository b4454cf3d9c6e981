//! Why nothing goes through just now, when it is tried again, and a button for
//! who cannot wait.

use crate::context::use_surroundings;
use crate::hooks::tick::use_seconds_until;
use crate::language::tr;
use client::input::Input;
use client::view::{Link, ReadyState};
use yew::prelude::*;

/// What [`ConnectionNotice`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct ConnectionNoticeProps {
    /// The connection.
    pub link: Link,
}

/// The notice. Shown only while the connection cannot be used.
#[component]
pub fn ConnectionNotice(props: &ConnectionNoticeProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let Link { ready_state, retry_at, offline, .. } = props.link;
    let seconds = use_seconds_until(retry_at);
    let text = match (offline, seconds) {
        (true, _) => tr!(language, "link.offline"),
        (false, Some(seconds)) => tr!(language, "link.retry_in", seconds = seconds),
        (false, None) if ready_state == ReadyState::Closed => tr!(language, "link.lost"),
        (false, None) => tr!(language, "link.trying"),
    };
    let reconnect = around.emit.reform(|_: MouseEvent| Input::ReconnectNow);
    html! {
        <div class="notice warn late">
            <span class="notice_text">{ text }</span>
            <button type="button" id="reconnect_btn" onclick={reconnect}>
                { tr!(language, "link.reconnect") }
            </button>
        </div>
    }
}
