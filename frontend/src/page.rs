//! The whole page for one view. It knows no driver: tests give it views.

use crate::context::{Emit, Seen};
use crate::language::tr;
use crate::pages::{join::Join, opening::Opening, room::Room};
use crate::preferences::{Preferences, use_own_preferences};
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
    let screen = match &view.identity {
        Identity::Unknown { failed } => html! { <Opening key="opening" failed={*failed} link={view.link} /> },
        Identity::Nobody { name, busy, refusal } => html! {
            <Join key="join" name={name.clone()} busy={*busy} refusal={refusal.clone()} link={view.link} />
        },
        Identity::Somebody { .. } => html! { <Room key="room" view={view.clone()} /> },
    };
    html! {
        <ContextProvider<Preferences> context={preferences}>
            <ContextProvider<Emit> context={Emit(props.emit.clone())}>
                { screen }
            </ContextProvider<Emit>>
        </ContextProvider<Preferences>>
    }
}
