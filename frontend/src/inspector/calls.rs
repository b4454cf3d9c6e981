//! The methods of a WebSocket as buttons, each with the fields of its arguments.

use crate::components::field_error::field_error;
use crate::inspector::number::grouped;
use crate::language::{Language, tr};
use client::inspect::InspectorInput;
use client::inspect::call::{CloseFault, REASON_BYTES_MAX, SendFault};
use client::limits::INSPECT_SEND_BYTES_MAX;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`Calls`].
#[derive(Clone, PartialEq, Properties)]
pub struct CallsProps {
    /// Language of the texts.
    pub language: Language,
    /// Whether the connection is not closed. Connecting again then replaces it.
    pub going_on: bool,
    /// Reason why the last call of `send` was not made.
    pub send_fault: Option<SendFault>,
    /// Reason why the last call of `close` was not made.
    pub close_fault: Option<CloseFault>,
    /// Passes an input to the inspector's core.
    pub emit: Callback<InspectorInput>,
}

/// Shows the buttons of `new WebSocket`, `send` and `close`, their fields, and the reason why a call was not
/// made. It reads the core's state from its properties, and emits [`InspectorInput::Connect`],
/// [`InspectorInput::Send`] and [`InspectorInput::Close`]. The texts stay in the browser's fields until a
/// button is pressed.
#[component]
pub fn Calls(props: &CallsProps) -> Html {
    let language = props.language;
    let [text, code, reason] = [use_node_ref(), use_node_ref(), use_node_ref()];
    use_effect_with((), {
        let (text, code) = (text.clone(), code.clone());
        move |()| {
            // Set the values once. As attributes, Yew would set them again at every render.
            for (field, value) in [(text, r#"{"type":"ping"}"#), (code, "1000")] {
                if let Some(field) = field.cast::<HtmlInputElement>() {
                    field.set_value(value);
                }
            }
        }
    });
    let value =
        |field: &NodeRef| field.cast::<HtmlInputElement>().map(|field| field.value()).unwrap_or_default();
    let onsend = {
        let (emit, text) = (props.emit.clone(), text.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            emit.emit(InspectorInput::Send(value(&text)));
        })
    };
    let onclose = {
        let (emit, code, reason) = (props.emit.clone(), code.clone(), reason.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            emit.emit(InspectorInput::Close { code: value(&code), reason: value(&reason) });
        })
    };
    let connect = props.emit.reform(|_: MouseEvent| InspectorInput::Connect);
    let label = if props.going_on {
        tr!(language, "inspect.connect_again")
    } else {
        tr!(language, "inspect.connect")
    };
    let send_fault = props.send_fault.map(|fault| match fault {
        SendFault::Connecting => tr!(language, "inspect.send_connecting"),
        SendFault::Ended => tr!(language, "inspect.send_ended"),
        SendFault::TooLong => {
            tr!(language, "inspect.send_long", max = grouped(language, INSPECT_SEND_BYTES_MAX as u64))
        }
    });
    let close_fault = props.close_fault.map(|fault| match fault {
        CloseFault::NotANumber => tr!(language, "inspect.close_number"),
        CloseFault::OutOfRange => tr!(language, "inspect.close_range"),
        CloseFault::NotAllowed(code) => tr!(language, "inspect.close_refused", code = code),
        CloseFault::ReasonAlone => tr!(language, "inspect.close_alone"),
        CloseFault::ReasonTooLong(bytes) => {
            tr!(language, "inspect.close_long", bytes = bytes, max = REASON_BYTES_MAX)
        }
    });
    let of_code = props.close_fault.map(CloseFault::is_of_code);
    html! {
        <div class="calls">
            <button key="connect" type="button" id="connect_btn" class={if props.going_on { "plain" } else { "primary" }}
                onclick={connect}>{ label }</button>
            <form key="send" class="form" onsubmit={onsend} novalidate=true>
                <label key="label" for="send_str">{ tr!(language, "inspect.text") }</label>
                <div key="line" class="name_line">
                    <input id="send_str" ref={text} type="text" autocomplete="off" spellcheck="false" autocapitalize="off"
                        aria-describedby="send_error" aria-invalid={send_fault.is_some().to_string()} />
                    <button id="send_btn" type="submit" class="plain"><code>{ "send(text)" }</code></button>
                </div>
                { field_error("send_error", send_fault) }
                <p key="hint" class="hint">{ tr!(language, "inspect.send_hint") }</p>
            </form>
            <form key="close" class="form" onsubmit={onclose} novalidate=true>
                <div key="line" class="name_line close_line">
                    <div key="code">
                        <label for="code_str">{ tr!(language, "inspect.code") }</label>
                        <input id="code_str" ref={code} type="text" inputmode="numeric" autocomplete="off"
                            aria-describedby="close_error" aria-invalid={(of_code == Some(true)).to_string()} />
                    </div>
                    <div key="reason">
                        <label for="reason_str">{ tr!(language, "inspect.reason") }</label>
                        <input id="reason_str" ref={reason} type="text" autocomplete="off"
                            aria-describedby="close_error" aria-invalid={(of_code == Some(false)).to_string()} />
                    </div>
                    <button key="btn" id="close_btn" type="submit" class="plain"><code>{ "close(code, reason)" }</code></button>
                </div>
                { field_error("close_error", close_fault) }
                <p key="hint" class="hint">{ tr!(language, "inspect.close_hint") }</p>
            </form>
        </div>
    }
}
