//! The two buttons that many places use: one with a text, and one with an icon that opens a dialog.

use crate::components::icon::Icon;
use yew::prelude::*;

/// Shows a button with a text. `class` is its CSS class and also its key among its siblings.
pub fn text_button(class: &'static str, label: AttrValue, onclick: Callback<MouseEvent>) -> Html {
    html! { <button key={class} type="button" {class} {onclick}>{ label }</button> }
}

/// Shows a button with an icon that opens a dialog. `label` is its name for a screen reader, and its tooltip.
pub fn dialog_button(id: &'static str, label: AttrValue, icon: Icon, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button key={id} type="button" {id} class="icon_button" aria-label={label.clone()} title={label}
            aria-haspopup="dialog" {onclick}>{ icon.draw() }</button>
    }
}
