//! A room that the member is in: its description, its events, its timeline and its read marker.

use crate::conversations::paging::{PageRequest, Paging};
use crate::conversations::timeline::Timeline;
use crate::conversations::unread::Unread;
use crate::room_kind::RoomKind;
use crate::sync::gap_detector::GapDetector;
use crate::sync::reorder_buffer::ReorderBuffer;
use crate::view::{RoomItem, Slice};
use shared::RoomId;
use shared::command::PageAnchor;
use shared::event::{HistoryPage, RoomEntry};
use shared::limits::HISTORY_MESSAGES;
use std::rc::Rc;

/// A room that the member is in, with everything that the client holds of it.
#[derive(Debug)]
pub(crate) struct Room {
    /// The name; empty for the lobby.
    pub(crate) name: Rc<str>,
    pub(crate) description: Rc<str>,
    /// The number of members, this one included. Unknown after an own
    /// `member_joined` of an older log, until the next list of rooms.
    pub(crate) members: Option<u32>,
    /// The position that name, description and count describe.
    pub(crate) as_of: u64,
    /// The position at which the member joined, in the event to the member and in the event to the
    /// room.
    member_joined_at: Option<u64>,
    room_joined_at: Option<u64>,
    /// The room's last event when the session began.
    pub(crate) last: u64,
    pub(crate) events: ReorderBuffer,
    pub(crate) timeline: Timeline,
    pub(crate) paging: Paging,
    /// The positions after which and up to which held messages may show outdated names of their authors.
    pub(crate) outdated_names: Option<(u64, u64)>,
    /// How far the member has read.
    pub(crate) unread: Unread,
    /// Greater for a room that was opened later.
    pub(crate) last_used: u64,
    /// Whether the room may have changed since the view was built.
    pub(crate) is_touched: bool,
    /// The room's entry in the view's list.
    pub(crate) item: Option<Slice<RoomItem>>,
}

impl Room {
    /// A room as the list at `as_of` describes it, with nothing loaded.
    pub(crate) fn from_entry(entry: &RoomEntry, as_of: u64) -> Self {
        let mut room = Room::joined(as_of, &entry.name, &entry.description);
        room.member_joined_at = None;
        room.events = ReorderBuffer::new(GapDetector::after(as_of, entry.last));
        room.timeline = Timeline::unloaded(Some(entry.seq));
        if entry.marker.is_none() {
            // A server of an older build keeps no markers.
            room.unread = Unread::read_to(as_of, entry.seq);
        }
        room.describe(entry, as_of);
        room
    }

    /// A room that the member joined at `n`, as announced to the member.
    pub(crate) fn joined(n: u64, name: &str, description: &str) -> Self {
        Room {
            name: Rc::from(name),
            description: Rc::from(description),
            members: None,
            as_of: n,
            member_joined_at: Some(n),
            room_joined_at: None,
            last: 0,
            events: ReorderBuffer::new(GapDetector::from(n)),
            timeline: Timeline::unloaded(None),
            paging: Paging::default(),
            outdated_names: None,
            unread: Unread::default(),
            last_used: 0,
            is_touched: true,
            item: None,
        }
    }

    /// Takes name, description and count from the list at `as_of`.
    pub(crate) fn describe(&mut self, entry: &RoomEntry, as_of: u64) {
        self.name = Rc::from(entry.name.as_str());
        self.description = Rc::from(entry.description.as_str());
        self.members = Some(entry.members);
        self.as_of = as_of;
        self.room_joined_at = Some(entry.joined);
        self.last = entry.last;
        if let Some(marker) = &entry.marker {
            self.unread.begin_session(marker, entry.seq, &self.timeline);
        }
    }

    /// Whether the list entry describes the same membership, which began with the same join.
    pub(crate) fn is_joined_as(&self, entry: &RoomEntry) -> bool {
        [self.member_joined_at, self.room_joined_at].contains(&Some(entry.joined))
    }

    /// Whether this membership began before `n`. A departure at `n` ends only such a membership.
    pub(crate) fn joined_before(&self, n: u64) -> bool {
        self.member_joined_at.or(self.room_joined_at).is_none_or(|began| began < n)
    }

    /// Records that the member joined at `n`, as announced to the room.
    pub(crate) fn mark_joined(&mut self, n: u64) {
        self.room_joined_at.get_or_insert(n);
    }

    /// Adds `change` to the number of members as of `n`; this member is counted already.
    pub(crate) fn count_members(&mut self, change: i32, n: u64) {
        if let Some(members) = self.members.as_mut().filter(|_| n > self.as_of) {
            *members = members.saturating_add_signed(change);
        }
    }

    /// The number of unread messages.
    pub(crate) fn unread_count(&self) -> u32 {
        self.unread.count(&self.timeline)
    }

    /// Advances the read marker to this place. Returns false if it is there already.
    pub(crate) fn advance_read(&mut self, n: u64, seq: u64) -> bool {
        self.unread.advance(n, seq, &self.timeline)
    }

    /// Draws the line above what is unread, and moves the window there, because the room was opened.
    pub(crate) fn open_at_line(&mut self) {
        self.unread.draw_line(&self.timeline);
        let Some(above) = self.unread.line.map(|line| line.above) else { return };
        if let Some(first) = self.timeline.first_of_others_after(above.n).map(|held| held.n) {
            return self.timeline.show_from(first);
        }
        let behind = self.timeline.newest_seq().unwrap_or(0).saturating_sub(above.seq);
        // The first page of the room holds the line if few messages follow it.
        if behind > HISTORY_MESSAGES as u64 {
            self.jump_to_line();
        }
    }

    /// Moves the window to the line, or requests the messages there.
    pub(crate) fn jump_to_line(&mut self) {
        let Some(above) = self.unread.line.map(|line| line.above) else { return };
        match self.timeline.first_of_others_after(above.n).map(|held| held.n) {
            Some(first) if self.timeline.show_position(first) => self.paging.clear(),
            _ => self.paging.want(PageRequest::Jump(PageAnchor::Around(above.n.saturating_add(1)))),
        }
    }

    /// Evicts the messages, but not their number.
    pub(crate) fn unload(&mut self) {
        self.unread.keep_count(&self.timeline);
        self.timeline.unload();
    }

    /// Records that renames were missed. The messages that are not in the window are evicted, and the names of the
    /// others are requested once the room is open. A room in which nobody reads is loaded again when it opens.
    pub(crate) fn outdate_names(&mut self, is_open: bool) {
        self.unread.keep_count(&self.timeline);
        if self.timeline.is_following() && !is_open {
            self.timeline.unload();
        }
        self.outdated_names = self.timeline.keep_window();
    }

    /// Records that the names of the messages after `after` are up to date, as far as this page of them goes.
    pub(crate) fn update_names(&mut self, after: u64, page: &HistoryPage) {
        let last = |(_, to): (u64, u64)| {
            let last = page.messages.last().map(|message| message.n).filter(|n| page.newer && *n < to)?;
            Some((last, to))
        };
        if self.outdated_names.is_some_and(|(from, _)| from == after) {
            self.outdated_names = self.outdated_names.and_then(last);
        }
    }

    /// Prepares the requests to be sent again on the next connection.
    pub(crate) fn disconnected(&mut self) {
        self.events.disconnected();
        self.paging.disconnected();
    }
}

/// The sort key of the room list: the lobby first, then by name.
pub(crate) fn sort_key(id: RoomId, room: &Room) -> (RoomKind, String, RoomId) {
    // Lower case in ASCII only: the tables for all of Unicode would make the page too large.
    (RoomKind::of(id), room.name.to_ascii_lowercase(), id)
}
