//! Reading: how far the person has read each room, told to the server and to the other tabs and devices.

use super::Client;
use crate::effect::Effect;
use crate::limits::{LINE_MS, MARK_EVERY_MS, MARKER_REQUESTS_MAX};
use crate::persisted::Owner;
use crate::row_key::RowKey;
use crate::sync::requests::RequestOwner;
use crate::timer::Timer;
use shared::command::{Command, MarkRead};
use shared::event::{RoomMarker, Welcome};
use shared::{Now, RoomId};

/// The reports of read markers.
#[derive(Debug, Default)]
pub(super) struct MarkReports {
    /// Whether the server keeps markers; one of an older build does not.
    are_kept: bool,
    /// The time of the last report.
    sent_at: Option<u64>,
    /// Whether the next report does not wait for its time.
    is_urgent: bool,
    /// Whether [`Timer::Mark`] is scheduled.
    has_timer: bool,
    /// Whether the markers that the server does not know may have changed.
    is_changed: bool,
    /// The text that is stored of them; empty if there is none.
    remembered: String,
}

impl Client {
    /// Whether the end of the open room is in sight, so that a new message needs no line above it.
    pub(super) fn is_watched(&self) -> bool {
        let is_following = self.rooms.open().is_some_and(|room| room.timeline.is_following());
        self.is_visible && is_following && !self.is_catching_up
    }

    /// The open room, if the person looks at its end: a new message there is about to be read.
    pub(super) fn attended_room(&self) -> Option<RoomId> {
        (self.has_focus && self.is_watched()).then(|| self.rooms.open_id())
    }

    /// Marks the open room as read up to a row that the person has seen.
    pub(super) fn mark_seen(&mut self, key: RowKey) {
        let place =
            self.rooms.open().filter(|_| self.is_visible).and_then(|room| room.timeline.place_of(key));
        if let Some((n, seq)) = place {
            self.advance_open(n, seq);
        }
    }

    /// Marks the open room as read, and ends its line a moment later.
    pub(super) fn mark_open_read(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(room) = self.rooms.open() else { return };
        let (n, seq) = (room.events.held_through(), room.timeline.newest_seq().unwrap_or(0));
        self.advance_open(n, seq);
        if self.rooms.open().is_some_and(|room| room.unread.line.is_some()) {
            out.push(Effect::ScheduleTimer(Timer::Line, now.mono.saturating_add(LINE_MS)));
        }
    }

    /// Ends the line of the open room, unless something below it is unread again.
    pub(super) fn end_line(&mut self) {
        if let Some(room) = self.rooms.open_mut()
            && room.unread_count() == 0
        {
            room.unread.line = None;
        }
    }

    fn advance_open(&mut self, n: u64, seq: u64) {
        let id = self.rooms.open_id();
        if let Some(room) = self.rooms.open_mut()
            && room.advance_read(n, seq)
        {
            self.want_marker(id);
        }
    }

    /// Goes to the line of the open room.
    pub(super) fn jump_to_line(&mut self) {
        if let Some(room) = self.rooms.open_mut() {
            room.jump_to_line();
        }
    }

    /// Takes the read markers that a `welcome` brought, and asks for those that it lacks.
    pub(super) fn begin_reading(&mut self, welcome: &Welcome) {
        self.marks.are_kept = welcome.rooms.iter().any(|entry| entry.marker.is_some());
        let ids: Vec<RoomId> = self.rooms.iter().map(|(id, _)| id).collect();
        ids.into_iter().for_each(|id| self.check_marker(id));
    }

    /// Tells the server's marker of a room, if it is behind, or asks for it if the unread messages are not known.
    pub(super) fn check_marker(&mut self, id: RoomId) {
        let is_due = |room: &crate::conversations::room::Room| {
            room.unread.untold().is_some() || room.unread.exact_count(&room.timeline).is_none()
        };
        if self.rooms.get(id).is_some_and(is_due) {
            self.want_marker(id);
        }
    }

    /// Wants the marker of a room to be told or asked for.
    pub(super) fn want_marker(&mut self, id: RoomId) {
        self.marks.is_changed = true;
        if self.marks.are_kept {
            self.requests.want(RequestOwner::Marker(id));
        }
    }

