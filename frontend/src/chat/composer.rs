//! The composer: the field for a message, and its send button. The text leaves the field only when the
//! client removes it from the draft, which is once the message is saved. Files cannot be sent: the composer says so when
//! some are dropped or pasted anywhere in the page.
//! [`client::composer_rules::on_key`] decides which key sends.

mod draft_field;

use crate::components::field_error::field_error;
use crate::components::icon::Icon;
use crate::components::keys::{Keyboard, key_action};
use crate::context::use_app_context;
use crate::error_text;
use crate::language::{Language, tr};
use crate::listener::Listener;
use crate::random;
use client::composer_rules::{self, KEY_CODE_INPUT_METHOD, KeyAction, TextRefusal};
use client::input::Input;
use client::limits::DRAFT_BYTES_MAX;
use client::view::{AtRisk, ComposerView, Slice};
use draft_field::DraftField;
use js_sys::{Array, Reflect};
use shared::ErrorCode;
use wasm_bindgen::{JsCast, JsValue};
use yew::prelude::*;

/// Properties of [`Composer`].
#[derive(Clone, PartialEq, Properties)]
pub struct ComposerProps {
    /// The view's `composer`.
    pub composer: Slice<ComposerView>,
    /// Name of the room that the draft is for.
    pub room_name: AttrValue,
    /// Reference to the text field; the parent uses it to set the focus.
    pub field: NodeRef,
}

/// Reason why the text was not sent, or did not get into the field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The text has this many bytes too many.
    TooLong(usize),
    /// The outbox holds as many unsettled messages as it may (`view.can_send` is false).
    OutboxFull,
    /// A pasted text does not fit into the field.
    FieldFull,
    /// Files were dropped or pasted.
    Files,
}

/// Events by which text and files come into the page, besides keys.
const ENTRIES: [&str; 4] = ["beforeinput", "paste", "dragover", "drop"];

/// Shows the draft of the open room, the send button, and a line for refusals and unsent messages. It emits
/// [`Input::DraftChanged`] for each edit and [`Input::Send`].
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let emit = context.emit;
    let refusal = use_state_eq(|| None::<Refusal>);
    let (field, grow) = (props.field.clone(), use_node_ref());
    let view = &props.composer;
    let draft_field = use_mut_ref(|| DraftField::new(field.clone(), grow.clone())).borrow().clone();
    use_effect_with(emit.clone(), {
        let draft_field = draft_field.clone();
        move |emit| draft_field.watch(emit.clone())
    });
    use_effect_with((), {
        let (draft_field, refusal) = (draft_field.clone(), refusal.setter());
        move |()| {
            let listen = |name| {
                let (draft_field, refusal) = (draft_field.clone(), refusal.clone());
                Listener::of_window(name, move |event| {
                    if let Some(refused) = refuse_entry(&event, &draft_field) {
                        event.prevent_default();
                        if name != "dragover" {
                            refusal.set(Some(refused));
                        }
                    }
                })
            };
            let listeners = ENTRIES.map(listen);
            move || drop(listeners)
        }
    });
    use_effect_with((view.draft.conversation, view.draft.revision), {
        let (draft_field, emit, view) = (draft_field.clone(), emit.clone(), view.clone());
        move |_| {
            if let Some(input) = draft_field.take(&view.draft) {
                emit.emit(input);
            }
        }
    });
    use_effect_with(view.draft.conversation, {
        let refusal = refusal.setter();
        move |_| refusal.set(None)
    });
    let send = {
        let (draft_field, emit, refusal, can_send) =
            (draft_field.clone(), emit.clone(), refusal.setter(), view.can_send);
        Callback::from(move |()| {
            if let Some(input) = draft_field.end_composition() {
                emit.emit(input);
            }
            let (conversation, text) = draft_field.text();
            let checked = composer_rules::check(&text);
            let reason = match checked {
                Ok(()) if !can_send => Some(Refusal::OutboxFull),
                _ => too_long(checked),
            };
            refusal.set(reason);
            if checked.is_ok() && can_send {
                // A script may have set the field's text without an input event.
                if let Some(input) = draft_field.typed() {
                    emit.emit(input);
                }
                emit.emit(Input::Send { client_id: random::client_id(), conversation, text });
            }
            draft_field.focus();
        })
    };
    let oninput = {
        let (draft_field, refusal) = (draft_field.clone(), refusal.setter());
        Callback::from(move |_: InputEvent| {
            if let Some(input) = draft_field.typed() {
                emit.emit(input);
            }
            // Show that the text is too long until it is short enough; an empty text is no error while
            // typing.
            let (_, text) = draft_field.text();
            refusal.set(too_long(composer_rules::check(&text)));
        })
    };
    let onkeydown = {
        let send = send.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key_code() != KEY_CODE_INPUT_METHOD {
                draft_field.note_key();
            }
            if key_action(&event, Keyboard::of_device()) == KeyAction::Send {
                event.prevent_default();
                send.emit(());
            }
        })
    };
    let onclick = send.reform(|_: MouseEvent| ());
    // The field keeps the focus, so that a touch keyboard stays up.
    let onmousedown = Callback::from(|event: MouseEvent| event.prevent_default());
    let hint = tr!(language, "composer.hint", room = props.room_name);
    html! {
        <div class="composer">
            <div key="line" class="composer_line">
                { field_error("send_error", refusal.map(|refusal| reason(language, refusal))) }
                if let Some(Refusal::TooLong(over)) = *refusal {
                    // Outside the error, which a screen reader would read out again at each key.
                    <span key="over" id="send_over" class="refused">{ tr!(language, "composer.over", over = over) }</span>
                }
                { waiting(language, view, refusal.is_some()) }
            </div>
            <div key="box" class="composer_box">
                <div class="grow" ref={grow}>
                    <textarea id="send_str" ref={field} rows="1" data-room={view.draft.conversation.room.0.to_string()} placeholder={hint.clone()} aria-label={hint}
                        dir="auto" aria-describedby="send_error" aria-invalid={refusal.is_some().to_string()}
                        {oninput} {onkeydown} />
                </div>
                <button type="button" id="send_btn" class="send" aria-label={tr!(language, "composer.send")}
                    title={tr!(language, "composer.send")} {onclick} {onmousedown}>{ Icon::Send.draw() }</button>
            </div>
        </div>
    }
}

