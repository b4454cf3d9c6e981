//! The notice that the server cannot be reached.
//!
//! The notice says why, and when the next attempt starts, and offers to reconnect at once. If the person
//! pinned a transport, the pin may be the cause, so the notice also offers to try all transports.

use crate::components::connection_badge::transport_name;
use crate::components::countdown::use_seconds_until;
use crate::context::use_app_context;
use crate::language::tr;
use client::input::Input;
use client::transport::Transport;
use client::view::{ConnectionStatus, ReadyState};
use yew::prelude::*;

/// Properties of [`ConnectionNotice`].
#[derive(Clone, PartialEq, Properties)]
pub struct ConnectionNoticeProps {
    /// State of the connection, with the time of the next attempt.
    pub link: ConnectionStatus,
    /// Transport that the person chose in the settings; `None` if all may be tried.
    #[prop_or_default]
    pub pinned: Option<Transport>,
}

/// Shows the cause, the seconds until the next attempt, and the buttons. It reads the view's `connection` and
/// `pinned` from its properties, and emits [`Input::ReconnectNow`] and [`Input::PinTransport`]. The parent
/// shows it only while the connection is unusable.
#[component]
pub fn ConnectionNotice(props: &ConnectionNoticeProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let ConnectionStatus { ready_state, retry_at, offline, silent, .. } = props.link;
    let seconds = use_seconds_until(retry_at);
    let text = match (offline, seconds) {
        (true, _) => tr!(language, "connection.offline"),
        _ if silent => tr!(language, "connection.no_answer"),
        (false, Some(seconds)) => tr!(language, "connection.retry_in", seconds = seconds),
        (false, None) if ready_state == ReadyState::Closed => tr!(language, "connection.lost"),
        (false, None) => tr!(language, "connection.trying"),
    };
    // A screen reader reads the reason out once, and not each second.
    let reason = if offline { text.clone() } else { tr!(language, "connection.lost") };
    let text = html! {
        <>
            <span key="reason" class="visually_hidden">{ reason }</span>
            <span key="text" class="notice_text" aria-hidden="true">{ text }</span>
        </>
    };
    let reconnect = context.emit.reform(|_: MouseEvent| Input::ReconnectNow);
    let reconnect = html! {
        <button key="reconnect" type="button" id="reconnect_btn" onclick={reconnect}>
            { tr!(language, "connection.reconnect") }
        </button>
    };
    // Without a network, another transport would not help.
    let Some(pinned) = props.pinned.filter(|_| !offline) else {
        return html! {
            <div class="notice warn delayed">
                { text }
                { reconnect }
            </div>
        };
    };
    let unpin = context.emit.reform(|_: MouseEvent| Input::PinTransport(None));
    let only = tr!(language, "connection.only", transport = transport_name(language, pinned));
    html! {
        <div class="notice warn delayed tall">
            { text }
            <span key="only" id="only_transport">{ only }</span>
            <div class="notice_actions">
                <button key="unpin" type="button" id="unpin_btn" onclick={unpin}>
                    { tr!(language, "connection.unpin") }
                </button>
                { reconnect }
            </div>
        </div>
    }
}
