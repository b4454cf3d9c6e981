//! The connection as it really is: a small word and a colour.

use crate::context::use_language;
use crate::language::{Language, tr};
use client::view::ReadyState;
use yew::prelude::*;

/// What [`Pill`] needs.
#[derive(Clone, Copy, PartialEq, Properties)]
pub struct PillProps {
    /// The WebSocket's own.
    pub ready_state: ReadyState,
}

/// The word for a `readyState`.
pub fn word(language: Language, ready_state: ReadyState) -> AttrValue {
    match ready_state {
        ReadyState::Connecting => tr!(language, "link.connecting"),
        ReadyState::Open => tr!(language, "link.open"),
        ReadyState::Closing => tr!(language, "link.closing"),
        ReadyState::Closed => tr!(language, "link.closed"),
    }
}

/// There is one on every screen.
#[component]
pub fn Pill(props: &PillProps) -> Html {
    let language = use_language();
    let number = props.ready_state as u16;
    let word = word(language, props.ready_state);
    html! {
        <span id="ready_state" class="pill" role="status" data-state={number.to_string()}
            title={tr!(language, "link.title", number = number, word = word)}>
            <span class="dot" aria-hidden="true"></span>
            <span>{ word }</span>
        </span>
    }
}
