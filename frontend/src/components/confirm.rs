//! A button for what cannot be undone: it asks first.

use crate::context::use_app_context;
use crate::language::tr;
use yew::prelude::*;

/// What [`Confirm`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct ConfirmProps {
    /// Names the buttons: the one that asks has `_btn` behind it, the ones that answer `_yes` and `_no`.
    pub id: &'static str,
    /// What is done.
    pub action: AttrValue,
    /// What is asked.
    pub question: AttrValue,
    /// Told once the person is sure.
    pub on_yes: Callback<MouseEvent>,
}

/// The button.
#[component]
pub fn Confirm(props: &ConfirmProps) -> Html {
    let language = use_app_context().language();
    let asked = use_state_eq(|| false);
    let ask = |answer: bool| {
        let asked = asked.setter();
        Callback::from(move |_: MouseEvent| asked.set(answer))
    };
    let onclick = {
        let (asked, on_yes) = (asked.setter(), props.on_yes.clone());
        Callback::from(move |event: MouseEvent| {
            asked.set(false);
            on_yes.emit(event);
        })
    };
    let action = &props.action;
    let (id, word) = match *asked {
        false => (format!("{}_btn", props.id), action.clone()),
        true => (format!("{}_no", props.id), tr!(language, "confirm.no")),
    };
    // The button that asks is the one that calls it off: it keeps the focus.
    html! {
        <div class="confirm">
            if *asked {
                <span key="question" role="alert">{ &props.question }</span>
            }
            <div key="answers" class={asked.then_some("answers")}>
                if *asked {
                    <button key="yes" type="button" id={format!("{}_yes", props.id)} class="danger" {onclick}>
                        { action }
                    </button>
                }
                <button key="ask" type="button" {id} class="plain" onclick={ask(!*asked)}>{ word }</button>
            </div>
        </div>
    }
}
