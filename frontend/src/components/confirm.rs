//! A button for an action that cannot be undone: it asks for a confirmation first.

use crate::context::use_app_context;
use crate::language::tr;
use yew::prelude::*;

/// Properties of [`Confirm`].
#[derive(Clone, PartialEq, Properties)]
pub struct ConfirmProps {
    /// Beginning of the buttons' ids: `_btn` follows for the first button, `_yes` and `_cancel` for the
    /// answers.
    pub id: AttrValue,
    /// Name of the action, on the first button and on the one that confirms.
    pub action: AttrValue,
    /// Question that is shown with the answers.
    pub question: AttrValue,
    /// Called when the person confirms, never before.
    pub on_yes: Callback<MouseEvent>,
}

/// Shows the action's button, and after a press the question with the action and *Cancel*. It reads no view
/// and emits no input; the parent decides what `on_yes` does.
#[component]
pub fn Confirm(props: &ConfirmProps) -> Html {
    let language = use_app_context().language();
    let is_asking = use_state_eq(|| false);
    let ask = |answer: bool| {
        let is_asking = is_asking.setter();
        Callback::from(move |_: MouseEvent| is_asking.set(answer))
    };
    let onclick = {
        let (is_asking, on_yes) = (is_asking.setter(), props.on_yes.clone());
        Callback::from(move |event: MouseEvent| {
            is_asking.set(false);
            on_yes.emit(event);
        })
    };
    let action = &props.action;
    let (id, label) = match *is_asking {
        false => (format!("{}_btn", props.id), action.clone()),
        true => (format!("{}_cancel", props.id), tr!(language, "confirm.cancel")),
    };
    // One button both asks and cancels, so the focus stays on it.
    html! {
        <div class="confirm">
            if *is_asking {
                <span key="question" role="alert">{ &props.question }</span>
            }
            <div key="answers" class={is_asking.then_some("answers")}>
                if *is_asking {
                    <button key="yes" type="button" id={format!("{}_yes", props.id)} class="danger" {onclick}>
                        { action }
                    </button>
                }
                <button key="ask" type="button" {id} class="plain" onclick={ask(!*is_asking)}>{ label }</button>
            </div>
        </div>
    }
}
