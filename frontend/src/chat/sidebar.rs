//! The sidebar: the rooms, and the member's own name.

use crate::chat::room_list::RoomList;
use crate::components::avatar::avatar;
use crate::components::button::dialog_button;
use crate::components::icon::Icon;
use crate::components::memo::memo;
use crate::language::{Language, tr};
use client::view::View;
use shared::Member;
use yew::prelude::*;

/// Callbacks of the sidebar's buttons.
pub struct SidebarActions {
    /// Opens the dialog with the form of a new room.
    pub new_room: Callback<MouseEvent>,
    /// Opens the dialog with the room directory.
    pub room_directory: Callback<MouseEvent>,
    /// Opens the dialog with the settings.
    pub settings: Callback<MouseEvent>,
    /// Called after the person has picked a room; it closes the dialog on a narrow screen.
    pub picked: Callback<()>,
}

/// Shows the list of rooms, buttons for a new room, the room directory and the settings, and the member's own
/// name `me`. It reads `rooms` and `pane` of the view. Its only input is that of [`RoomList`].
pub fn sidebar(language: Language, view: &View, me: &Member, actions: SidebarActions) -> Html {
    let SidebarActions { new_room, room_directory, settings, picked } = actions;
    html! {
        <div key="sidebar" class="sidebar_body">
            <nav aria-label={tr!(language, "sidebar.rooms")}>
                <div key="head" class="sidebar_title">
                    <h2>{ tr!(language, "sidebar.rooms") }</h2>
                    { dialog_button("new_room_btn", tr!(language, "new_room.title"), Icon::Plus, new_room) }
                </div>
                { memo("rooms", RoomList { rooms: view.rooms.clone(), room: view.room(), on_pick: picked }) }
                <button key="directory" type="button" id="directory_btn" class="room_link directory_link"
                    aria-haspopup="dialog" onclick={room_directory}>
                    { Icon::Search.draw() }<span>{ tr!(language, "room_directory.title") }</span>
                </button>
            </nav>
            <section class="me" aria-label={tr!(language, "name.label")}>
                { avatar(me.id, &me.name, None, false) }
                <span class="me_name"><b><bdi>{ &me.name }</bdi></b><small>{ tr!(language, "sidebar.me") }</small></span>
                { dialog_button("settings_btn", tr!(language, "settings.title"), Icon::Settings, settings) }
            </section>
        </div>
    }
}
