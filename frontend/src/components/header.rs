//! The top of the room. On a phone it has the connection and the buttons of
//! what a wide screen shows at its sides.

use crate::components::icon::Icon;
use crate::components::pill::pill;
use crate::language::{Language, tr};
use client::view::View;
use yew::prelude::*;

/// The header. `on_menu` opens the rail, where the rail is not beside it, and
/// `on_people` the list of people, where the list is not.
pub fn header(
    language: Language,
    view: &View,
    on_menu: Option<&Callback<()>>,
    on_people: Option<&Callback<()>>,
) -> Html {
    let count = view.people_count;
    html! {
        <header key="header" class="header">
            if let Some(on_menu) = on_menu {
                <button key="menu" type="button" id="menu_btn" class="icon_button"
                    aria-label={tr!(language, "header.menu")} aria-haspopup="dialog"
                    onclick={on_menu.reform(|_: MouseEvent| ())}>{ Icon::Menu.draw() }</button>
            }
            <h1 key="room">
                <span class="hash" aria-hidden="true">{ "#" }</span>{ tr!(language, "room.lobby") }
            </h1>
            if on_menu.is_some() {
                { pill(language, view.link.ready_state) }
            }
            <span key="about" class="about">{ tr!(language, "room.about") }</span>
            if let Some(on_people) = on_people {
                <button key="people" type="button" id="people_btn" class="icon_button people_button"
                    aria-label={tr!(language, "header.people", count = count)} aria-haspopup="dialog"
                    onclick={on_people.reform(|_: MouseEvent| ())}>{ Icon::People.draw() }<span>{ count }</span></button>
            }
        </header>
    }
}
