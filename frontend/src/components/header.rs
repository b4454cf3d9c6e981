//! The top of the room. On a phone it has the connection and the buttons of
//! what a wide screen shows at its sides.

use crate::components::icon::Icon;
use crate::components::pill::Pill;
use crate::context::{Seen, use_language};
use crate::language::tr;
use yew::prelude::*;

/// What [`Header`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct HeaderProps {
    /// The view.
    pub view: Seen,
    /// Opens the rail; none where the rail is there.
    pub on_menu: Option<Callback<()>>,
    /// Opens the list of people; none where the list is there.
    pub on_people: Option<Callback<()>>,
}

/// The header.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let language = use_language();
    let count = props.view.people_count;
    html! {
        <header class="header">
            if let Some(on_menu) = &props.on_menu {
                <button key="menu" type="button" id="menu_btn" class="icon_button"
                    aria-label={tr!(language, "header.menu")} aria-haspopup="dialog"
                    onclick={on_menu.reform(|_: MouseEvent| ())}>{ Icon::Menu.draw() }</button>
            }
            <h1 key="room">
                <span class="hash" aria-hidden="true">{ "#" }</span>{ tr!(language, "room.lobby") }
            </h1>
            if props.on_menu.is_some() {
                <Pill key="pill" ready_state={props.view.link.ready_state} />
            }
            <span key="about" class="about">{ tr!(language, "room.about") }</span>
            if let Some(on_people) = &props.on_people {
                <button key="people" type="button" id="people_btn" class="icon_button people_button"
                    aria-label={tr!(language, "header.people", count = count)} aria-haspopup="dialog"
                    onclick={on_people.reform(|_: MouseEvent| ())}>{ Icon::People.draw() }<span>{ count }</span></button>
            }
        </header>
    }
}
