//! The form for a room's name and description, of a new room or of an existing one. A refusal is shown below
//! the field that it concerns.

use crate::components::field_error::field_error;
use crate::components::keys::{Keyboard, key_action};
use crate::components::name_field::check;
use crate::context::use_app_context;
use crate::language::tr;
use crate::{error_text, random};
use client::composer_rules::KeyAction;
use client::input::Input;
use client::view::{PendingCommand, RoomItem, RowState, Slice};
use shared::limits::DESCRIPTION_CHARS_MAX;
use shared::{ClientId, ErrorCode};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`RoomForm`].
#[derive(Clone, PartialEq, Properties)]
pub struct RoomFormProps {
    /// The view's pending commands, which show the progress of this form's command.
    pub pending: Slice<[PendingCommand]>,
    /// Whether the client accepts a command, see [`client::view::ComposerView::can_send`].
    pub can_send: bool,
    /// Room to change; `None` to create one. The fields contain its texts once, when the form appears.
    pub room: Option<Slice<RoomItem>>,
    /// Called once, when the server has committed the command.
    pub on_done: Callback<()>,
}

/// Shows the two fields, the refusal and the progress. It reads `pending` and `can_send` of the view, and
/// emits [`Input::CreateRoom`] or [`Input::ChangeRoom`], and [`Input::Discard`] for a refused command. A
/// command that is still waiting when the form closes stays in the outbox.
#[component]
pub fn RoomForm(props: &RoomFormProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let emit = &context.emit;
    let (name, description) = (use_node_ref(), use_node_ref());
    let own_refusal = use_state_eq(|| None::<ErrorCode>);
    let command_id = use_state_eq(|| None::<ClientId>);
    // Whether the command was in the view: when it is no longer there, it is committed.
    let seen = use_mut_ref(|| false);
    let pending = command_id.and_then(|id| find(&props.pending, id)).cloned();
    let failed = pending.as_ref().and_then(|pending| match pending.state {
        RowState::Failed(code) => Some((pending.key, code)),
        _ => None,
    });
    let waits = pending.as_ref().is_some_and(|pending| pending.state == RowState::Waiting);
    let busy = pending.is_some() && failed.is_none();
    use_effect_with((), {
        let (name, description, room) = (name.clone(), description.clone(), props.room.clone());
        move |()| {
            // Set the values once. As attributes, Yew would set them again at every render.
            let put = |field: &NodeRef, text: &str| {
                if let Some(field) = field.cast::<HtmlInputElement>() {
                    field.set_value(text);
                }
            };
            if let Some(room) = room {
                put(&name, &room.name);
                put(&description, &room.description);
            }
        }
    });
    use_effect_with((*command_id, pending.is_some()), {
        let (seen, on_done) = (seen.clone(), props.on_done.clone());
        move |(command_id, pending)| {
            if command_id.is_some() && *seen.borrow() && !pending {
                on_done.emit(());
            }
            seen.replace(*pending);
        }
    });
    // Discard a refused command with the form that shows it. After a refusal, focus the field to correct.
    use_effect_with(failed, {
        let (emit, name, description) = (emit.clone(), name.clone(), description.clone());
        move |failed| {
            let failed = *failed;
            let field = failed.map(|(_, code)| match code {
                ErrorCode::DescriptionRefused => description,
                _ => name,
            });
            if let Some(field) = field.and_then(|field| field.cast::<HtmlInputElement>()) {
                drop(field.focus());
            }
            let failed = failed.map(|(key, _)| key);
            move || failed.into_iter().for_each(|key| emit.emit(Input::Discard(key)))
        }
    });
    let oninput = {
        let own_refusal = own_refusal.setter();
        Callback::from(move |_: InputEvent| own_refusal.set(None))
    };
    // In Safari, an Enter that confirms the input method's text would submit the form.
    let onkeydown = Callback::from(|event: KeyboardEvent| {
        if event.key() == "Enter" && key_action(&event, Keyboard::Hardware) == KeyAction::Nothing {
            event.prevent_default();
        }
    });
    let onsubmit = {
        let (name, description, emit) = (name.clone(), description.clone(), emit.clone());
        let (own_refusal, command_id, seen) = (own_refusal.setter(), command_id.setter(), seen.clone());
        let (room, can_send) = (props.room.as_ref().map(|room| room.id), props.can_send);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let fields = (name.cast::<HtmlInputElement>(), description.cast::<HtmlInputElement>());
            let ((Some(name), Some(description)), false) = (fields, busy) else { return };
            let checked = check(&name.value()).and_then(|()| check_description(&description.value()));
            let checked = checked.and(if can_send { Ok(()) } else { Err(ErrorCode::TooManyRequests) });
            own_refusal.set(checked.err());
            if let Err(code) = checked {
                let field = if code == ErrorCode::DescriptionRefused { &description } else { &name };
                return drop(field.focus());
            }
            let (client_id, name, description) = (random::client_id(), name.value(), description.value());
            seen.replace(false);
            command_id.set(Some(client_id));
            emit.emit(match room {
                Some(room) => Input::ChangeRoom { client_id, room, name, description },
                None => Input::CreateRoom { client_id, name, description },
            });
        })
    };
    let code = own_refusal.or(failed.map(|(_, code)| code));
    let about_description = code == Some(ErrorCode::DescriptionRefused);
    let reason = |wanted: bool| {
        code.filter(|_| about_description == wanted).map(|code| error_text::of_room(language, code))
    };
    let is_new = props.room.is_none();
    let action = if is_new { tr!(language, "new_room.action") } else { tr!(language, "room_menu.save") };
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <label key="name_label" for="room_name_str">{ tr!(language, "room_form.name") }</label>
            <input key="name" id="room_name_str" ref={name} type="text" autofocus={is_new} autocomplete="off"
                spellcheck="false" dir="auto" enterkeyhint="next" aria-describedby="room_name_error"
                aria-invalid={(code.is_some() && !about_description).to_string()}
                oninput={oninput.clone()} onkeydown={onkeydown.clone()} />
            { field_error("room_name_error", reason(false)) }
            <label key="about_label" for="room_about_str">{ tr!(language, "room_form.description") }</label>
            <input key="about" id="room_about_str" ref={description} type="text"
                autocomplete="off" dir="auto" enterkeyhint="go" aria-describedby="room_about_error"
                aria-invalid={about_description.to_string()} {oninput} {onkeydown} />
            <div key="about_error">{ field_error("room_about_error", reason(true)) }</div>
            <div key="foot" class="form_foot">
                <span class="hint" role="status">
                    { if waits { tr!(language, "room_form.waits") } else { AttrValue::default() } }
                </span>
                <button type="submit" id="room_form_btn" class="primary" aria-busy={busy.to_string()}>{ action }</button>
            </div>
        </form>
    }
}

fn find(pending: &[PendingCommand], id: ClientId) -> Option<&PendingCommand> {
    pending.iter().find(|pending| pending.key.client_id == id)
}

/// Checks a description before it is sent.
///
/// The server trims the text first and also refuses control characters, so it may decide otherwise.
///
/// # Errors
/// [`ErrorCode::DescriptionRefused`] for more than [`DESCRIPTION_CHARS_MAX`] characters.
fn check_description(text: &str) -> Result<(), ErrorCode> {
    if text.chars().count() > DESCRIPTION_CHARS_MAX { Err(ErrorCode::DescriptionRefused) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_accepted_up_to_the_limit() {
        for (many, fits) in [(-1, true), (0, true), (1, false)] {
            let text = "茶".repeat(DESCRIPTION_CHARS_MAX.saturating_add_signed(many));
            assert_eq!(check_description(&text).is_ok(), fits);
        }
    }
}
