//! The rooms that one was in since the page was loaded, and is not any more: what was said to them
//! and refused is told with their names.

use client::view::RoomItem;
use std::rc::Rc;
use yew::prelude::*;

/// As many are remembered; past it, the one that was left first is not.
const LEFT_ROOMS_MAX: usize = 50;

/// Those rooms, as they were last listed, and the rooms of now.
#[derive(Debug, Default)]
pub struct LeftRooms {
    now: Rc<[RoomItem]>,
    left: Vec<RoomItem>,
}

impl LeftRooms {
    /// The list of now is this one.
    pub fn listed(&mut self, rooms: &Rc<[RoomItem]>) {
        let before = std::mem::replace(&mut self.now, rooms.clone());
        if before.iter().map(|item| item.id).eq(rooms.iter().map(|item| item.id)) {
            return;
        }
        let is_in = |item: &RoomItem| rooms.iter().any(|now| now.id == item.id);
        self.left.retain(|item| !is_in(item));
        self.left.extend(before.iter().filter(|item| !is_in(item)).cloned());
        self.left.drain(..self.left.len().saturating_sub(LEFT_ROOMS_MAX));
    }

    /// They.
    pub fn rooms(&self) -> &[RoomItem] {
        &self.left
    }
}

/// The rooms that were left, of which `rooms` are those of now.
#[hook]
pub fn use_left_rooms(rooms: &Rc<[RoomItem]>) -> Vec<RoomItem> {
    let left = use_mut_ref(LeftRooms::default);
    let mut left = left.borrow_mut();
    left.listed(rooms);
    left.rooms().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::RoomId;

    fn rooms(ids: impl IntoIterator<Item = u64>) -> Rc<[RoomItem]> {
        let item = |id| RoomItem {
            id: RoomId(id),
            name: Rc::default(),
            description: Rc::default(),
            members: None,
            unseen: 0,
            draft: false,
            failed: false,
        };
        ids.into_iter().map(item).collect()
    }

    fn ids(left: &LeftRooms) -> Vec<u64> {
        left.rooms().iter().map(|item| item.id.0).collect()
    }

    #[test]
    fn a_room_is_remembered_from_its_leaving_to_its_joining() {
        let mut left = LeftRooms::default();
        left.listed(&rooms([1, 2, 3]));
        assert!(ids(&left).is_empty());
        // One is left and another joined at once: the list is as long as before.
        left.listed(&rooms([1, 3, 4]));
        assert_eq!(ids(&left), [2]);
        left.listed(&rooms([1, 2, 4]));
        assert_eq!(ids(&left), [3]);
    }

    #[test]
    fn as_many_are_remembered_as_the_limit_says() {
        for many in [LEFT_ROOMS_MAX - 1, LEFT_ROOMS_MAX, LEFT_ROOMS_MAX + 1] {
            let mut left = LeftRooms::default();
            left.listed(&rooms(0..many as u64));
            left.listed(&rooms([]));
            assert_eq!(ids(&left).len(), many.min(LEFT_ROOMS_MAX));
            assert_eq!(ids(&left).last(), Some(&(many as u64 - 1)));
        }
    }
}
