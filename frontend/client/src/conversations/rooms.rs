//! The member's rooms, and the open one.

use crate::conversation::Conversation;
use crate::conversations::paging::PageRequest;
use crate::conversations::room::Room;
use crate::conversations::room_map::RoomMap;
use crate::conversations::segment::Viewer;
use crate::limits::{HELD_ROWS_MAX, ROOMS_MAX};
use crate::sorted::{Set, sort_by_key};
use shared::RoomId;
use shared::event::{RoomEntry, RoomSnapshot, Welcome};

/// The member's rooms.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: RoomMap,
    open: RoomId,
    /// The room to open once the member is in it.
    wanted_room: Option<RoomId>,
    /// Whether the person still waits for the room that was asked for last.
    is_awaited: bool,
    /// The room that was ready after the person had gone on elsewhere.
    ready_room: Option<RoomId>,
    /// The position that the session's list of rooms describes.
    as_of: u64,
    use_count: u64,
    /// The rooms that may have acked messages.
    acked: Vec<RoomId>,
    /// The number of messages that may come before the held ones are counted again.
    free_rows: usize,
}

impl Default for Rooms {
    fn default() -> Self {
        let rooms = RoomMap::default();
        let (open, wanted_room, ready_room) = (RoomId::LOBBY, None, None);
        let (acked, free_rows) = (Vec::new(), 0);
        Rooms {
            rooms,
            open,
            wanted_room,
            is_awaited: false,
            ready_room,
            as_of: 0,
            use_count: 0,
            acked,
            free_rows,
        }
    }
}

impl Rooms {
    /// The id of the open room, which the session loads. Before the first session the rooms are not known: then
    /// it is the one that the person wants to open, so that a text written meanwhile goes there.
    pub(crate) fn open_id(&self) -> RoomId {
        self.wanted_room.filter(|_| self.rooms.is_empty()).unwrap_or(self.open)
    }

    /// The room to open once the member is in it.
    pub(crate) fn wanted_room(&self) -> Option<RoomId> {
        self.wanted_room
    }

    pub(crate) fn open(&self) -> Option<&Room> {
        self.rooms.get(self.open)
    }

    pub(crate) fn open_mut(&mut self) -> Option<&mut Room> {
        self.rooms.get_mut(self.open)
    }

    /// The open conversations, of which the first is the open room's own.
    pub(crate) fn open_conversations(&self) -> [Conversation; 1] {
        [self.open_id().into()]
    }

    /// The room of a conversation, if the conversation is open.
    pub(crate) fn open_conversation_mut(&mut self, conversation: Conversation) -> Option<&mut Room> {
        if self.open_conversations().contains(&conversation) { self.open_mut() } else { None }
    }

    pub(crate) fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.rooms.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (RoomId, &mut Room)> {
        self.rooms.iter_mut()
    }

    /// Whether rooms may have come, gone or changed since the last call.
    pub(crate) fn take_touched(&mut self) -> bool {
        self.rooms.take_touched()
    }

    /// The rooms, see [`RoomMap::iter_shown`].
    pub(crate) fn iter_shown(&mut self) -> impl Iterator<Item = (RoomId, &mut Room)> {
        self.rooms.iter_shown()
    }

    /// The position that the session's list of rooms describes.
    pub(crate) fn as_of(&self) -> u64 {
        self.as_of
    }

    /// Records that a room may have an acked message.
    pub(crate) fn note_acked(&mut self, id: RoomId) {
        if !self.acked.contains(&id) {
            self.acked.push(id);
        }
    }

    /// Whether an acked message at `n` or before still waits for its event in any room. Looks only at rooms with
    /// acked messages, because each event asks.
    pub(crate) fn has_acked_through(&mut self, n: u64) -> bool {
        let waits = |id: RoomId, n| self.rooms.get(id).is_some_and(|room| room.timeline.has_acked_through(n));
        self.acked.retain(|id| waits(*id, u64::MAX));
        self.acked.iter().any(|id| waits(*id, n))
    }

    /// Begins a session with a snapshot.
    ///
    /// If the log is the same (`keep`), the open room keeps the messages that touch its snapshot.
    /// All other rooms are dropped.
    pub(crate) fn begin_session(&mut self, welcome: &Welcome, keep: bool, viewer: Viewer<'_>) {
        let mut held = self.rooms.take();
        (self.as_of, self.free_rows) = (welcome.as_of, 0);
        self.ready_room = None;
        for entry in welcome.rooms.iter().take(ROOMS_MAX) {
            let mut room = Room::from_entry(entry, welcome.as_of);
            let same = |held: &&Room| keep && held.is_joined_as(entry);
            if let Some(held) = held.get(&entry.id).filter(same) {
                // What was read without a connection stays read.
                room.unread.line = held.unread.line;
                if let Some(read) = held.unread.read() {
                    room.advance_read(read.n, read.seq);
                }
            }
            self.rooms.insert(entry.id, room);
        }
        if let Some(snapshot) = &welcome.room {
            let id = snapshot.room;
            let room = self.rooms.or_insert_with(id, || Room::joined(snapshot.as_of, "", ""));
            let entry = welcome.rooms.iter().find(|entry| entry.id == id);
            let same = |held: &Room| keep && entry.is_none_or(|entry| held.is_joined_as(entry));
            if let Some(held) = held.remove(&id).filter(same) {
                (room.timeline, room.paging) = (held.timeline, held.paging);
            }
            room.apply_snapshot(snapshot, viewer);
        }
        self.choose_open();
    }

