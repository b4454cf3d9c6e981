//! A button for what cannot be undone: it asks first.

use crate::context::use_surroundings;
use crate::language::tr;
use yew::prelude::*;

/// What [`Confirm`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct ConfirmProps {
    /// Names the buttons: the one that asks has `_btn` behind it, the one that does it `_yes`.
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
    let language = use_surroundings().language();
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
    html! {
        <div class="confirm">
            if *asked {
                <span key="question">{ &props.question }</span>
                <div key="answers" class="answers">
                    <button type="button" id={format!("{}_yes", props.id)} class="danger" {onclick}>{ action }</button>
                    <button type="button" class="plain" onclick={ask(false)}>{ tr!(language, "confirm.no") }</button>
                </div>
            } else {
                <button key="ask" type="button" id={format!("{}_btn", props.id)} class="plain" onclick={ask(true)}>{ action }</button>
            }
        </div>
    }
}
