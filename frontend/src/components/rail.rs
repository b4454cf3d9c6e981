//! The house: its rooms, and oneself.

use crate::components::avatar::Avatar;
use crate::components::icon::Icon;
use crate::context::use_language;
use crate::language::tr;
use shared::Member;
use yew::prelude::*;

/// What [`Rail`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct RailProps {
    /// Oneself.
    pub me: Member,
    /// Told when the open room is picked again.
    pub on_room: Callback<()>,
    /// Opens the settings.
    pub on_settings: Callback<()>,
}

/// The rail below the brand.
#[component]
pub fn Rail(props: &RailProps) -> Html {
    let language = use_language();
    let name = AttrValue::from(props.me.name.clone());
    html! {
        <div class="rail_body">
            <nav aria-label={tr!(language, "rail.rooms")}>
                <h2>{ tr!(language, "rail.rooms") }</h2>
                <button type="button" class="room_link" aria-current="page"
                    onclick={props.on_room.reform(|_: MouseEvent| ())}>
                    <span class="hash" aria-hidden="true">{ "#" }</span>{ tr!(language, "room.lobby") }
                </button>
            </nav>
            <div class="me">
                <Avatar id={props.me.id} name={name.clone()} />
                <span class="me_name"><b>{ name }</b><small>{ tr!(language, "rail.me") }</small></span>
                <button type="button" id="settings_btn" class="icon_button"
                    aria-label={tr!(language, "settings.title")}
                    title={tr!(language, "settings.title")} aria-haspopup="dialog"
                    onclick={props.on_settings.reform(|_: MouseEvent| ())}>{ Icon::Settings.draw() }</button>
            </div>
        </div>
    }
}
