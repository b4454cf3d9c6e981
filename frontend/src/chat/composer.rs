//! The composer: what is being written, and sending it. The text leaves the field when the client
//! says so: once it is stored.

mod draft_field;

use crate::components::icon::Icon;
use crate::components::keys::{Keyboard, key_action};
use crate::components::refused::refused;
use crate::context::{Seen, use_surroundings};
use crate::language::{Language, tr};
use crate::{random, room_label};
use client::compose::{self, KeyAction};
use client::input::Input;
use client::view::View;
use draft_field::Sheet;
use yew::prelude::*;

/// What [`Composer`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct ComposerProps {
    /// The view.
    pub view: Seen,
    /// The field, for whoever puts the focus there.
    pub field: NodeRef,
}

/// Why the text was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Refused(compose::TextRefusal),
    /// Too many messages are unsettled.
    OutboxFull,
}

/// The composer.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let emit = around.emit;
    let kept = use_state_eq(|| None::<Kept>);
    let (field, grow) = (props.field.clone(), use_node_ref());
    let view = &props.view;
    let sheet = use_mut_ref(|| Sheet::new(field.clone(), grow.clone())).borrow().clone();
    use_effect_with(emit.clone(), {
        let sheet = sheet.clone();
        move |emit| sheet.watch(emit.clone())
    });
    use_effect_with((view.draft.room, view.draft.revision), {
        let (sheet, emit, view) = (sheet.clone(), emit.clone(), view.clone());
        move |_| {
            if let Some(input) = sheet.take(&view.draft) {
                emit.emit(input);
            }
        }
    });
    use_effect_with(view.room, {
        let kept = kept.setter();
        move |_| kept.set(None)
    });
    let send = {
        let (sheet, emit, kept, can_send) = (sheet.clone(), emit.clone(), kept.setter(), view.can_send);
        Callback::from(move |()| {
            let (room, text) = sheet.text();
            let reason = match compose::check(&text) {
                Err(refusal) => Some(Kept::Refused(refusal)),
                Ok(()) if !can_send => Some(Kept::OutboxFull),
                Ok(()) => None,
            };
            kept.set(reason);
            if reason.is_none() {
                // What a script put there was not told yet.
                if let Some(input) = sheet.typed() {
                    emit.emit(input);
                }
                emit.emit(Input::Send { client_id: random::client_id(), room, text });
            }
            sheet.focus();
        })
    };
    let oninput = {
        let (sheet, kept) = (sheet, kept.setter());
        Callback::from(move |_: InputEvent| {
            if let Some(input) = sheet.typed() {
                emit.emit(input);
            }
            // A text that is too long stays told until it is not.
            let (_, text) = sheet.text();
            let too_long =
                compose::check(&text).err().filter(|refusal| *refusal != compose::TextRefusal::Empty);
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
    let hint = tr!(language, "composer.hint", room = room_label::open_name(language, view));
    html! {
        <div class="composer">
            <div key="line" class="composer_line">
                { refused("send_error", kept.map(|kept| reason(language, kept))) }
                if kept.is_none() {
                    { waiting(language, view) }
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

/// How many wait, and whether they would outlive the page.
fn waiting(language: Language, view: &View) -> Html {
    let count = view.waiting;
    let text = match (count, view.memory_only) {
        (0, _) => AttrValue::default(),
        (_, true) => tr!(language, "composer.waiting_unstored", count = count),
        (_, false) => tr!(language, "composer.waiting", count = count),
    };
    html! {
        <div key="waiting" class="waiting_line" role="status">
            if count > 0 {
                { Icon::Clock.draw() }<span key="text">{ text }</span>
            }
        </div>
    }
}

fn reason(language: Language, kept: Kept) -> AttrValue {
    match kept {
        Kept::Refused(compose::TextRefusal::Empty) => tr!(language, "composer.empty"),
        Kept::Refused(compose::TextRefusal::TooLong { bytes, max }) => {
            tr!(language, "composer.too_long", over = bytes.saturating_sub(max), max = max)
        }
        Kept::OutboxFull => tr!(language, "composer.outbox_full"),
    }
}
