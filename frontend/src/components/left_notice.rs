//! What somebody else who was signed in here has left behind: how much, never what.

use crate::context::use_surroundings;
use crate::language::tr;
use client::input::Input;
use client::view::LeftBehind;
use yew::prelude::*;

/// What [`LeftNotice`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct LeftNoticeProps {
    /// Whose, and how much.
    pub left: LeftBehind,
}

/// The notice. To drop it is asked twice: nobody else has it.
#[component]
pub fn LeftNotice(props: &LeftNoticeProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let asked = use_state_eq(|| false);
    let LeftBehind { owner, name, rows, drafts } = &props.left;
    let owner = *owner;
    let take = around.emit.reform(move |_: MouseEvent| Input::TakeOver(owner));
    let drop_it = around.emit.reform(move |_: MouseEvent| Input::DropLeft(owner));
    let ask = {
        let asked = asked.setter();
        Callback::from(move |_: MouseEvent| asked.set(true))
    };
    let text = match (rows, drafts) {
        (0, _) => tr!(language, "left.drafts", name = name, drafts = drafts),
        (_, 0) => tr!(language, "left.rows", name = name, rows = rows),
        _ => tr!(language, "left.both", name = name, rows = rows, drafts = drafts),
    };
    let word = if *rows > 0 { tr!(language, "left.send") } else { tr!(language, "left.take") };
    html! {
        <div id="left_behind" class="notice" role="status">
            <span key="text" class="notice_text">{ text }</span>
            <button key="take" type="button" class="take" onclick={take}>{ word }</button>
            if *asked {
                <button key="sure" type="button" class="sure" onclick={drop_it}>{ tr!(language, "left.drop_sure") }</button>
            } else {
                <button key="drop" type="button" class="drop" onclick={ask}>{ tr!(language, "left.drop") }</button>
            }
        </div>
    }
}
