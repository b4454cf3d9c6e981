//! The rooms that one was in since the page was loaded, and is not any more: what was said to them
//! and refused is told with their names.

use client::view::RoomItem;
use shared::RoomId;
use std::{cell::RefCell, rc::Rc};
use yew::prelude::*;

/// As many lists of rooms are remembered, each with at least one that was left then; past it, what
/// was left first is not.
const LISTS_MAX: usize = 20;

/// The list of now, and those before it.
#[derive(Debug, Default)]
pub struct LeftRooms(Vec<Rc<[RoomItem]>>);

impl LeftRooms {
    /// The list of now is this one.
    pub fn listed(&mut self, rooms: &Rc<[RoomItem]>) {
        let is_in = |item: &RoomItem| rooms.iter().any(|now| now.id == item.id);
        // Mostly the rooms are the same, and then they are in the same order.
        let nothing_left = |before: &Rc<[RoomItem]>| {
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

    /// The room, as it was listed last.
    pub fn find(&self, id: RoomId) -> Option<&RoomItem> {
        self.0.iter().rev().flat_map(|rooms| rooms.iter()).find(|item| item.id == id)
    }
}

/// The rooms, and those that were left.
#[hook]
pub fn use_left_rooms(rooms: &Rc<[RoomItem]>) -> Rc<RefCell<LeftRooms>> {
    let left = use_mut_ref(LeftRooms::default);
    left.borrow_mut().listed(rooms);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(ids: impl IntoIterator<Item = u64>, name: &str) -> Rc<[RoomItem]> {
        let item = |id| RoomItem {
            id: RoomId(id),
            name: name.into(),
            description: Rc::default(),
            members: None,
            unread: 0,
            draft: false,
            failed: false,
        };
        ids.into_iter().map(item).collect()
    }

    fn name(left: &LeftRooms, id: u64) -> Option<&str> {
        left.find(RoomId(id)).map(|item| &*item.name)
    }

    #[test]
    fn a_room_that_was_left_has_the_name_that_it_had_last() {
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
    fn as_many_lists_are_remembered_as_the_limit_says() {
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
