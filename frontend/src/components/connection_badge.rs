//! The connection as it really is: a small word and a colour.

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
        ReadyState::Connecting => tr!(language, "link.connecting"),
        ReadyState::Open => tr!(language, "link.open"),
        ReadyState::Closing => tr!(language, "link.closing"),
        ReadyState::Closed => tr!(language, "link.closed"),
    }
}

/// The word for a transport.
pub fn transport_word(language: Language, transport: Transport) -> AttrValue {
    match transport {
        Transport::WebSocket => "WebSocket".into(),
        Transport::EventStream => tr!(language, "link.event_stream"),
        Transport::LongPoll => tr!(language, "link.long_poll"),
        Transport::Poll => tr!(language, "link.poll"),
    }
}

/// The pill; there is one on every screen.
pub fn pill(language: Language, transport: Transport, ready_state: ReadyState) -> Html {
    draw(language, transport, ready_state, word(language, ready_state))
}

/// The pill at the door, where no connection is wanted: `closed` would read as the house's.
pub fn door_pill(language: Language, link: ConnectionStatus) -> Html {
    let word = match link.ready_state {
        ReadyState::Closed => tr!(language, "link.none"),
        other => word(language, other),
    };
    draw(language, link.transport, link.ready_state, word)
}

fn draw(language: Language, transport: Transport, ready_state: ReadyState, word: AttrValue) -> Html {
    let number = ready_state as u16;
    let by = transport_word(language, transport);
    let title = tr!(language, "link.title", transport = by, number = number, word = word);
    html! {
        <span key="pill" id="ready_state" class="pill" role="status" data-state={number.to_string()}
            data-transport={transport.name()} {title}>
            <span class="dot" aria-hidden="true"></span>
            <span>{ word }</span>
        </span>
    }
}
