//! A map of the member's rooms that notes which rooms may have changed, so that the view rebuilds no
//! other room.

use crate::conversations::room::Room;
use crate::sorted::Map;
use shared::RoomId;

/// The rooms by id.
#[derive(Debug)]
pub(crate) struct RoomMap {
    rooms: Map<RoomId, Room>,
    /// Whether rooms may have come, gone or changed since the view was built.
    is_touched: bool,
}

impl Default for RoomMap {
    /// An empty map, which may take the place of another one that the view still shows.
    fn default() -> Self {
        RoomMap { rooms: Map::new(), is_touched: true }
    }
}

impl RoomMap {
    /// Whether rooms may have come, gone or changed since the last call.
    pub(crate) fn take_touched(&mut self) -> bool {
        std::mem::take(&mut self.is_touched)
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
        self.is_touched = true;
        let room = self.rooms.get_mut(&id)?;
        room.is_touched = true;
        Some(room)
    }

    /// Inserts a room, or replaces the one with this id.
    pub(crate) fn insert(&mut self, id: RoomId, room: Room) {
        self.is_touched = true;
        self.rooms.insert(id, room);
    }

    /// Returns the room with this id, inserting it if it is missing.
    pub(crate) fn or_insert_with(&mut self, id: RoomId, make: impl FnOnce() -> Room) -> &mut Room {
        self.is_touched = true;
        let room = self.rooms.or_insert_with(id, make);
        room.is_touched = true;
        room
    }

    pub(crate) fn remove(&mut self, id: RoomId) {
        self.is_touched = true;
        self.rooms.remove(&id);
    }

    /// Takes out all rooms.
    pub(crate) fn take(&mut self) -> Map<RoomId, Room> {
        self.is_touched = true;
        std::mem::take(&mut self.rooms)
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&RoomId, &Room) -> bool) {
        self.is_touched = true;
        self.rooms.retain(keep);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.rooms.iter().map(|(id, room)| (*id, room))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (RoomId, &mut Room)> {
        self.is_touched = true;
        self.rooms.iter_mut().map(|(id, room)| {
            room.is_touched = true;
            (*id, room)
        })
    }

    /// The rooms, without a note that they may have changed. For what only the view knows of a room.
    pub(crate) fn iter_shown(&mut self) -> impl Iterator<Item = (RoomId, &mut Room)> {
        self.rooms.iter_mut().map(|(id, room)| (*id, room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(map: &mut RoomMap) -> (bool, Vec<u64>) {
        let is_touched = map.take_touched();
        let rooms =
            map.iter_shown().filter_map(|(id, room)| std::mem::take(&mut room.is_touched).then_some(id.0));
        (is_touched, rooms.collect())
    }

    fn map() -> RoomMap {
        let mut map = RoomMap::default();
        assert_eq!(touched(&mut map), (true, vec![]));
        for id in [1, 2, 3].map(RoomId) {
            map.insert(id, Room::joined(1, "", ""));
        }
        assert_eq!(touched(&mut map), (true, vec![1, 2, 3]));
        map
    }

    #[test]
    fn reading_touches_no_room() {
        let mut map = map();
        assert!(map.get(RoomId(1)).is_some() && map.contains_key(RoomId(2)));
        assert_eq!((map.iter().count(), map.len(), map.is_empty()), (3, 3, false));
        assert_eq!(touched(&mut map), (false, vec![]));
    }

    #[test]
    fn each_access_for_writing_is_noted() {
        let mut map = map();
        map.get_mut(RoomId(2));
        assert_eq!(touched(&mut map), (true, vec![2]));
        map.or_insert_with(RoomId(7), || Room::joined(1, "", ""));
        assert_eq!(touched(&mut map), (true, vec![7]));
        map.iter_mut().for_each(drop);
        assert_eq!(touched(&mut map), (true, vec![1, 2, 3, 7]));
        map.remove(RoomId(3));
        assert_eq!(touched(&mut map), (true, vec![]));
        map.retain(|_, _| true);
        assert_eq!(touched(&mut map), (true, vec![]));
        map.take();
        assert_eq!(touched(&mut map), (true, vec![]));
    }
}
