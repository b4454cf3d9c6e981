//! The whole page for one view. It knows no driver: tests give it views.

use crate::context::{Seen, Surroundings};
use crate::language::tr;
use crate::pages::{join::join, opening::opening, room::Room};
use crate::preferences::use_own_preferences;
use client::input::Input;
use client::view::Identity;
use yew::prelude::*;

/// What [`Page`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct PageProps {
    /// What to show.
    pub view: Seen,
    /// Where to send what the person does.
    pub emit: Callback<Input>,
}

/// The page: one screen, by who one is.
#[component]
pub fn Page(props: &PageProps) -> Html {
    let preferences = use_own_preferences();
    let view = props.view.clone();
    let inside = matches!(view.identity, Identity::Somebody { .. });
    use_effect_with((preferences.language, inside), |(language, inside)| {
        let house = tr!(*language, "house.name");
        let title = if *inside {
            tr!(*language, "house.title", room = tr!(*language, "room.lobby"), house = house)
        } else {
            house
        };
        if let Some(page) = web_sys::window().and_then(|window| window.document()) {
            page.set_title(&title);
        }
    });
    let around = Surroundings { preferences, emit: props.emit.clone() };
    let screen = match &view.identity {
        Identity::Unknown { failed } => opening(&around, *failed, view.link),
        Identity::Nobody { name, busy, refusal } => {
            join(&around, name.clone().into(), *busy, refusal.clone(), view.link)
        }
        Identity::Somebody { .. } => html! { <Room key="room" view={view.clone()} /> },
    };
    html! { <ContextProvider<Surroundings> context={around}>{ screen }</ContextProvider<Surroundings>> }
}