    /// Takes a marker that the server tells.
    pub(super) fn apply_marker(&mut self, told: &RoomMarker) {
        let RoomMarker { reference, room: id, seq, marker } = told;
        if let Some(reference) = reference {
            self.take_answered(*reference);
        }
        let Some(room) = self.rooms.get_mut(*id) else { return };
        self.marks.is_changed = true;
        room.unread.apply(marker, *seq, &room.timeline);
        if room.unread.untold().is_some() {
            self.want_marker(*id);
        }
    }

    /// Takes markers that an earlier page or another tab has stored.
    pub(super) fn take_remembered(&mut self, text: String) {
        self.marks.remembered = text;
        if let Some(owner) = self.owner() {
            self.apply_remembered(owner);
        }
    }

    /// Advances the rooms to the stored markers, if they are this member's.
    pub(super) fn apply_remembered(&mut self, owner: Owner) {
        let text = self.marks.remembered.clone();
        let owner = text_of(owner);
        let Some(places) = owner.and_then(|owner| text.strip_prefix(&*owner)) else { return };
        for place in places.split_whitespace() {
            let mut numbers = place.split(':').map(|number| number.parse().unwrap_or(0));
            let (Some(id), Some(n), Some(seq)) = (numbers.next(), numbers.next(), numbers.next()) else {
                continue;
            };
            let id = RoomId(id);
            if self.rooms.get_mut(id).is_some_and(|room| room.advance_read(n, seq)) {
                self.want_marker(id);
            }
        }
    }

    /// Stores the markers that the server does not know, while they cannot be told soon, or deletes them.
    pub(super) fn remember_marks(&mut self, out: &mut Vec<Effect>) {
        let is_away = self.is_leaving || !self.is_visible || !self.connection.is_live();
        if !self.marks.is_changed || (!is_away && self.marks.remembered.is_empty()) {
            return;
        }
        let Some(owner) = self.owner().and_then(text_of) else { return };
        self.marks.is_changed = false;
        let mut text = String::new();
        for (id, room) in self.rooms.iter() {
            if let (Some(n), Some(read)) = (room.unread.untold(), room.unread.read()) {
                text += &format!("{}:{n}:{} ", id.0, read.seq);
            }
        }
        if !text.is_empty() {
            text.insert_str(0, &owner);
        }
        if text != self.marks.remembered {
            out.push(Effect::RememberMarks((!text.is_empty()).then(|| text.clone())));
            self.marks.remembered = text;
        }
    }

    /// Lets the next report go out at once, because the page or the room may be left.
    pub(super) fn hurry_markers(&mut self) {
        self.marks.is_urgent = true;
    }

    pub(super) fn note_mark_timer_fired(&mut self) {
        self.marks.has_timer = false;
    }

    /// Sends the wanted markers, if their time has come.
    pub(super) fn send_markers(&mut self, now: Now, out: &mut Vec<Effect>) {
        let is_urgent = std::mem::take(&mut self.marks.is_urgent);
        let wanted = self.requests.markers_to_send(MARKER_REQUESTS_MAX);
        if wanted.is_empty() {
            return;
        }
        let due = self.marks.sent_at.map_or(0, |sent_at| sent_at.saturating_add(MARK_EVERY_MS));
        if now.mono < due && !is_urgent {
            if !std::mem::replace(&mut self.marks.has_timer, true) {
                out.push(Effect::ScheduleTimer(Timer::Mark, due));
            }
            return;
        }
        self.marks.sent_at = Some(now.mono);
        for id in wanted {
            let Some(n) = self.rooms.get(id).map(|room| room.unread.untold().unwrap_or(0)) else {
                self.requests.forget(RequestOwner::Marker(id));
                continue;
            };
            let reference = self.mark_sent(RequestOwner::Marker(id), now);
            self.transmit(Command::MarkRead(MarkRead { reference, room: id, n }), out);
        }
    }
}

/// The beginning of the text of a member's markers.
fn text_of(owner: Owner) -> Option<String> {
    Some(format!("{} {} ", owner.epoch?, owner.member.0))
}
