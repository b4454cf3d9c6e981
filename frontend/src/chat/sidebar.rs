//! The house: its rooms, and oneself.

use crate::chat::room_list::RoomList;
use crate::components::avatar::avatar;
use crate::components::button::door_button;
use crate::components::icon::Icon;
use crate::language::{Language, tr};
use client::view::View;
use shared::Member;
use yew::prelude::*;

/// What one comes to from the rail.
pub struct Doors {
    /// The form of a new room.
    pub new_room: Callback<MouseEvent>,
    /// The rooms of the house.
    pub browse: Callback<MouseEvent>,
    /// The settings.
    pub settings: Callback<MouseEvent>,
    /// A room was picked.
    pub picked: Callback<()>,
}

/// The rail below the brand.
pub fn rail(language: Language, view: &View, me: &Member, doors: Doors) -> Html {
    let Doors { new_room, browse, settings, picked } = doors;
    html! {
        <div key="rail" class="rail_body">
            <nav aria-label={tr!(language, "rail.rooms")}>
                <div key="head" class="rail_title">
                    <h2>{ tr!(language, "rail.rooms") }</h2>
                    { door_button("new_room_btn", tr!(language, "new_room.title"), Icon::Plus, new_room) }
                </div>
                <RoomList key="rooms" rooms={view.rooms.clone()} room={view.room} on_pick={picked} />
                <button key="browse" type="button" id="browse_btn" class="room_link browse_link"
                    aria-haspopup="dialog" onclick={browse}>
                    { Icon::Search.draw() }<span>{ tr!(language, "browse.title") }</span>
                </button>
            </nav>
            <div class="me">
                { avatar(me.id, &me.name, None, false) }
                <span class="me_name"><b>{ &me.name }</b><small>{ tr!(language, "rail.me") }</small></span>
                { door_button("settings_btn", tr!(language, "settings.title"), Icon::Settings, settings) }
            </div>
        </div>
    }
}
