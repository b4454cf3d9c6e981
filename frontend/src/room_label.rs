//! What rooms are called.

use crate::language::{Language, tr};
use client::view::{RoomItem, View};
use shared::RoomId;
use yew::AttrValue;

/// The name of a room; the lobby has one in each language.
pub fn name(language: Language, id: RoomId, name: &str) -> AttrValue {
    if id == RoomId::LOBBY { tr!(language, "room.lobby") } else { AttrValue::from(name.to_owned()) }
}

/// How many are in a room.
pub fn members(language: Language, count: u32) -> AttrValue {
    tr!(language, "room.members", count = count)
}

/// The open room, as it is listed. There is none before the list came.
pub fn open_room(view: &View) -> Option<&RoomItem> {
    view.rooms.iter().find(|item| item.id == view.room)
}

/// The name of the open room; empty where it is not known yet.
pub fn open_name(language: Language, view: &View) -> AttrValue {
    name(language, view.room, open_room(view).map_or("", |item| &item.name))
}