/// Line with the number of unsent messages and whether they are saved on this device; empty if there are
/// none, or while a refusal is shown. The line is always in the document, so that a screen reader announces a
/// new text.
fn waiting(language: Language, view: &ComposerView, is_refused: bool) -> Html {
    let count = view.waiting;
    let text = match (count, view.at_risk) {
        _ if is_refused => AttrValue::default(),
        (0, AtRisk::Nothing) => AttrValue::default(),
        (0, _) => tr!(language, "composer.unstored"),
        (_, AtRisk::Nothing) => tr!(language, "composer.waiting", count = count),
        _ => tr!(language, "composer.waiting_unstored", count = count),
    };
    html! {
        <div key="waiting" class="waiting_line" role="status">
            if !text.is_empty() {
                { if count > 0 { Icon::Clock.draw() } else { Icon::Alert.draw() } }<span key="text">{ text }</span>
            }
        </div>
    }
}

/// Refusal of a text that is too long. An empty text is not sent either, but that is no error.
fn too_long(checked: Result<(), TextRefusal>) -> Option<Refusal> {
    match checked {
        Err(TextRefusal::TooLong { bytes, max }) => Some(Refusal::TooLong(bytes.saturating_sub(max))),
        Err(TextRefusal::Empty) | Ok(()) => None,
    }
}

/// Reason why text or files that come into the page with one of [`ENTRIES`] are refused.
fn refuse_entry(event: &Event, draft_field: &DraftField) -> Option<Refusal> {
    if event.type_() == "beforeinput" {
        let text = event.unchecked_ref::<InputEvent>().data().filter(|_| draft_field.is_target(event))?;
        return draft_field.is_full(text.len()).then_some(Refusal::FieldFull);
    }
    let read = |from: &JsValue, name: &str| Reflect::get(from, &name.into()).ok();
    let data =
        ["dataTransfer", "clipboardData"].into_iter().find_map(|name| read(&read(event, name)?, "types"))?;
    let has = |kind: &str| Array::from(&data).includes(&kind.into(), 0);
    // Office programs add a picture of the text that they copy.
    let is_files = has("Files") && (event.type_() != "paste" || !has("text/plain"));
    is_files.then_some(Refusal::Files)
}

fn reason(language: Language, refusal: Refusal) -> AttrValue {
    match refusal {
        Refusal::TooLong(_) => error_text::of_code(language, ErrorCode::TextTooLong),
        Refusal::OutboxFull => tr!(language, "composer.outbox_full"),
        Refusal::FieldFull => tr!(language, "composer.field_full", max = DRAFT_BYTES_MAX / 1_024),
        Refusal::Files => tr!(language, "composer.files"),
    }
}
