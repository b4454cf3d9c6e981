//! The composer: what is being written, and sending it.
//!
//! The field is the text's only owner: it is read when it is sent, so that
//! whatever way text came into it counts.

use crate::components::icon::Icon;
use crate::components::refused::refused;
use crate::context::{Seen, use_surroundings};
use crate::hooks::keys::{Keyboard, key_action};
use crate::language::{Language, tr};
use crate::random;
use client::compose::{self, KeyAction};
use client::input::Input;
use shared::RoomId;
use web_sys::{Element, HtmlTextAreaElement};
use yew::prelude::*;

/// What [`Composer`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct ComposerProps {
    /// The view.
    pub view: Seen,
    /// Will hold the field.
    pub field: NodeRef,
}

/// Why the text was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Refused(compose::Refusal),
    /// Too many messages are unsettled.
    OutboxFull,
}

/// The composer.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let kept = use_state_eq(|| None::<Kept>);
    let grow = use_node_ref();
    let field = &props.field;
    use_effect_with(field.clone(), |field| {
        // On a touch screen the focus would bring up the keyboard unasked.
        if let Some(field) =
            field.cast::<HtmlTextAreaElement>().filter(|_| Keyboard::of_device() == Keyboard::Hardware)
        {
            drop(field.focus());
        }
    });
    let send = {
        let (field, grow, kept, can_send) = (field.clone(), grow.clone(), kept.setter(), props.view.can_send);
        let emit = around.emit;
        Callback::from(move |()| {
            let Some(field) = field.cast::<HtmlTextAreaElement>() else { return };
            let text = field.value();
            let reason = match compose::check(&text) {
                Err(refusal) => Some(Kept::Refused(refusal)),
                Ok(()) if !can_send => Some(Kept::OutboxFull),
                Ok(()) => None,
            };
            kept.set(reason);
            if reason.is_none() {
                field.set_value("");
                fit(&grow, "");
                emit.emit(Input::Send { client_id: random::client_id(), room: RoomId::LOBBY, text });
            }
            drop(field.focus());
        })
    };
    let oninput = {
        let (grow, kept) = (grow.clone(), kept.setter());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            fit(&grow, &text);
            // A text that is too long stays told until it is not.
            let too_long = compose::check(&text).err().filter(|refusal| *refusal != compose::Refusal::Empty);
            kept.set(too_long.map(Kept::Refused));
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
    let waiting = props.view.waiting;
    let room = tr!(language, "room.lobby");
    let hint = tr!(language, "composer.hint", room = room);
    html! {
        <div class="composer">
            <div key="line" class="composer_line">
                { refused("send_error", kept.map(|kept| reason(language, kept))) }
                if waiting > 0 && kept.is_none() {
                    <span key="waiting" class="waiting_line" role="status">
                        { tr!(language, "composer.waiting", count = waiting) }
                    </span>
                }
            </div>
            <div key="box" class="composer_box">
                <div class="grow" ref={grow}>
                    <textarea id="send_str" ref={field} rows="1" placeholder={hint.clone()} aria-label={hint}
                        dir="auto" aria-describedby="send_error" aria-invalid={kept.is_some().to_string()}
                        {oninput} {onkeydown} />
                </div>
                <button type="button" id="send_btn" class="send" aria-label={tr!(language, "composer.send")}
                    title={tr!(language, "composer.send")} {onclick} {onmousedown}>{ Icon::Send.draw() }</button>
            </div>
        </div>
    }
}

/// Lets the field grow with its text: the stylesheet lays out the same text
/// once more behind it.
fn fit(grow: &NodeRef, text: &str) {
    if let Some(grow) = grow.cast::<Element>() {
        drop(grow.set_attribute("data-text", text));
    }
}

fn reason(language: Language, kept: Kept) -> AttrValue {
    match kept {
        Kept::Refused(compose::Refusal::Empty) => tr!(language, "composer.empty"),
        Kept::Refused(compose::Refusal::TooLong { bytes, max }) => {
            tr!(language, "composer.too_long", over = bytes.saturating_sub(max), max = max)
        }
        Kept::OutboxFull => tr!(language, "composer.outbox_full"),
    }
}
