//! Names of rooms, as the page shows them.

use crate::language::{Language, tr};
use client::view::{RoomItem, RoomKind, View};
use shared::RoomId;
use yew::AttrValue;

/// Name of a room as the server has it; the lobby has a name in each language instead. A room whose name is not known
/// yet (empty) is named by its number.
pub fn name(language: Language, id: RoomId, name: &str) -> AttrValue {
    match RoomKind::of(id) {
        RoomKind::Lobby => tr!(language, "room.lobby"),
        RoomKind::Created if name.is_empty() => tr!(language, "room.unnamed", number = id.0),
        RoomKind::Created => AttrValue::from(name.to_owned()),
    }
}

/// Description of a room. The lobby has one of its own if nobody gave it one.
pub fn description(language: Language, id: RoomId, description: &str) -> AttrValue {
    match RoomKind::of(id) {
        RoomKind::Lobby if description.is_empty() => tr!(language, "room.about"),
        _ => AttrValue::from(description.to_owned()),
    }
}

/// Text for a room's number of members.
pub fn members(language: Language, count: u32) -> AttrValue {
    tr!(language, "room.members", count = count)
}

/// Entry of the open room in the view's list; `None` before the list has arrived.
pub fn open_room(view: &View) -> Option<&RoomItem> {
    view.rooms.iter().find(|item| item.id == view.room()).map(|item| &**item)
}

/// Name of the open room; its number while the name is not known.
pub fn open_name(language: Language, view: &View) -> AttrValue {
    name(language, view.room(), open_room(view).map_or("", |item| &item.name))
}
