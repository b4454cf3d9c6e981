//! The house: its rooms, and oneself.

use crate::components::avatar::avatar;
use crate::components::icon::Icon;
use crate::language::{Language, tr};
use shared::Member;
use yew::prelude::*;

/// The rail below the brand. `on_room`: the open room is picked again.
pub fn rail(language: Language, me: &Member, on_room: &Callback<()>, on_settings: &Callback<()>) -> Html {
    html! {
        <div key="rail" class="rail_body">
            <nav aria-label={tr!(language, "rail.rooms")}>
                <h2>{ tr!(language, "rail.rooms") }</h2>
                <button type="button" class="room_link" aria-current="page"
                    onclick={on_room.reform(|_: MouseEvent| ())}>
                    <span class="hash" aria-hidden="true">{ "#" }</span>{ tr!(language, "room.lobby") }
                </button>
            </nav>
            <div class="me">
                { avatar(me.id, &me.name, None, false) }
                <span class="me_name"><b>{ &me.name }</b><small>{ tr!(language, "rail.me") }</small></span>
                <button type="button" id="settings_btn" class="icon_button"
                    aria-label={tr!(language, "settings.title")}
                    title={tr!(language, "settings.title")} aria-haspopup="dialog"
                    onclick={on_settings.reform(|_: MouseEvent| ())}>{ Icon::Settings.draw() }</button>
            </div>
        </div>
    }
}
