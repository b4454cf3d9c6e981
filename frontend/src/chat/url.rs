//! The page's URL and the open room: `/` is the lobby, `/r/7` is room 7. The browser's back and
//! forward buttons therefore go from room to room.
//!
//! An open dialog adds a history entry with the same URL, the spare entry, so that the back button closes the dialog. A
//! dialog that closes otherwise leaves the spare entry on top: the next dialog uses it, the next room replaces it, and
//! the back button passes over it.

use crate::context::ViewRef;
use client::input::Input;
use client::view::RoomLookupState;
use shared::RoomId;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::History;
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

/// Room that the URL names, compared with the open room.
#[derive(Clone, PartialEq)]
pub struct RequestedRoom {
    /// The named room, if the member is not in it; `None` if the member is, or if the rooms are not known
    /// yet.
    pub room: Option<RoomId>,
    /// Progress of the room's lookup in the directory. It means nothing without `room`.
    pub lookup: RoomLookupState,
    /// Whether the open room is the one that the URL names, and the member is in it. It becomes true after
    /// `on_stay` too.
    pub is_settled: bool,
    /// Replaces the URL by that of the open room, when the person decides to stay there.
    pub on_stay: Callback<()>,
}

/// Keeps the URL and the open room equal; only [`super::Room`] uses this hook.
///
/// The hook emits [`Input::OpenRoom`] at the start and on `popstate`, and rewrites the URL's path when
/// the view's room changes. When the component ends, the path becomes `/` again. `has_dialog` says whether a dialog is
/// open, and `close` is called to close it when the person goes back.
#[hook]
pub fn use_url(
    view: &ViewRef,
    emit: &Callback<Input>,
    has_dialog: bool,
    close: &Callback<()>,
) -> RequestedRoom {
    let requested = use_state_eq(here);
    // Room of the current entry, if it is the spare one, and whether a dialog is open.
    let (spare, is_open) = (use_mut_ref(spare_room), use_mut_ref(|| false));
    is_open.replace(has_dialog);
    use_effect_with(has_dialog, {
        let spare = spare.clone();
        move |has_dialog| {
            if *has_dialog && spare.borrow().is_none() {
                with_history(|history| history.push_state_with_url(&JsValue::TRUE, "", None));
                spare.replace(spare_room());
            }
        }
    });
    use_effect_with(emit.clone(), {
        let (requested, spare, close) = (requested.setter(), spare.clone(), close.clone());
        move |emit| {
            // The lobby is open already.
            if here() != RoomId::LOBBY {
                emit.emit(Input::OpenRoom(here()));
            }
            let emit = emit.clone();
            let on_move = Closure::<dyn FnMut()>::new(move || {
                if spare.replace(spare_room()) != Some(here()) {
                    requested.set(here());
                    emit.emit(Input::OpenRoom(here()));
                } else if !*is_open.borrow() {
                    return with_history(History::back);
                }
                close.emit(());
            });
            let window = web_sys::window();
            if let Some(window) = &window {
                // The call fails only on an object that is no event target.
                drop(window.add_event_listener_with_callback("popstate", on_move.as_ref().unchecked_ref()));
            }
            move || {
                if let Some(window) = window {
                    let listener = on_move.as_ref().unchecked_ref();
                    drop(window.remove_event_listener_with_callback("popstate", listener));
                }
                // The next member who signs in on this page starts in the lobby.
                go(RoomId::LOBBY, true);
            }
        }
    });
    let last = use_mut_ref(|| view.room());
    use_effect_with(view.room(), {
        let (requested, view) = (requested.setter(), view.clone());
        move |room| {
            let before = last.replace(*room);
            // Until the rooms were known, the view's room was that of the URL. If the member is not in it, the
            // URL stays, because the person is asked about it.
            let is_unjoined = view.notices.unjoined_room.as_ref().is_some_and(|room| room.id == before);
            if before != *room && !is_unjoined {
                // Replace the entry of a room that was left: the back button must not lead there.
                let is_left = !view.rooms.iter().any(|item| item.id == before);
                go(*room, is_left || spare.borrow().is_some());
                spare.replace(spare_room());
                requested.set(*room);
            }
        }
    });
    let on_stay = {
        let requested = requested.setter();
        use_callback(view.room(), move |(), room| {
            go(*room, true);
            requested.set(*room);
        })
    };
    let is_in = |room| view.rooms.is_empty() || view.rooms.iter().any(|item| item.id == room);
    let room = Some(*requested).filter(|room| !is_in(*room));
    let unjoined = view.notices.unjoined_room.as_ref().filter(|unjoined| Some(unjoined.id) == room);
    let lookup = unjoined.map_or(RoomLookupState::Searching, |unjoined| unjoined.lookup.clone());
    let is_settled = *requested == view.room() && (!view.rooms.is_empty() || *requested == RoomId::LOBBY);
    RequestedRoom { room, lookup, is_settled, on_stay }
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
    let path = path_of(room);
    with_history(|history| match instead {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(&path)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(&path)),
    });
}

/// Room of the URL if the current history entry is the spare one, whose state is `true`.
fn spare_room() -> Option<RoomId> {
    let history = web_sys::window()?.history().ok()?;
    history.state().is_ok_and(|state| state == JsValue::TRUE).then(here)
}

fn with_history(change: impl FnOnce(&History) -> Result<(), JsValue>) {
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        // Browsers refuse more than about a hundred changes in 30 seconds. Then only the history is out of date.
        drop(change(&history));
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
