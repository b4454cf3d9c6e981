//! The form for a member's name: the field, its button, and the reason of a refusal.

use crate::components::button::text_button;
use crate::components::field_error::field_error;
use crate::components::keys::{Keyboard, key_action};
use crate::context::use_app_context;
use crate::error_text;
use crate::language::tr;
use client::composer_rules::KeyAction;
use client::view::NameRefusal;
use shared::ErrorCode;
use shared::limits::NAME_BYTES_MAX;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Ids of the elements of one form, which must be unique in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameFieldIds {
    /// Id of the text field.
    pub field: &'static str,
    /// Id of the button that submits the form.
    pub button: &'static str,
    /// Id of the line with the reason of a refusal, which describes the field to a screen reader.
    pub error: &'static str,
}

/// Properties of [`NameField`].
#[derive(Clone, PartialEq, Properties)]
pub struct NameFieldProps {
    /// Ids of the form's elements.
    pub ids: NameFieldIds,
    /// Text of the field when the form appears. Later values are ignored.
    pub initial: AttrValue,
    /// Text of the button.
    pub action: AttrValue,
    /// Whether a request is under way. Meanwhile, submitting does nothing.
    pub busy: bool,
    /// Refusal of the last name by the server, perhaps with a suggestion.
    pub refusal: Option<NameRefusal>,
    /// Whether the field takes the focus when it appears.
    #[prop_or_default]
    pub focused: bool,
    /// Called with the name as it was typed, if [`check`] accepts it.
    pub on_name: Callback<String>,
}

/// Checks the name of a member or a room before it is sent.
///
/// The server counts bytes after its normalisation, so this limit is four times the server's.
///
/// # Errors
/// [`ErrorCode::NameEmpty`] for white space only, and [`ErrorCode::NameTooLong`] for more than four times
/// [`NAME_BYTES_MAX`] bytes.
pub fn check(name: &str) -> Result<(), ErrorCode> {
    match name {
        _ if name.trim().is_empty() => Err(ErrorCode::NameEmpty),
        _ if name.len() > 4 * NAME_BYTES_MAX => Err(ErrorCode::NameTooLong),
        _ => Ok(()),
    }
}

/// Shows the field, the button, the reason of a refusal, and a button that takes the suggested name. It reads
/// no view and emits no input; the parent decides what `on_name` does. After a refusal, the field gets the
/// focus.
#[component]
pub fn NameField(props: &NameFieldProps) -> Html {
    let language = use_app_context().language();
    let NameFieldIds { field, button, error } = props.ids;
    let node = use_node_ref();
    let text = use_state(|| props.initial.clone());
    let own_refusal = use_state(|| None::<ErrorCode>);
    // After a refusal, focus the field to correct; the button may have had the focus.
    use_effect_with(props.refusal.clone(), {
        let (node, focused) = (node.clone(), props.focused && !props.busy);
        move |refusal| {
            let wanted = focused || refusal.is_some();
            if let Some(input) = node.cast::<HtmlInputElement>().filter(|_| wanted) {
                drop(input.focus());
            }
        }
    });
    let oninput = {
        let (text, own_refusal) = (text.clone(), own_refusal.clone());
        Callback::from(move |event: InputEvent| {
            text.set(event.target_unchecked_into::<HtmlInputElement>().value().into());
            own_refusal.set(None);
        })
    };
    // In Safari, an Enter that confirms the input method's text would submit the form.
    let onkeydown = Callback::from(|event: KeyboardEvent| {
        if event.key() == "Enter" && key_action(&event, Keyboard::Hardware) == KeyAction::Nothing {
            event.prevent_default();
        }
    });
    let onsubmit = {
        let (node, own_refusal, on_name, busy) =
            (node.clone(), own_refusal.clone(), props.on_name.clone(), props.busy);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = node.cast::<HtmlInputElement>().filter(|_| !busy) else { return };
            let checked = check(&input.value());
            own_refusal.set(checked.err());
            match checked {
                Ok(()) => on_name.emit(input.value()),
                Err(_) => drop(input.focus()),
            }
        })
    };
    let refusal = match *own_refusal {
        Some(code) => Some(NameRefusal { code, suggestion: None, retry_after_s: None }),
        None => props.refusal.clone(),
    };
    let reason = refusal.as_ref().map(|refusal| error_text::of_code(language, refusal.code));
    let suggestion = refusal.and_then(|refusal| refusal.suggestion).map(|name| {
        let take = {
            let (name, text, node) = (AttrValue::from(name.clone()), text.clone(), node.clone());
            Callback::from(move |_: MouseEvent| {
                text.set(name.clone());
                if let Some(input) = node.cast::<HtmlInputElement>() {
                    drop(input.focus());
                }
            })
        };
        text_button("suggestion", tr!(language, "name.suggestion", name = name), take)
    });
    html! {
        <form class="name_form" {onsubmit} novalidate=true>
            <label for={field}>{ tr!(language, "name.label") }</label>
            <div class="name_line">
                <input id={field} ref={node} type="text" value={(*text).clone()}
                    autocomplete="nickname" spellcheck="false" dir="auto"
                    autocapitalize="off" enterkeyhint="go" aria-describedby={error}
                    aria-invalid={reason.is_some().to_string()} {oninput} {onkeydown} />
                <button id={button} type="submit" class="primary" aria-busy={props.busy.to_string()}>
                    { props.action.clone() }
                </button>
            </div>
            <div class="name_error">
                { field_error(error, reason) }
                <span key="suggestion">{ suggestion.unwrap_or_default() }</span>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_refused_when_it_is_empty_or_too_long() {
        assert_eq!(check(" \t"), Err(ErrorCode::NameEmpty));
        assert_eq!(check("阿"), Ok(()));
        assert_eq!(check(&"阿".repeat(341)), Ok(()));
        assert_eq!(check(&"a".repeat(1024)), Ok(()));
        assert_eq!(check(&"a".repeat(1025)), Err(ErrorCode::NameTooLong));
    }
}
