//! The whole page of the chat for one view. It does not use the driver, so that tests can give it any view.

use crate::chat::Room;
use crate::components::focus::use_focus;
use crate::context::{AppContext, ViewRef};
use crate::join::{join, opening::opening};
use crate::language::tr;
use crate::preferences::use_own_preferences;
use crate::room_label;
use crate::title;
use client::input::Input;
use client::view::IdentityView;
use yew::prelude::*;

/// Properties of [`Page`].
#[derive(Clone, PartialEq, Properties)]
pub struct PageProps {
    /// View to show.
    pub view: ViewRef,
    /// Receives the inputs of all components.
    pub emit: Callback<Input>,
}

/// Shows the opening page, the join page or the chat, by the view's `identity`, and sets the title of the
/// document to the open room. It provides the [`AppContext`] and emits no input of its own.
#[component]
pub fn Page(props: &PageProps) -> Html {
    let preferences = use_own_preferences();
    use_focus();
    let view = props.view.clone();
    let inside = matches!(*view.identity, IdentityView::Somebody { .. });
    let room = inside.then(|| room_label::open_name(preferences.language, &view));
    use_effect_with((preferences.language, room), |(language, room)| {
        let house = tr!(*language, "house.name");
        let text = match room {
            Some(room) => tr!(*language, "house.title", room = room, house = house),
            None => house,
        };
        title::set_text(&text);
    });
    let context = AppContext { preferences, emit: props.emit.clone() };
    let screen = match &*view.identity {
        IdentityView::Unknown { failed } => opening(&context, *failed, view.connection),
        IdentityView::Nobody { name, busy, refusal, retry_at } => {
            join(&context, name.clone().into(), *busy, refusal.clone(), *retry_at, view.connection)
        }
        IdentityView::Somebody { .. } => html! { <Room key="room" view={view.clone()} /> },
    };
    html! { <ContextProvider<AppContext> context={context}>{ screen }</ContextProvider<AppContext>> }
}
