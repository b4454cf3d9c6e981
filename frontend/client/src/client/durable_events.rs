//! The events of the log: their order, and what each one changes.

use super::Client;
use crate::conversations::room::Room;
use crate::conversations::segment::Viewer;
use crate::effect::Effect;
use crate::room_kind::RoomKind;
use crate::sync::gap_detector::Sequenced;
use crate::sync::requests::RequestOwner;
use shared::event::{MemberJoined, MemberLeft, Position, Posted, Reset};
use shared::{Address, Event, Member, MemberId, RoomId};
use std::rc::Rc;

impl Client {
    /// Applies an event, buffers it behind a gap, or drops it as known.
    pub(super) fn receive_durable(&mut self, event: Event, out: &mut Vec<Effect>) {
        let Some(position) = event.position() else { return };
        self.last_position = self.last_position.max(position.n);
        let to = position.to;
        let Some(buffer) = self.buffer_of(to) else { return };
        match buffer.receive(event, position) {
            Some((Sequenced::Next, event)) => self.apply(event, position, out),
            // A snapshot may lack the new name of a member who wrote nothing in it.
            Some((_, Event::Renamed(renamed))) => self.set_member_name(&renamed.member, renamed.n),
            Some(_) => {}
            None => self.requests.want(RequestOwner::Events(to)),
        }
        self.apply_buffered(to, out);
    }

    /// Applies the buffered events that follow now that a gap is filled.
    pub(super) fn apply_buffered(&mut self, to: Address, out: &mut Vec<Effect>) {
        while let Some(event) = self.buffer_of(to).and_then(super::ReorderBuffer::pop_next) {
            if let Some(position) = event.position() {
                self.apply(event, position, out);
            }
        }
    }

    /// The buffer of an address; `None` if the address does not concern this member.
    pub(super) fn buffer_of(&mut self, to: Address) -> Option<&mut super::ReorderBuffer> {
        match to {
            Address::Room(room) => self.rooms.get_mut(room).map(|room| &mut room.events),
            Address::Member(member) => self.is_me(member).then_some(&mut self.own_events),
        }
    }

    /// Applies the next event of its address.
    pub(super) fn apply(&mut self, event: Event, position: Position, out: &mut Vec<Effect>) {
        let n = position.n;
        match position.to {
            Address::Member(_) => self.apply_own_event(event),
            Address::Room(id) => {
                self.apply_room_event(event, n, id, out);
                if let Some(room) = self.rooms.get_mut(id) {
                    room.timeline.drop_acked_through(n);
                }
            }
        }
    }

    /// Applies an event that is addressed to this member alone. The list of rooms already contains
    /// older ones.
    fn apply_own_event(&mut self, event: Event) {
        let is_new = |n| n > self.rooms.as_of();
        match event {
            Event::MemberJoined(MemberJoined { n, room: Some(room), members, .. }) if is_new(n) => {
                let mut joined = Room::joined(n, &room.name, &room.description);
                joined.members = members;
                self.rooms.join(room.id, joined);
                let is_late = self.last_position > n;
                let events = RequestOwner::Events(Address::Room(room.id));
                self.requests.forget(events);
                // Only the server knows how many messages the room has.
                self.want_marker(room.id);
                if is_late && self.rooms.get(room.id).is_some() {
                    // Events of this room that arrived before the room was known were dropped.
                    self.requests.want(events);
                }
            }
            Event::MemberLeft(MemberLeft { n, room: Some(id), .. })
                if is_new(n) && self.rooms.get(id).is_some_and(|room| room.joined_before(n)) =>
            {
                self.rooms.leave(id);
                self.requests.forget(RequestOwner::Events(Address::Room(id)));
                self.requests.forget(RequestOwner::Marker(id));
            }
            _ => {}
        }
    }

