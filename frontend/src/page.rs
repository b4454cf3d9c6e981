//! The whole page for one view. It knows no driver: tests give it views.

use crate::chat::Room;
use crate::context::{AppContext, ViewRef};
use crate::join::{join, opening::opening};
use crate::language::tr;
use crate::preferences::use_own_preferences;
use crate::room_label;
use client::input::Input;
use client::view::IdentityView;
use yew::prelude::*;

/// What [`Page`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct PageProps {
    /// What to show.
    pub view: ViewRef,
    /// Where to send what the person does.
    pub emit: Callback<Input>,
}

/// The page: one screen, by who one is.
#[component]
pub fn Page(props: &PageProps) -> Html {
    let preferences = use_own_preferences();
    let view = props.view.clone();
    let inside = matches!(view.identity, IdentityView::Somebody { .. });
    let room = inside.then(|| room_label::open_name(preferences.language, &view));
    use_effect_with((preferences.language, room), |(language, room)| {
        let house = tr!(*language, "house.name");
        let title = match room {
            Some(room) => tr!(*language, "house.title", room = room, house = house),
            None => house,
        };
        if let Some(page) = web_sys::window().and_then(|window| window.document()) {
            page.set_title(&title);
        }
    });
    let context = AppContext { preferences, emit: props.emit.clone() };
    let screen = match &view.identity {
        IdentityView::Unknown { failed } => opening(&context, *failed, view.connection),
        IdentityView::Nobody { name, busy, refusal } => {
            join(&context, name.clone().into(), *busy, refusal.clone(), view.connection)
        }
        IdentityView::Somebody { .. } => html! { <Room key="room" view={view.clone()} /> },
    };
    html! { <ContextProvider<AppContext> context={context}>{ screen }</ContextProvider<AppContext>> }
}
