//! The page's URL and the open room: `/` is the lobby, `/r/7` is room 7. The browser's back and
//! forward buttons therefore go from room to room.

use crate::context::ViewRef;
use crate::listener::Listener;
use client::input::Input;
use client::view::RoomLookupState;
use shared::RoomId;
use wasm_bindgen::JsValue;
use yew::prelude::*;

/// Path that names a room: `/` for the lobby, `/r/<id>` for every other room.
pub fn path_of(room: RoomId) -> String {
    if room == RoomId::LOBBY { "/".to_owned() } else { format!("/r/{}", room.0) }
}

/// Room that a path names; the lobby for every path that names none.
pub fn room_of(path: &str) -> RoomId {
    let id = path.strip_prefix("/r/").and_then(|id| id.parse().ok());
    id.map_or(RoomId::LOBBY, RoomId)
}

/// Room of this house that a link in a message leads to; `None` for every other URL.
pub fn linked_room(url: &str) -> Option<RoomId> {
    let origin = web_sys::window()?.location().origin().ok()?;
    room_of_path(url.strip_prefix(&origin)?)
}

/// Room that a path names, with nothing behind it but perhaps a `/`.
fn room_of_path(path: &str) -> Option<RoomId> {
    let path = path.trim_end_matches('/');
    let room = room_of(path);
    (path.is_empty() || path == format!("/r/{}", room.0)).then_some(room)
}

/// Room that the URL names, compared with the open room.
#[derive(Clone, PartialEq)]
pub struct RequestedRoom {
    /// The named room, if the member is not in it; `None` if the member is, or if the rooms are not known
    /// yet.
    pub room: Option<RoomId>,
    /// Progress of the room's lookup in the directory. It means nothing without `room`.
    pub lookup: RoomLookupState,
    /// Whether the open room is the one that the URL names. It becomes true after `on_stay` too.
    pub is_settled: bool,
    /// Replaces the URL by that of the open room, when the person decides to stay there.
    pub on_stay: Callback<()>,
}

/// Keeps the URL and the open room equal; only [`super::Room`] uses this hook.
///
/// The hook emits [`Input::OpenRoom`] at the start and on `popstate`, and rewrites the URL's path when
/// the view's room changes. When the component ends, the path becomes `/` again.
#[hook]
pub fn use_url(view: &ViewRef, emit: &Callback<Input>) -> RequestedRoom {
    let requested = use_state_eq(here);
    use_effect_with(emit.clone(), {
        let requested = requested.setter();
        move |emit| {
            // The lobby is open already.
            if here() != RoomId::LOBBY {
                emit.emit(Input::OpenRoom(here()));
            }
            let emit = emit.clone();
            let listener = Listener::of_window("popstate", move |_| {
                requested.set(here());
                emit.emit(Input::OpenRoom(here()));
            });
            move || {
                drop(listener);
                // The next member who signs in on this page starts in the lobby.
                go(RoomId::LOBBY, true);
            }
        }
    });
    let last = use_mut_ref(|| view.pane.room);
    use_effect_with(view.pane.room, {
        let (requested, view) = (requested.setter(), view.clone());
        move |room| {
            let before = last.replace(*room);
            if before != *room {
                // Replace the entry of a room that was left: the back button must not lead there.
                go(*room, !view.rooms.iter().any(|item| item.id == before));
                requested.set(*room);
            }
        }
    });
    let on_stay = {
        let requested = requested.setter();
        use_callback(view.pane.room, move |(), room| {
            go(*room, true);
            requested.set(*room);
        })
    };
    let is_in = |room| view.rooms.is_empty() || view.rooms.iter().any(|item| item.id == room);
    let room = Some(*requested).filter(|room| !is_in(*room));
    let unjoined = view.notices.unjoined_room.as_ref().filter(|unjoined| Some(unjoined.id) == room);
    let lookup = unjoined.map_or(RoomLookupState::Searching, |unjoined| unjoined.lookup.clone());
    RequestedRoom { room, lookup, is_settled: *requested == view.pane.room, on_stay }
}

fn here() -> RoomId {
    let path = web_sys::window().and_then(|window| window.location().pathname().ok());
    room_of(&path.unwrap_or_default())
}

/// Writes the path of a room into the browser's history: over the current entry if `instead`, otherwise as a
/// new entry. Nothing happens if the URL names the room already.
fn go(room: RoomId, instead: bool) {
    if room == here() {
        return;
    }
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        let path = path_of(room);
        let written = if instead {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&path))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(&path))
        };
        // Browsers refuse more than about a hundred changes in 30 seconds. Then only the URL is out of date.
        drop(written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_room_when_its_path_is_that_of_the_room() {
        for (path, room) in [("", 1), ("/", 1), ("/r/1", 1), ("/r/7", 7), ("/r/7/", 7)] {
            assert_eq!(room_of_path(path), Some(RoomId(room)), "{path}");
        }
        for path in ["/inspect", "/r/", "/r/x", "/r/07", "/r/7/8", "/r/7?x", "/r/7#x", ".example/r/7", "0"] {
            assert_eq!(room_of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_names_its_room_and_every_other_the_lobby() {
        for room in [1, 2, 18_446_744_073_709_551_615].map(RoomId) {
            assert_eq!(room_of(&path_of(room)), room);
        }
        for path in ["", "/", "/r/", "/r/x", "/r/7/8", "/r/-1", "/index.html"] {
            assert_eq!(room_of(path), RoomId::LOBBY, "{path}");
        }
    }
}
