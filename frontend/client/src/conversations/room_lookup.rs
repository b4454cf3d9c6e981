//! The lookup of a room that the person opened without being in it: its name, or that it does not
//! exist.
//!
//! No request asks for one room. The directory lists the rooms in the order of their ids, so the
//! lookup pages through it until the room is found or passed. In a house with more rooms than
//! [`DIRECTORY_ROOMS_MAX`] the room may stay without a name.

use crate::limits::DIRECTORY_ROOMS_MAX;
use crate::view::{RoomLookupState, UnjoinedRoom};
use shared::RoomId;
use shared::command;
use shared::event::RoomsPage;
use std::rc::Rc;

/// The search for one room in the pages of the room directory.
#[derive(Debug)]
pub(crate) struct RoomLookup {
    room: RoomId,
    /// The last room of the pages so far, and the number of rooms on them.
    last: Option<RoomId>,
    count: usize,
    state: RoomLookupState,
}

impl RoomLookup {
    /// Starts the lookup of this room.
    pub(crate) fn new(room: RoomId) -> Self {
        RoomLookup { room, last: None, count: 0, state: RoomLookupState::Searching }
    }

    /// The room that is looked up.
    pub(crate) fn room(&self) -> RoomId {
        self.room
    }

    /// Whether a page is wanted or requested.
    pub(crate) fn wants_page(&self) -> bool {
        self.state == RoomLookupState::Searching
    }

    /// The request for the next page.
    pub(crate) fn command(&self, reference: u64) -> command::RoomsQuery {
        command::RoomsQuery { reference, find: String::new(), after: self.last }
    }

    /// Searches a page of the directory for the room. Ends the lookup, or wants the next page.
    pub(crate) fn add_page(&mut self, page: &RoomsPage) {
        let last = self.last;
        let new = page.rooms.iter().filter(|room| last.is_none_or(|last| last < room.id));
        let mut has_new = false;
        for room in new.take(DIRECTORY_ROOMS_MAX - self.count) {
            if room.id == self.room {
                self.state = RoomLookupState::Found(Rc::from(room.name.as_str()));
                return;
            }
            (self.last, has_new) = (Some(room.id), true);
            self.count += 1;
        }
        self.state = match () {
            () if self.last.is_some_and(|last| self.room < last) => RoomLookupState::NoSuchRoom,
            () if self.count >= DIRECTORY_ROOMS_MAX => RoomLookupState::Unlisted,
            () if page.more && has_new => return,
            () => RoomLookupState::NoSuchRoom,
        };
    }

    /// Records the refusal of the request.
    pub(crate) fn mark_refused(&mut self, temporary: bool) {
        if !temporary {
            self.state = RoomLookupState::Unlisted;
        }
    }

    /// The room as the page shows it.
    pub(crate) fn view(&self) -> UnjoinedRoom {
        UnjoinedRoom { id: self.room, lookup: self.state.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::event::DirectoryRoom;

    fn page(ids: impl IntoIterator<Item = u64>, more: bool) -> RoomsPage {
        let room = |id| DirectoryRoom {
            id: RoomId(id),
            name: format!("r{id}"),
            description: String::new(),
            members: 1,
            joined: false,
        };
        RoomsPage { reference: 1, rooms: ids.into_iter().map(room).collect(), more }
    }

    fn state_after(ids: impl IntoIterator<Item = u64>, more: bool, room: u64) -> RoomLookupState {
        let mut lookup = RoomLookup::new(RoomId(room));
        lookup.add_page(&page(ids, more));
        lookup.state
    }

    #[test]
    fn a_lookup_ends_once_the_room_is_found_or_passed() {
        for (ids, more, state) in [
            (&[1, 7, 9][..], true, RoomLookupState::Found("r7".into())),
            (&[1, 6, 9], true, RoomLookupState::NoSuchRoom),
            (&[1, 6], true, RoomLookupState::Searching),
            (&[1, 6], false, RoomLookupState::NoSuchRoom),
            (&[], false, RoomLookupState::NoSuchRoom),
            (&[], true, RoomLookupState::NoSuchRoom),
        ] {
            assert_eq!(state_after(ids.iter().copied(), more, 7), state, "{ids:?} {more}");
        }
    }

    #[test]
    fn a_room_past_the_directory_limit_is_unlisted() {
        let max = DIRECTORY_ROOMS_MAX as u64;
        for (rooms, state) in [
            (max - 1, RoomLookupState::NoSuchRoom),
            (max, RoomLookupState::Unlisted),
            (max + 1, RoomLookupState::Unlisted),
        ] {
            assert_eq!(state_after(1..=rooms, false, max + 7), state, "{rooms}");
        }
    }

    #[test]
    fn the_next_page_continues_after_the_last_room() {
        let mut lookup = RoomLookup::new(RoomId(7));
        assert_eq!(lookup.command(3).after, None);
        lookup.add_page(&page([1, 5], true));
        assert_eq!(lookup.command(4).after, Some(RoomId(5)));
        lookup.add_page(&page([5], true));
        assert_eq!(lookup.state, RoomLookupState::NoSuchRoom, "a page without a new room is the last");
    }

    #[test]
    fn a_refused_lookup_is_retried_or_leaves_the_room_unlisted() {
        let mut lookup = RoomLookup::new(RoomId(7));
        lookup.mark_refused(true);
        assert_eq!(lookup.state, RoomLookupState::Searching);
        assert!(lookup.wants_page());
        lookup.mark_refused(false);
        assert_eq!((lookup.wants_page(), lookup.state), (false, RoomLookupState::Unlisted));
    }
}
