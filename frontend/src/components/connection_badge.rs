//! The connection badge: a label and a colour for the real `readyState`.

use crate::language::{Language, tr};
use client::transport::Transport;
use client::view::{ConnectionStatus, ReadyState};
use yew::prelude::*;

/// Whether the connection carries commands now: it is open, the server has sent `welcome`, and answers.
pub fn is_usable(link: ConnectionStatus) -> bool {
    link.ready_state == ReadyState::Open && link.welcomed && !link.silent
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

/// Shows a dot and a label for the connection's `readyState`, or that the server does not answer on an open
/// connection; the tooltip names the transport and the number. Every page has exactly one badge, whose element
/// has the id `ready_state`.
pub fn connection_badge(language: Language, link: ConnectionStatus) -> Html {
    if link.silent {
        return draw(language, link, tr!(language, "connection.silent"));
    }
    draw(language, link, state_label(language, link.ready_state))
}

/// Shows the badge of the join page, which needs no connection: "disconnected" would read as a failure.
pub fn join_badge(language: Language, link: ConnectionStatus) -> Html {
    let label = match link.ready_state {
        ReadyState::Closed => tr!(language, "connection.none"),
        other => state_label(language, other),
    };
    draw(language, link, label)
}

fn draw(language: Language, link: ConnectionStatus, label: AttrValue) -> Html {
    let ConnectionStatus { transport, ready_state, silent, .. } = link;
    let number = ready_state as u16;
    let by = transport_name(language, transport);
    let title = tr!(language, "connection.title", transport = by, number = number, state = label);
    html! {
        <span key="badge" id="ready_state" class={classes!("connection_badge", silent.then_some("silent"))} role="status" data-state={number.to_string()}
            data-transport={transport.name()} {title}>
            <span class="dot" aria-hidden="true"></span>
            <span>{ label }</span>
        </span>
    }
}
