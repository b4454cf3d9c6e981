//! Why nothing goes through just now, when it is tried again, and a button for
//! who cannot wait. Where only one way is tried since the person wants it, that may be why: another
//! button lets all be tried.

use crate::components::connection_badge::transport_name;
use crate::components::tick::use_seconds_until;
use crate::context::use_app_context;
use crate::language::tr;
use client::input::Input;
use client::transport::Transport;
use client::view::{ConnectionStatus, ReadyState};
use yew::prelude::*;

/// What [`ConnectionNotice`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct ConnectionNoticeProps {
    /// The connection.
    pub link: ConnectionStatus,
    /// The only transport that the person wants, if they want one.
    #[prop_or_default]
    pub pinned: Option<Transport>,
}

/// The notice. Shown only while the connection cannot be used.
#[component]
pub fn ConnectionNotice(props: &ConnectionNoticeProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let ConnectionStatus { ready_state, retry_at, offline, .. } = props.link;
    let seconds = use_seconds_until(retry_at);
    let text = match (offline, seconds) {
        (true, _) => tr!(language, "connection.offline"),
        (false, Some(seconds)) => tr!(language, "connection.retry_in", seconds = seconds),
        (false, None) if ready_state == ReadyState::Closed => tr!(language, "connection.lost"),
        (false, None) => tr!(language, "connection.trying"),
    };
    let reconnect = context.emit.reform(|_: MouseEvent| Input::ReconnectNow);
    let reconnect = html! {
        <button key="reconnect" type="button" id="reconnect_btn" onclick={reconnect}>
            { tr!(language, "connection.reconnect") }
        </button>
    };
    // Without a network no way is better than another.
    let Some(pinned) = props.pinned.filter(|_| !offline) else {
        return html! {
            <div class="notice warn delayed">
                <span class="notice_text">{ text }</span>
                { reconnect }
            </div>
        };
    };
    let unpin = context.emit.reform(|_: MouseEvent| Input::PinTransport(None));
    let only = tr!(language, "connection.only", transport = transport_name(language, pinned));
    html! {
        <div class="notice warn delayed tall">
            <span class="notice_text">{ text }{ " " }<span id="only_transport">{ only }</span></span>
            <div class="notice_actions">
                <button key="unpin" type="button" id="unpin_btn" onclick={unpin}>
                    { tr!(language, "connection.unpin") }
                </button>
                { reconnect }
            </div>
        </div>
    }
}