    /// Resumes a session: what is held stays, and the missed events follow.
    ///
    /// The server may lag behind another one that served this client before. `held_through` is the position up
    /// to which the client holds the member's own events: an older list says nothing about memberships. An
    /// older entry says nothing about a room whose newer events are held.
    pub(crate) fn resume_session(&mut self, entries: &[RoomEntry], as_of: u64, held_through: u64) {
        let is_current = held_through <= as_of;
        if is_current {
            self.as_of = as_of;
            let listed: Set<RoomId> = entries.iter().map(|entry| entry.id).collect();
            self.rooms.retain(|id, _| listed.contains(id));
        }
        for entry in entries.iter().take(ROOMS_MAX) {
            match self.rooms.get_mut(entry.id) {
                Some(room) if room.is_joined_as(entry) && room.events.held_through() > as_of => {}
                Some(room) if room.is_joined_as(entry) => room.describe(entry, as_of),
                _ if is_current => self.rooms.insert(entry.id, Room::from_entry(entry, as_of)),
                _ => {}
            }
        }
        self.choose_open();
    }

    /// Adds a room that the member joined.
    pub(crate) fn join(&mut self, id: RoomId, room: Room) {
        if self.rooms.len() < ROOMS_MAX || self.rooms.contains_key(id) {
            self.rooms.insert(id, room);
        }
        self.choose_open();
    }

    /// Removes a room that the member left.
    pub(crate) fn leave(&mut self, id: RoomId) {
        self.rooms.remove(id);
        self.withdraw_offer(id);
        self.choose_open();
    }

    /// Records that the person asks for a room.
    pub(crate) fn await_room(&mut self) {
        self.is_awaited = true;
    }

    /// Records that the person went on elsewhere: wrote in `room`, or closed the form that had asked for a room.
    pub(crate) fn go_on(&mut self, room: Option<RoomId>) {
        self.is_awaited &= room.is_some() && room == self.wanted_room;
    }

    /// Opens the room that the person asked for. If the person has gone on elsewhere, the page only offers it:
    /// otherwise the rest of a sentence would go there.
    pub(crate) fn open_awaited(&mut self, id: RoomId) {
        if self.is_awaited {
            return self.open_room(id);
        }
        self.wanted_room = self.wanted_room.filter(|wanted| *wanted != id);
        self.ready_room = Some(id).filter(|id| *id != self.open);
    }

    /// The room that the page offers to open.
    pub(crate) fn ready_room(&self) -> Option<RoomId> {
        self.ready_room
    }

    /// Withdraws the offer to open the room that is ready.
    pub(crate) fn dismiss_ready_room(&mut self) {
        self.ready_room = None;
    }

    fn withdraw_offer(&mut self, id: RoomId) {
        self.ready_room = self.ready_room.filter(|ready| *ready != id);
    }

    /// Opens a room, or opens it later if the member is not in it yet.
    pub(crate) fn open_room(&mut self, id: RoomId) {
        if !self.rooms.contains_key(id) {
            (self.wanted_room, self.is_awaited) = (Some(id), true);
            return;
        }
        (self.wanted_room, self.is_awaited) = (None, false);
        self.withdraw_offer(id);
        let is_new = self.open != id;
        if is_new {
            self.close_open();
            self.open = id;
        }
        self.use_count += 1;
        let use_count = self.use_count;
        if let Some(room) = self.open_mut() {
            room.last_used = use_count;
            // A person who read in the middle of the room goes on there.
            if is_new && room.timeline.is_following() {
                room.open_at_line();
            } else if is_new {
                room.unread.draw_line(&room.timeline);
            }
            if room.timeline.is_following() && room.timeline.needs_first_page() {
                room.paging.want(PageRequest::Older);
            }
        }
    }

    /// Cancels the requests of the open room. A person who reads in its middle finds the place again.
    fn close_open(&mut self) {
        if let Some(room) = self.open_mut() {
            room.paging.clear();
            if room.timeline.is_following() {
                room.timeline.show_latest();
            }
            room.unread.line = None;
        }
    }

    fn choose_open(&mut self) {
        if let Some(wanted) = self.wanted_room.filter(|id| self.rooms.contains_key(*id)) {
            self.open_awaited(wanted);
        }
        if !self.rooms.contains_key(self.open) {
            self.open = RoomId::LOBBY;
        }
    }

    /// Evicts messages past the limit, beginning with the rooms that were open longest ago. Called after at most
    /// `added` messages were added. It counts the messages of all rooms only if they may be too many.
    pub(crate) fn evict(&mut self, added: usize) {
        if let Some(free_rows) = self.free_rows.checked_sub(added) {
            self.free_rows = free_rows;
            return;
        }
        let mut held: usize = self.rooms.iter().map(|(_, room)| room.timeline.len()).sum();
        self.free_rows = HELD_ROWS_MAX.saturating_sub(held);
        if held <= HELD_ROWS_MAX {
            return;
        }
        let open = self.open;
        let others = self.rooms.iter_mut().filter(|(id, _)| *id != open).collect();
        let others = sort_by_key(others, |(_, room)| room.last_used);
        for (_, room) in others {
            if held <= HELD_ROWS_MAX {
                break;
            }
            held -= room.timeline.len();
            room.unload();
        }
    }
}

impl Room {
    /// Replaces what is held by a snapshot.
    pub(crate) fn apply_snapshot(&mut self, snapshot: &RoomSnapshot, viewer: Viewer<'_>) {
        self.timeline.apply_snapshot(snapshot, viewer);
        self.events.reset(snapshot.as_of, snapshot.last);
    }
}

#[cfg(test)]
mod tests;
