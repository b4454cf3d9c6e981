//! The two buttons that stand in many places: a word, and a picture that opens a dialog.

use crate::components::icon::Icon;
use yew::prelude::*;

/// A word to press.
pub fn text_button(class: &'static str, word: AttrValue, onclick: Callback<MouseEvent>) -> Html {
    html! { <button key={class} type="button" {class} {onclick}>{ word }</button> }
}

/// A picture that opens a dialog. `label` is read out, and shown below the pointer.
pub fn dialog_button(id: &'static str, label: AttrValue, icon: Icon, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button key={id} type="button" {id} class="icon_button" aria-label={label.clone()} title={label}
            aria-haspopup="dialog" {onclick}>{ icon.draw() }</button>
    }
}