    /// Applies an event of a room.
    fn apply_room_event(&mut self, event: Event, n: u64, id: RoomId, out: &mut Vec<Effect>) {
        match event {
            Event::Posted(posted) => self.apply_posted(posted, id, out),
            Event::MemberJoined(joined) => {
                self.set_member_name(&joined.member, n);
                let is_me = self.is_me(joined.member.id);
                if let Some(room) = self.rooms.get_mut(id) {
                    if is_me {
                        room.mark_joined(n);
                    } else {
                        room.count_members(1, n);
                    }
                }
            }
            Event::MemberLeft(left) => {
                if let Some(room) = self.rooms.get_mut(id) {
                    room.count_members(-1, n);
                }
                if RoomKind::of(id).has_all_members() && self.members.remove_name(left.member, n) {
                    self.refresh_rows();
                }
            }
            Event::Renamed(renamed) => {
                self.identity.set_name(&renamed.member, out);
                self.set_member_name(&renamed.member, n);
                self.refresh_own_name(out);
            }
            Event::RoomChanged(changed) => {
                if let Some(room) = self.rooms.get_mut(id).filter(|room| n > room.as_of) {
                    describe(room, &changed.room);
                }
            }
            // `room_created` repeats the room of the creator's own `member_joined`.
            _ => {}
        }
    }

    fn apply_posted(&mut self, posted: Posted, id: RoomId, out: &mut Vec<Effect>) {
        // The log is ordered, so the name in the event was the author's name at that position.
        self.set_member_name(&Member { id: posted.author, name: posted.name.clone() }, posted.n);
        let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let (n, seq, is_own) = (posted.n, posted.seq, Some(posted.author) == viewer.me);
        let is_missed = self.rooms.open_id() == id && !is_own && !self.is_watched();
        if let Some(room) = self.rooms.get_mut(id) {
            // A line stays where it is until everything below it is read.
            let needs_line = is_missed && (room.unread.line.is_none() || room.unread_count() == 0);
            room.timeline.apply_posted(&posted.into_message(), viewer);
            let has_moved = room.unread.record_posted(n, seq, is_own, &room.timeline);
            match &mut room.unread.line {
                _ if needs_line => room.unread.draw_line(&room.timeline),
                Some(line) if !is_own => line.count = line.count.saturating_add(1),
                _ => {}
            }
            if has_moved {
                self.want_marker(id);
            }
        }
        self.rooms.evict(1);
        self.settle_outbox(out);
    }

    /// Replaces what is held of a room by a snapshot, because too much was missed to replay.
    pub(super) fn apply_reset(&mut self, reset: &Reset, out: &mut Vec<Effect>) {
        let Reset { reference, entry, room: snapshot, .. } = reset;
        let id = snapshot.room;
        let events = RequestOwner::Events(Address::Room(id));
        let is_expected = reference.is_none_or(|reference| self.requests.owner_of(reference) == Some(events));
        if self.rooms.get(id).is_none() || !is_expected {
            return;
        }
        self.requests.forget(events);
        self.last_position = self.last_position.max(snapshot.as_of);
        self.members.set_author_names(&snapshot.authors, &snapshot.messages, snapshot.as_of);
        let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let open = self.rooms.open_id();
        let was_read = open == id && self.rooms.open().is_some_and(|room| room.unread_count() == 0);
        for (other, room) in self.rooms.iter_mut() {
            if other == id {
                room.apply_snapshot(snapshot, viewer);
                if let Some(entry) = entry {
                    room.describe(entry, snapshot.as_of);
                }
                if was_read {
                    room.unread.draw_line(&room.timeline);
                }
            } else if RoomKind::of(id).has_all_members() {
                // Renames announced in the lobby were missed too.
                room.outdate_names(other == open);
            }
        }
        self.check_marker(id);
        self.refresh_rows();
        self.rooms.evict(snapshot.messages.len());
        self.settle_outbox(out);
        self.apply_buffered(Address::Room(id), out);
        // The snapshot may have filled one gap and left another.
        if self.rooms.get(id).is_some_and(|room| room.events.has_gap()) {
            self.requests.want(events);
        }
    }

    pub(super) fn is_me(&self, member: MemberId) -> bool {
        self.identity.me().is_some_and(|me| me.id == member)
    }
}

fn describe(room: &mut Room, now: &shared::Room) {
    room.name = Rc::from(now.name.as_str());
    room.description = Rc::from(now.description.as_str());
}
