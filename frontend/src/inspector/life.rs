//! The lifecycle of the connection: its `readyState`, and the list of calls and events.

use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use client::inspect::life::{Lifecycle, LifecycleEntry, LifecycleEvent, SocketCall};
use shared::limits::SILENCE_MS;
use yew::prelude::*;

/// Constants of the WebSocket interface, each at the index that is its number.
const NAMES: [&str; 4] = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/// Shows the four values of `readyState`, when the connection reached each, and which is the current one. It
/// reads the core's `life` and emits no input.
pub fn states(language: Language, life: &Lifecycle) -> Html {
    let states = NAMES.iter().enumerate().map(|(number, name)| {
        let reached = life.reached[number];
        let is_now = reached.is_some() && life.state() as usize == number;
        let text = match number {
            0 => tr!(language, "connection.connecting"),
            1 => tr!(language, "connection.open"),
            2 => tr!(language, "connection.closing"),
            _ => tr!(language, "connection.closed"),
        };
        html! {
            <li key={*name} class={classes!(reached.map(|_| "reached"))} aria-current={is_now.then_some("step")}>
                <b>{ number }</b>
                <code>{ *name }</code>
                <small>{ text }</small>
                <small class="when">{ reached.map(|at| milliseconds(language, at)).unwrap_or_default() }</small>
            </li>
        }
    });
    html! { <ol key="states" class="states">{ for states }</ol> }
}

/// Shows the calls, events and changes of state, oldest first, and how many were dropped. It reads the core's
/// `life` and emits no input.
pub fn moments(language: Language, life: &Lifecycle) -> Html {
    let rows = life.entries.iter().map(|entry| row(language, entry));
    html! {
        <div key="moments">
            if life.dropped > 0 {
                <p key="dropped" class="hint">{ tr!(language, "inspect.dropped", count = life.dropped) }</p>
            }
            <ol key="rows" id="moments" class="moments">{ for rows }</ol>
            if life.traces > 0 {
                <p key="traces" class="hint">{ tr!(language, "inspect.traces", count = life.traces) }</p>
            }
        </div>
    }
}

/// Text of a time in milliseconds since the first entry of its list, such as `+12 ms`.
pub(super) fn milliseconds(language: Language, at: u64) -> String {
    format!("+{}", tr!(language, "inspect.side_ms", count = grouped(language, at)))
}

fn row(language: Language, entry: &LifecycleEntry) -> Html {
    let (kind, name, text) = match &entry.event {
        LifecycleEvent::Called(SocketCall::New) => {
            ("call", "new WebSocket(…)".to_owned(), AttrValue::default())
        }
        LifecycleEvent::Called(SocketCall::Send { bytes, text }) => (
            "call",
            "send(…)".to_owned(),
            tr!(language, "inspect.message", bytes = grouped(language, *bytes as u64), text = text),
        ),
        LifecycleEvent::Called(SocketCall::Close { code, reason }) => {
            let call = match code {
                Some(code) if reason.is_empty() => format!("close({code})"),
                Some(code) => format!("close({code}, \"{reason}\")"),
                None => "close()".to_owned(),
            };
            ("call", call, AttrValue::default())
        }
        LifecycleEvent::State(state) => {
            ("state", format!("readyState = {}", *state as u8), NAMES[*state as usize].into())
        }
        LifecycleEvent::Opened => ("event", "open".to_owned(), tr!(language, "inspect.open")),
        LifecycleEvent::Message { bytes, text } => (
            "event",
            "message".to_owned(),
            tr!(language, "inspect.message", bytes = grouped(language, *bytes as u64), text = text),
        ),
        LifecycleEvent::Failed => ("event", "error".to_owned(), tr!(language, "inspect.error")),
        LifecycleEvent::Closed { code, reason, clean } => {
            let name = format!("close: code {code}, reason \"{reason}\", wasClean {clean}");
            ("event", name, close_code_text(language, *code))
        }
    };
    let key = entry.number;
    html! {
        <li {key} class={kind}>
            <small>{ milliseconds(language, entry.at) }</small>
            <span><code>{ name }</code>{ " " }<span class="moment_text" dir="auto">{ text }</span></span>
        </li>
    }
}

/// Explanation of a close code; empty for codes that the page does not know.
fn close_code_text(language: Language, code: u16) -> AttrValue {
    match code {
        1001 => tr!(language, "inspect.code_1001"),
        1005 => tr!(language, "inspect.code_1005"),
        1006 => tr!(language, "inspect.code_1006"),
        1009 => tr!(language, "inspect.code_1009"),
        1011 => tr!(language, "inspect.code_1011"),
        1012 => tr!(language, "inspect.code_1012"),
        1013 => tr!(language, "inspect.code_1013"),
        4008 => tr!(language, "inspect.code_4008"),
        4009 => tr!(language, "inspect.code_4009", seconds = SILENCE_MS / 1_000),
        4401 => tr!(language, "inspect.code_4401"),
        4402 => tr!(language, "inspect.code_4402"),
        4408 => tr!(language, "inspect.code_4408"),
        4429 => tr!(language, "inspect.code_4429"),
        1000 | 3000..=4999 => tr!(language, "inspect.code_own"),
        _ => AttrValue::default(),
    }
}
