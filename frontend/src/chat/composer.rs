//! The composer: the field for a message, and its send button. The text leaves the field only when the
//! client removes it from the draft, which is once the message is saved.
//! [`client::composer_rules::on_key`] decides which key sends.

mod draft_field;

use crate::components::field_error::field_error;
use crate::components::icon::Icon;
use crate::components::keys::{Keyboard, key_action};
use crate::context::use_app_context;
use crate::language::{Language, tr};
use crate::random;
use client::composer_rules::{self, KeyAction};
use client::input::Input;
use client::view::{AtRisk, ComposerView, Slice};
use draft_field::DraftField;
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

/// Reason why pressing send left the text in the field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SendRefusal {
    Refused(composer_rules::TextRefusal),
    /// The outbox holds as many unsettled messages as it may (`view.can_send` is false).
    OutboxFull,
}

/// Shows the draft of the open room, the send button, and a line for refusals and unsent messages. It emits
/// [`Input::DraftChanged`] for each edit and [`Input::Send`].
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let emit = context.emit;
    let refusal = use_state_eq(|| None::<SendRefusal>);
    let (field, grow) = (props.field.clone(), use_node_ref());
    let view = &props.composer;
    let draft_field = use_mut_ref(|| DraftField::new(field.clone(), grow.clone())).borrow().clone();
    use_effect_with(emit.clone(), {
        let draft_field = draft_field.clone();
        move |emit| draft_field.watch(emit.clone())
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
            let (conversation, text) = draft_field.text();
            let reason = match composer_rules::check(&text) {
                Err(refusal) => Some(SendRefusal::Refused(refusal)),
                Ok(()) if !can_send => Some(SendRefusal::OutboxFull),
                Ok(()) => None,
            };
            refusal.set(reason);
            if reason.is_none() {
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
        let (draft_field, refusal) = (draft_field, refusal.setter());
        Callback::from(move |_: InputEvent| {
            if let Some(input) = draft_field.typed() {
                emit.emit(input);
            }
            // Show that the text is too long until it is short enough; an empty text is no error while
            // typing.
            let (_, text) = draft_field.text();
            let too_long = composer_rules::check(&text)
                .err()
                .filter(|refusal| *refusal != composer_rules::TextRefusal::Empty);
            refusal.set(too_long.map(SendRefusal::Refused));
        })
    };
    let onkeydown = {
        let send = send.clone();
        Callback::from(move |event: KeyboardEvent| {
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
                { waiting(language, view, refusal.is_some()) }
            </div>
            <div key="box" class="composer_box">
                <div class="grow" ref={grow}>
                    <textarea id="send_str" ref={field} rows="1" placeholder={hint.clone()} aria-label={hint}
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

fn reason(language: Language, refusal: SendRefusal) -> AttrValue {
    match refusal {
        SendRefusal::Refused(composer_rules::TextRefusal::Empty) => tr!(language, "composer.empty"),
        SendRefusal::Refused(composer_rules::TextRefusal::TooLong { bytes, max }) => {
            tr!(language, "composer.too_long", over = bytes.saturating_sub(max), max = max)
        }
        SendRefusal::OutboxFull => tr!(language, "composer.outbox_full"),
    }
}
