//! The view's list of rooms, of which only the changed entries are rebuilt.

use crate::conversations::room::{Room, sort_key};
use crate::conversations::room_map::ChangedRooms;
use crate::conversations::rooms::Rooms;
use crate::sorted::{Map, Set, sort_by_key};
use crate::view::{RoomItem, Slice};
use shared::RoomId;

/// The list of rooms that was shown last.
#[derive(Debug)]
pub(crate) struct RoomList {
    list: Slice<[Slice<RoomItem>]>,
    items: Map<RoomId, Slice<RoomItem>>,
    /// The marks that were shown last.
    marks: Marks,
}

/// The room that is open, and the rooms with a mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) open: RoomId,
    /// The rooms with a draft.
    pub(crate) drafts: Set<RoomId>,
    /// The rooms with a message that was refused.
    pub(crate) failed: Set<RoomId>,
}

impl RoomList {
    pub(crate) fn new() -> Self {
        let marks = Marks { open: RoomId::LOBBY, drafts: Set::new(), failed: Set::new() };
        RoomList { list: Slice::from([]), items: Map::new(), marks }
    }

    /// The list after these rooms may have changed. It is the same slice as before if no entry differs.
    pub(crate) fn update(
        &mut self,
        rooms: &Rooms,
        mut changed: ChangedRooms,
        marks: Marks,
    ) -> Slice<[Slice<RoomItem>]> {
        if self.marks != marks {
            let all = [&self.marks, &marks];
            for id in all.iter().flat_map(|marks| marks.drafts.iter().chain(marks.failed.iter())) {
                changed.add(*id);
            }
            all.iter().for_each(|marks| changed.add(marks.open));
            self.marks = marks;
        }
        let (mut has_changed, mut is_sorted) = (false, true);
        let ids: Vec<RoomId> = match &changed {
            ChangedRooms::All => rooms.iter().map(|(id, _)| id).chain(self.items.keys().copied()).collect(),
            ChangedRooms::Some(ids) => ids.iter().copied().collect(),
        };
        for id in ids {
            let Some(room) = rooms.get(id) else {
                let was_listed = self.items.remove(&id).is_some();
                (has_changed, is_sorted) = (has_changed || was_listed, is_sorted && !was_listed);
                continue;
            };
            let item = self.item(id, room);
            let last = self.items.get(&id);
            if last.is_none_or(|last| **last != item) {
                (has_changed, is_sorted) =
                    (true, is_sorted && last.is_some_and(|last| last.name == item.name));
                self.items.insert(id, item.into());
            }
        }
        if !is_sorted {
            let sorted = sort_by_key(rooms.iter().collect(), |(id, room)| sort_key(*id, room));
            self.list = sorted.iter().filter_map(|(id, _)| self.items.get(id).cloned()).collect();
        } else if has_changed {
            self.list = self.list.iter().filter_map(|item| self.items.get(&item.id).cloned()).collect();
        }
        self.list.clone()
    }

    fn item(&self, id: RoomId, room: &Room) -> RoomItem {
        let is_open = id == self.marks.open;
        RoomItem {
            id,
            name: room.name.clone(),
            description: room.description.clone(),
            members: room.members,
            unread: if is_open { 0 } else { room.unread_count() },
            draft: !is_open && self.marks.drafts.contains(&id),
            failed: !is_open && self.marks.failed.contains(&id),
        }
    }
}
