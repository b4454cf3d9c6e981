//! A map of the member's rooms that records which rooms may have changed, so that the view rebuilds
//! no other room.

use crate::conversations::room::Room;
use crate::sorted::{Map, Set};
use shared::RoomId;

/// The rooms by id, with a record of changes.
#[derive(Debug, Default)]
pub(crate) struct RoomMap {
    rooms: Map<RoomId, Room>,
    changed: ChangedRooms,
}

/// The rooms that may have changed since the last call of [`RoomMap::take_changed`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChangedRooms {
    /// Any room may have changed, come or gone.
    #[default]
    All,
    /// These rooms may have changed, come or gone.
    Some(Set<RoomId>),
}

impl ChangedRooms {
    /// Whether this room may have changed.
    pub(crate) fn contains(&self, id: RoomId) -> bool {
        match self {
            ChangedRooms::All => true,
            ChangedRooms::Some(ids) => ids.contains(&id),
        }
    }

    /// Records that this room may have changed.
    pub(crate) fn add(&mut self, id: RoomId) {
        if let ChangedRooms::Some(ids) = self {
            ids.insert(id);
        }
    }
}

impl RoomMap {
    /// The rooms that may have changed since the last call, or since the creation of the map.
    pub(crate) fn take_changed(&mut self) -> ChangedRooms {
        std::mem::replace(&mut self.changed, ChangedRooms::Some(Set::new()))
    }

    pub(crate) fn len(&self) -> usize {
        self.rooms.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    pub(crate) fn contains_key(&self, id: RoomId) -> bool {
        self.rooms.contains_key(&id)
    }

    pub(crate) fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.changed.add(id);
        self.rooms.get_mut(&id)
    }

    /// Inserts a room, or replaces the one with this id.
    pub(crate) fn insert(&mut self, id: RoomId, room: Room) {
        self.changed.add(id);
        self.rooms.insert(id, room);
    }

    /// Returns the room with this id, inserting it if it is missing.
    pub(crate) fn or_insert_with(&mut self, id: RoomId, make: impl FnOnce() -> Room) -> &mut Room {
        self.changed.add(id);
        self.rooms.or_insert_with(id, make)
    }

    pub(crate) fn remove(&mut self, id: RoomId) {
        self.changed.add(id);
        self.rooms.remove(&id);
    }

    /// Takes out all rooms.
    pub(crate) fn take(&mut self) -> Map<RoomId, Room> {
        self.changed = ChangedRooms::All;
        std::mem::take(&mut self.rooms)
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&RoomId, &Room) -> bool) {
        self.changed = ChangedRooms::All;
        self.rooms.retain(keep);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.rooms.iter().map(|(id, room)| (*id, room))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (RoomId, &mut Room)> {
        self.changed = ChangedRooms::All;
        self.rooms.iter_mut().map(|(id, room)| (*id, room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(ids: &[u64]) -> ChangedRooms {
        ChangedRooms::Some(ids.iter().copied().map(RoomId).collect())
    }

    fn map() -> RoomMap {
        let mut map = RoomMap::default();
        assert_eq!(map.take_changed(), ChangedRooms::All);
        for id in [1, 2, 3].map(RoomId) {
            map.insert(id, Room::joined(1, "", ""));
        }
        assert_eq!(map.take_changed(), changed(&[1, 2, 3]));
        map
    }

    #[test]
    fn reading_changes_no_room() {
        let mut map = map();
        assert!(map.get(RoomId(1)).is_some() && map.contains_key(RoomId(2)));
        assert_eq!((map.iter().count(), map.len(), map.is_empty()), (3, 3, false));
        assert_eq!(map.take_changed(), changed(&[]));
    }

    #[test]
    fn each_access_for_writing_is_recorded() {
        let mut map = map();
        map.get_mut(RoomId(2));
        map.remove(RoomId(3));
        map.or_insert_with(RoomId(7), || Room::joined(1, "", ""));
        assert_eq!(map.take_changed(), changed(&[2, 3, 7]));
        map.iter_mut().for_each(drop);
        assert_eq!(map.take_changed(), ChangedRooms::All);
        map.retain(|_, _| true);
        assert_eq!(map.take_changed(), ChangedRooms::All);
        map.take();
        assert_eq!(map.take_changed(), ChangedRooms::All);
    }
}
