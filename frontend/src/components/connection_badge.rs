//! The connection badge: one word and a colour for the real `readyState`.

use crate::language::{Language, tr};
use client::transport::Transport;
use client::view::{ConnectionStatus, ReadyState};
use yew::prelude::*;

/// Whether what is said now would be heard now.
pub fn is_usable(link: ConnectionStatus) -> bool {
    link.ready_state == ReadyState::Open && link.welcomed
}

/// The word for a `readyState`.
fn word(language: Language, ready_state: ReadyState) -> AttrValue {
    match ready_state {
        ReadyState::Connecting => tr!(language, "connection.connecting"),
        ReadyState::Open => tr!(language, "connection.open"),
        ReadyState::Closing => tr!(language, "connection.closing"),
        ReadyState::Closed => tr!(language, "connection.closed"),
    }
}

/// The word for a transport.
pub fn transport_name(language: Language, transport: Transport) -> AttrValue {
    match transport {
        Transport::WebSocket => "WebSocket".into(),
        Transport::EventStream => tr!(language, "connection.event_stream"),
        Transport::LongPoll => tr!(language, "connection.long_poll"),
        Transport::Poll => tr!(language, "connection.poll"),
    }
}

/// Draws the badge. There is one on every screen.
pub fn connection_badge(language: Language, transport: Transport, ready_state: ReadyState) -> Html {
    draw(language, transport, ready_state, word(language, ready_state))
}

/// Draws the badge of the join page, which needs no connection: "disconnected" would read as a failure.
pub fn join_badge(language: Language, link: ConnectionStatus) -> Html {
    let word = match link.ready_state {
        ReadyState::Closed => tr!(language, "connection.none"),
        other => word(language, other),
    };
    draw(language, link.transport, link.ready_state, word)
}

fn draw(language: Language, transport: Transport, ready_state: ReadyState, word: AttrValue) -> Html {
    let number = ready_state as u16;
    let by = transport_name(language, transport);
    let title = tr!(language, "connection.title", transport = by, number = number, word = word);
    html! {
        <span key="badge" id="ready_state" class="connection_badge" role="status" data-state={number.to_string()}
            data-transport={transport.name()} {title}>
            <span class="dot" aria-hidden="true"></span>
            <span>{ word }</span>
        </span>
    }
}
