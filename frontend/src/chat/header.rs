//! The header of the open room: its name, description and buttons. On a narrow screen, the header also has
//! the connection badge and buttons for the sidebar and the list of people.

use crate::components::button::dialog_button;
use crate::components::connection_badge::{connection_badge, is_usable};
use crate::components::icon::Icon;
use crate::language::{Language, tr};
use crate::room_label;
use crate::title::count_text;
use client::view::View;
use yew::prelude::*;

/// Shows name and description of the open room, the number of present members and the connection badge. It
/// reads `pane`, `rooms`, `people` and `connection` of the view and emits no input. The callbacks open
/// dialogs: `on_menu` the sidebar and `on_people` the people, both `None` where these are next to the room;
/// `on_room` the room's menu.
pub fn header(
    language: Language,
    view: &View,
    on_menu: Option<Callback<MouseEvent>>,
    on_people: Option<Callback<MouseEvent>>,
    on_room: Callback<MouseEvent>,
) -> Html {
    let count = view.people.count;
    let stale = !is_usable(view.connection);
    let people = match stale {
        false => tr!(language, "header.people", count = count),
        true => tr!(language, "header.last_seen", count = count),
    };
    let has_menu = on_menu.is_some();
    // The open room is in sight.
    let unread = view.rooms.iter().filter(|item| item.id != view.room()).map(|item| item.unread).sum::<u32>();
    let menu = match unread {
        0 => tr!(language, "header.menu"),
        _ => tr!(language, "header.menu_unread", count = unread),
    };
    html! {
        <header key="header" class="header">
            if let Some(onclick) = on_menu {
                <button key="menu" type="button" id="menu_btn" class="icon_button"
                    aria-label={menu} aria-haspopup="dialog"
                    {onclick}>
                    { Icon::Menu.draw() }
                    if unread > 0 {
                        <span class="count" aria-hidden="true">{ count_text(unread) }</span>
                    }
                </button>
            }
            <h1 key="room">
                <span class="hash" aria-hidden="true">{ "#" }</span>
                <span class="room_name" dir="auto">{ room_label::open_name(language, view) }</span>
            </h1>
            if has_menu {
                { connection_badge(language, view.connection) }
            }
            <span key="about" class="about">{ about(language, view) }</span>
            if let Some(onclick) = on_people {
                <button key="people" type="button" id="people_btn"
                    class={classes!("icon_button", "people_button", stale.then_some("stale"))}
                    aria-label={people.clone()} title={people} aria-haspopup="dialog"
                    {onclick}>{ Icon::People.draw() }<span>{ count }</span></button>
            }
            { dialog_button("room_btn", tr!(language, "room_menu.open"), Icon::More, on_room) }
        </header>
    }
}

/// Shows the open room's number of members, where known, and its description.
pub fn about(language: Language, view: &View) -> Html {
    let item = room_label::open_room(view);
    let text = room_label::description(language, view.room(), item.map_or("", |item| &item.description));
    let members = item.and_then(|item| item.members);
    html! {
        <>
            if let Some(members) = members {
                <span key="members" class="members">{ room_label::members(language, members) }</span>
            }
            <span key="text" class="description" dir="auto">{ text }</span>
        </>
    }
}
