//! The connection badge: a label and a colour for the real `readyState`.

use crate::language::{Language, tr};
use client::transport::Transport;
use client::view::{ConnectionStatus, ReadyState};
use yew::prelude::*;

/// Whether the connection carries commands now: it is open and the server has sent `welcome`.
pub fn is_usable(link: ConnectionStatus) -> bool {
    link.ready_state == ReadyState::Open && link.welcomed
}

/// Label for a `readyState`, in the person's language.
fn state_label(language: Language, ready_state: ReadyState) -> AttrValue {
    match ready_state {
        ReadyState::Connecting => tr!(language, "connection.connecting"),
        ReadyState::Open => tr!(language, "connection.open"),
        ReadyState::Closing => tr!(language, "connection.closing"),
        ReadyState::Closed => tr!(language, "connection.closed"),
    }
}

/// Name of a transport, in the person's language.
pub fn transport_name(language: Language, transport: Transport) -> AttrValue {
    match transport {
        Transport::WebSocket => "WebSocket".into(),
        Transport::EventStream => tr!(language, "connection.event_stream"),
        Transport::LongPoll => tr!(language, "connection.long_poll"),
        Transport::Poll => tr!(language, "connection.poll"),
    }
}

/// Shows a dot and a label for the connection's `readyState`; the tooltip names the transport and the number.
/// Every page has exactly one badge, whose element has the id `ready_state`.
pub fn connection_badge(language: Language, transport: Transport, ready_state: ReadyState) -> Html {
    draw(language, transport, ready_state, state_label(language, ready_state))
}

/// Shows the badge of the join page, which needs no connection: "disconnected" would read as a failure.
pub fn join_badge(language: Language, link: ConnectionStatus) -> Html {
    let label = match link.ready_state {
        ReadyState::Closed => tr!(language, "connection.none"),
        other => state_label(language, other),
    };
    draw(language, link.transport, link.ready_state, label)
}

fn draw(language: Language, transport: Transport, ready_state: ReadyState, label: AttrValue) -> Html {
    let number = ready_state as u16;
    let by = transport_name(language, transport);
    let title = tr!(language, "connection.title", transport = by, number = number, state = label);
    html! {
        <span key="badge" id="ready_state" class="connection_badge" role="status" data-state={number.to_string()}
            data-transport={transport.name()} {title}>
            <span class="dot" aria-hidden="true"></span>
            <span>{ label }</span>
        </span>
    }
}
