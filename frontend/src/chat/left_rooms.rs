//! Rooms that the member has left since the page was loaded. A notice about a refused command needs their
//! names.

use client::view::{RoomItem, Slice};
use shared::RoomId;
use std::{cell::RefCell, rc::Rc};
use yew::prelude::*;

/// Remembered lists of rooms, each from before at least one room was left. Beyond it, the oldest list is
/// dropped, with the names of the rooms that were left first.
const LISTS_MAX: usize = 20;

/// Earlier lists of rooms that contain a room left since, oldest first, and the current list at the end.
#[derive(Debug, Default)]
pub struct LeftRooms(Vec<Slice<[Slice<RoomItem>]>>);

impl LeftRooms {
    /// Records the current list of rooms. The list before it is kept only if one of its rooms was left.
    pub fn listed(&mut self, rooms: &Slice<[Slice<RoomItem>]>) {
        let is_in = |item: &Slice<RoomItem>| rooms.iter().any(|now| now.id == item.id);
        // Usually the rooms are the same and in the same order, so compare that first.
        let nothing_left = |before: &Slice<[Slice<RoomItem>]>| {
            let same = before.iter().map(|item| item.id).eq(rooms.iter().map(|item| item.id));
            same || before.iter().all(is_in)
        };
        if self.0.last().is_some_and(nothing_left) {
            self.0.pop();
        }
        self.0.push(rooms.clone());
        if self.0.len() > LISTS_MAX + 1 {
            self.0.remove(0);
        }
    }

    /// Finds a room that the member is or was in, in the newest list that contains it.
    pub fn find(&self, id: RoomId) -> Option<&RoomItem> {
        self.0.iter().rev().flat_map(|rooms| rooms.iter()).find(|item| item.id == id).map(|item| &**item)
    }
}

/// Returns the member's rooms, including those left since the component was created. `rooms` is the view's
/// list.
#[hook]
pub fn use_left_rooms(rooms: &Slice<[Slice<RoomItem>]>) -> Rc<RefCell<LeftRooms>> {
    let left = use_mut_ref(LeftRooms::default);
    left.borrow_mut().listed(rooms);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(ids: impl IntoIterator<Item = u64>, name: &str) -> Slice<[Slice<RoomItem>]> {
        let item = |id| RoomItem {
            id: RoomId(id),
            name: name.into(),
            description: Rc::default(),
            members: None,
            unread: 0,
            draft: false,
            failed: false,
        };
        ids.into_iter().map(item).map(Slice::from).collect()
    }

    fn name(left: &LeftRooms, id: u64) -> Option<&str> {
        left.find(RoomId(id)).map(|item| &*item.name)
    }

    #[test]
    fn a_left_room_keeps_its_last_name() {
        let mut left = LeftRooms::default();
        left.listed(&rooms([1, 2, 3], "first"));
        left.listed(&rooms([1, 2, 3], "second"));
        // One is left and another joined at once: the list is as long as before.
        left.listed(&rooms([1, 3, 4], "third"));
        assert_eq!(
            [1, 2, 3, 4, 5].map(|id| name(&left, id)),
            [Some("third"), Some("second"), Some("third"), Some("third"), None]
        );
        left.listed(&rooms([1, 2, 3, 4], "fourth"));
        assert_eq!(name(&left, 2), Some("fourth"));
    }

    #[test]
    fn lists_are_remembered_up_to_the_limit() {
        for (more, is_known) in [(LISTS_MAX - 1, true), (LISTS_MAX, true), (LISTS_MAX + 1, false)] {
            let mut left = LeftRooms::default();
            for id in 0..=more as u64 {
                left.listed(&rooms([id], "left"));
                // What changes and nobody leaves is no other list.
                left.listed(&rooms([id], "left"));
            }
            assert_eq!(name(&left, 0).is_some(), is_known);
            assert!(name(&left, 1).is_some());
        }
    }
}
