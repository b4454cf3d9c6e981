//! The view's list of rooms, of which only the changed entries are rebuilt.

use crate::conversations::room::{Room, sort_key};
use crate::conversations::rooms::Rooms;
use crate::sorted::sort_by_key;
use crate::view::{RoomItem, Slice};
use shared::RoomId;

/// The list of rooms that was shown last.
#[derive(Debug)]
pub(crate) struct RoomList {
    list: Slice<[Slice<RoomItem>]>,
    /// The marks that were shown last.
    marks: Marks,
}

/// The room that is open, and the rooms with a mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) open: RoomId,
    /// The open room while the person looks at its end. What comes there is about to be read.
    pub(crate) attended: Option<RoomId>,
    /// The rooms with a draft.
    pub(crate) drafts: Vec<RoomId>,
    /// The rooms with a message that was refused.
    pub(crate) failed: Vec<RoomId>,
}

impl RoomList {
    pub(crate) fn new() -> Self {
        let marks = Marks { open: RoomId::LOBBY, attended: None, drafts: Vec::new(), failed: Vec::new() };
        RoomList { list: Slice::from([]), marks }
    }

    /// The list of these rooms. It is the same slice as before if no entry differs.
    pub(crate) fn update(&mut self, rooms: &mut Rooms, marks: Marks) -> Slice<[Slice<RoomItem>]> {
        let are_marks_new = self.marks != marks;
        if !rooms.take_touched() && !are_marks_new {
            return self.list.clone();
        }
        let (mut count, mut has_changed, mut is_sorted) = (0, false, true);
        for (id, room) in rooms.iter_shown() {
            count += 1;
            if !std::mem::take(&mut room.is_touched) && !are_marks_new {
                continue;
            }
            let item = item(id, room, &marks);
            let last = room.item.as_ref();
            if last.is_none_or(|last| **last != item) {
                (has_changed, is_sorted) =
                    (true, is_sorted && last.is_some_and(|last| last.name == item.name));
                room.item = Some(item.into());
            }
        }
        self.marks = marks;
        if !is_sorted || count != self.list.len() {
            let sorted = sort_by_key(rooms.iter().collect(), |(id, room)| sort_key(*id, room));
            self.list = sorted.iter().filter_map(|(_, room)| room.item.clone()).collect();
        } else if has_changed {
            let item = |last: &Slice<RoomItem>| rooms.get(last.id)?.item.clone();
            self.list = self.list.iter().filter_map(item).collect();
        }
        self.list.clone()
    }
}

fn item(id: RoomId, room: &Room, marks: &Marks) -> RoomItem {
    let is_open = id == marks.open;
    RoomItem {
        id,
        name: room.name.clone(),
        description: room.description.clone(),
        members: room.members,
        unread: if marks.attended == Some(id) { 0 } else { room.unread_count() },
        draft: !is_open && marks.drafts.contains(&id),
        failed: !is_open && marks.failed.contains(&id),
    }
}
