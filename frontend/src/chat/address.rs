//! The address of the page: `/` is the lobby, `/r/7` another room. The browser's back and forward
//! go from room to room.

use crate::context::ViewRef;
use client::input::Input;
use client::view::RoomLookupState;
use shared::RoomId;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use yew::prelude::*;

/// The path of a room.
pub fn path_of(room: RoomId) -> String {
    if room == RoomId::LOBBY { "/".to_owned() } else { format!("/r/{}", room.0) }
}

/// The room of a path; the lobby for every path that names none.
pub fn room_of(path: &str) -> RoomId {
    let id = path.strip_prefix("/r/").and_then(|id| id.parse().ok());
    id.map_or(RoomId::LOBBY, RoomId)
}

/// What the address asks for and cannot be shown.
#[derive(Clone, PartialEq)]
pub struct RequestedRoom {
    /// The room, which the person is not in.
    pub room: Option<RoomId>,
    /// The progress of the room's lookup in the directory.
    pub lookup: RoomLookupState,
    /// The open room is the one of the address, or the person stays there.
    pub is_settled: bool,
    /// The person stays in the room that is open.
    pub on_stay: Callback<()>,
}

/// Keeps the address and the open room together. Used once, by the page of a signed-in member.
#[hook]
pub fn use_address(view: &ViewRef, emit: &Callback<Input>) -> RequestedRoom {
    let asked = use_state_eq(here);
    use_effect_with(emit.clone(), {
        let asked = asked.setter();
        move |emit| {
            // The lobby is open already.
            if here() != RoomId::LOBBY {
                emit.emit(Input::OpenRoom(here()));
            }
            let emit = emit.clone();
            let on_move = Closure::<dyn FnMut()>::new(move || {
                asked.set(here());
                emit.emit(Input::OpenRoom(here()));
            });
            let window = web_sys::window();
            if let Some(window) = &window {
                // It would fail on something that is no event target.
                drop(window.add_event_listener_with_callback("popstate", on_move.as_ref().unchecked_ref()));
            }
            move || {
                if let Some(window) = window {
                    let listener = on_move.as_ref().unchecked_ref();
                    drop(window.remove_event_listener_with_callback("popstate", listener));
                }
                // The next person at this page begins in the lobby.
                go(RoomId::LOBBY, true);
            }
        }
    });
    let last = use_mut_ref(|| view.room);
    use_effect_with(view.room, {
        let (asked, view) = (asked.setter(), view.clone());
        move |room| {
            let before = last.replace(*room);
            if before != *room {
                // A room that was left is no place to go back to.
                go(*room, !view.rooms.iter().any(|item| item.id == before));
                asked.set(*room);
            }
        }
    });
    let on_stay = {
        let asked = asked.setter();
        use_callback(view.room, move |(), room| {
            go(*room, true);
            asked.set(*room);
        })
    };
    let is_in = |room| view.rooms.is_empty() || view.rooms.iter().any(|item| item.id == room);
    let room = Some(*asked).filter(|room| !is_in(*room));
    let unjoined = view.unjoined_room.as_ref().filter(|unjoined| Some(unjoined.id) == room);
    let lookup = unjoined.map_or(RoomLookupState::Searching, |unjoined| unjoined.lookup.clone());
    RequestedRoom { room, lookup, is_settled: *asked == view.room, on_stay }
}

fn here() -> RoomId {
    let path = web_sys::window().and_then(|window| window.location().pathname().ok());
    room_of(&path.unwrap_or_default())
}

/// Writes the address of a room, in place of the one of now or after it.
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
        // Browsers refuse after a hundred in half a minute: the address lags behind, no more.
        drop(written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
