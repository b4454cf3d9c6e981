//! The handshake as the server saw it, and the computation of `Sec-WebSocket-Accept`.

use crate::components::button::text_button;
use crate::inspector::field::field;
use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use client::inspect::{Inspector, InspectorInput};
use shared::event::trace::{Handshake, HeaderField};
use shared::websocket::{accept, hex};
use yew::prelude::*;

/// Example of `Sec-WebSocket-Key` from RFC 6455 §1.3.
const EXAMPLE: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Request headers that are listed as *not sent* if they are missing, because leaving them out has a meaning.
const EXPECTED: [&str; 3] = ["origin", "sec-websocket-extensions", "sec-websocket-protocol"];

/// Shows request and response of the handshake, with a note on each known header. Before the server's trace
/// has reported the handshake, a sentence says so.
pub fn heads(language: Language, handshake: Option<&Handshake>) -> Html {
    let Some(Handshake { request, response }) = handshake else {
        return html! { <p key="heads" id="heads">{ tr!(language, "inspect.handshake_none") }</p> };
    };
    let line = format!("{} {} {}", request.method, request.target, request.version);
    let is_absent = |name: &&str| !request.headers.iter().any(|header| header.name == **name);
    let absent = EXPECTED.iter().filter(|name| is_absent(name)).map(|name| {
        let nothing = html! { <i>{ tr!(language, "inspect.not_sent") }</i> };
        row(format!("no {name}"), name, nothing, note(language, name))
    });
    html! {
        <div key="heads" id="heads" class="heads">
            <h3 key="request">{ tr!(language, "inspect.request") }</h3>
            <p key="line" class="code"><code>{ line }</code></p>
            <dl key="sent" class="pairs">
                { for request.headers.iter().enumerate().map(|(at, header)| shown(language, at, header)) }
                { for absent }
            </dl>
            <h3 key="response">{ tr!(language, "inspect.response") }</h3>
            <p key="status" class="code"><code>{ status_line(response.status) }</code></p>
            <dl key="answered" class="pairs">
                { for response.headers.iter().enumerate().map(|(at, header)| shown(language, at, header)) }
            </dl>
        </div>
    }
}

fn shown(language: Language, at: usize, header: &HeaderField) -> Html {
    let value = match &header.value {
        Some(value) => html! { <code>{ value }</code> },
        None => {
            html! { <i>{ tr!(language, "inspect.hidden", count = grouped(language, header.length)) }</i> }
        }
    };
    // A name may occur twice, so the key is the index.
    row(at.to_string(), header.as_sent(), value, note(language, &header.name))
}

fn row(key: String, name: &str, value: Html, note: Option<AttrValue>) -> Html {
    html! {
        <div {key}>
            <dt><code>{ name.to_owned() }</code></dt>
            <dd>
                { value }
                if let Some(note) = note {
                    <small key="note">{ note }</small>
                }
            </dd>
        </div>
    }
}

/// Note on the purpose of a header; `None` for one that has nothing to do with WebSockets.
fn note(language: Language, name: &str) -> Option<AttrValue> {
    Some(match name {
        "upgrade" => tr!(language, "inspect.note_upgrade"),
        "connection" => tr!(language, "inspect.note_connection"),
        "origin" => tr!(language, "inspect.note_origin"),
        "sec-websocket-key" => tr!(language, "inspect.note_key"),
        "sec-websocket-version" => tr!(language, "inspect.note_version"),
        "sec-websocket-protocol" => tr!(language, "inspect.note_protocol"),
        "sec-websocket-extensions" => tr!(language, "inspect.note_extensions"),
        "sec-websocket-accept" => tr!(language, "inspect.note_accept"),
        "via" | "forwarded" => tr!(language, "inspect.note_proxy"),
        name if name.starts_with("x-forwarded-") => tr!(language, "inspect.note_proxy"),
        _ => return None,
    })
}

/// Status line of a response. Only 101, which opens a WebSocket, has its reason phrase.
fn status_line(status: u16) -> String {
    let reason = if status == 101 { " Switching Protocols" } else { "" };
    format!("HTTP/1.1 {status}{reason}")
}

/// Shows the steps from `Sec-WebSocket-Key` to `Sec-WebSocket-Accept`, and whether the result is what the
/// server answered. It reads the core's handshake and the key that the person entered, and emits
/// [`InspectorInput::TryKey`].
pub fn accept(language: Language, view: &Inspector, emit: &Callback<InspectorInput>) -> Html {
    let key = view.shown_key().unwrap_or(EXAMPLE).to_owned();
    let steps = accept::compute_steps(&key);
    let answered = view.handshake.as_ref().and_then(|handshake| {
        let headers = &handshake.response.headers;
        headers.iter().find(|header| header.name == "sec-websocket-accept")?.value.clone()
    });
    let differs = answered.as_ref().is_some_and(|answered| *answered != steps.accept);
    let verdict = answered.map(|answered| {
        if answered == steps.accept {
            tr!(language, "inspect.accept_same")
        } else {
            tr!(language, "inspect.accept_other", accept = answered)
        }
    });
    let wrong = (!accept::is_key(&key)).then(|| tr!(language, "inspect.key_bad"));
    let [back, example] = [None, Some(EXAMPLE)]
        .map(|key| emit.reform(move |_: MouseEvent| InspectorInput::TryKey(key.map(str::to_owned))));
    let step = |key: &'static str, label: AttrValue, value: String| {
        html! { <div {key}><dt>{ label }</dt><dd><code id={key}>{ value }</code></dd></div> }
    };
    html! {
        <div key="accept" class="accept">
            <h3 key="title">{ tr!(language, "inspect.accept") }</h3>
            <p key="about" class="hint">{ tr!(language, "inspect.accept_about") }</p>
            { field(("key_str", "key_error"), tr!(language, "inspect.key"), &key, true, wrong,
                emit.reform(|key| InspectorInput::TryKey(Some(key)))) }
            <div key="buttons" class="answers">
                { text_button("plain", tr!(language, "inspect.key_back"), back) }
                { text_button("plain example", tr!(language, "inspect.key_example"), example) }
            </div>
            <dl key="steps" class="pairs">
                { step("step_joined", tr!(language, "inspect.step_joined"), steps.joined) }
                { step("step_digest", tr!(language, "inspect.step_digest"), hex::write(&steps.digest)) }
                { step("step_accept", tr!(language, "inspect.step_accept"), steps.accept) }
            </dl>
            <p key="verdict" id="verdict" class={classes!(differs.then_some("differs"))} role="status">{ verdict.unwrap_or_default() }</p>
        </div>
    }
}

/// Why a header of old drafts is missing.
pub fn location_note(language: Language) -> Html {
    html! {
        <details key="location" id="location_note">
            <summary>{ tr!(language, "inspect.location") }</summary>
            <p key="was">{ tr!(language, "inspect.location_was") }</p>
            <p key="is">{ tr!(language, "inspect.location_is") }</p>
        </details>
    }
}
