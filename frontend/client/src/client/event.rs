//! The events of the log.

use super::Client;
use crate::conversations::room::Room;
use crate::conversations::segment::Viewer;
use crate::effect::Effect;
use crate::sync::gap_detector::Sequenced;
use shared::event::{MemberJoined, MemberLeft, Position, Posted, Reset};
use shared::{Address, Event, Member, MemberId, RoomId};
use std::rc::Rc;

impl Client {
    /// Takes an event: now, later or never.
    pub(super) fn durable(&mut self, event: Event, out: &mut Vec<Effect>) {
        let Some(position) = event.position() else { return };
        self.seen = self.seen.max(position.n);
        let to = position.to;
        let Some(feed) = self.feed(to) else { return };
        match feed.take(event, position) {
            Some((Sequenced::Next, event)) => self.apply(event, position, out),
            // A new name of who has said nothing in the snapshot may be missing in it.
            Some((_, Event::Renamed(renamed))) => self.call(&renamed.member, renamed.n),
            _ => {}
        }
        self.go_on(to, out);
    }

    /// Takes what waits beyond a hole, as far as it follows.
    pub(super) fn go_on(&mut self, to: Address, out: &mut Vec<Effect>) {
        while let Some(event) = self.feed(to).and_then(super::ReorderBuffer::next) {
            if let Some(position) = event.position() {
                self.apply(event, position, out);
            }
        }
    }

    /// The events of an address that concerns us.
    pub(super) fn feed(&mut self, to: Address) -> Option<&mut super::ReorderBuffer> {
        match to {
            Address::Room(room) => self.rooms.get_mut(room).map(|room| &mut room.feed),
            Address::Member(member) => self.is_me(member).then_some(&mut self.own),
        }
    }

    /// Applies the event that follows.
    pub(super) fn apply(&mut self, event: Event, position: Position, out: &mut Vec<Effect>) {
        let n = position.n;
        match position.to {
            Address::Member(_) => self.told(event),
            Address::Room(id) => {
                self.happened(event, n, id, out);
                if let Some(room) = self.rooms.get_mut(id) {
                    room.timeline.passed(n);
                }
            }
        }
    }

    /// Something about us, told to us alone. What the list of rooms has is known.
    fn told(&mut self, event: Event) {
        let is_new = |n| n > self.rooms.as_of();
        match event {
            Event::MemberJoined(MemberJoined { n, room: Some(room), .. }) if is_new(n) => {
                let found = self.browse.as_ref().and_then(|browse| browse.members_with_us(room.id));
                self.rooms.join(room.id, Room::told(n, &room.name, &room.description));
                let is_late = self.seen > n;
                if let Some(room) = self.rooms.get_mut(room.id) {
                    if let Some(members) = found {
                        room.began_with(members);
                    }
                    if is_late {
                        // What came for it while it was not known was passed over.
                        room.feed.ask.want();
                    }
                }
            }
            Event::MemberLeft(MemberLeft { n, room: Some(id), .. })
                if is_new(n) && self.rooms.get(id).is_some_and(|room| room.began_before(n)) =>
            {
                self.rooms.leave(id);
            }
            _ => {}
        }
    }

    /// Something in a room.
    fn happened(&mut self, event: Event, n: u64, id: RoomId, out: &mut Vec<Effect>) {
        match event {
            Event::Posted(posted) => self.posted(posted, id, out),
            Event::MemberJoined(joined) => {
                self.call(&joined.member, n);
                let me = self.is_me(joined.member.id);
                if let Some(room) = self.rooms.get_mut(id) {
                    if me {
                        room.joined_at(n);
                    } else {
                        room.counts(1, n);
                    }
                }
            }
            Event::MemberLeft(left) => {
                if let Some(room) = self.rooms.get_mut(id) {
                    room.counts(-1, n);
                }
                if id == RoomId::LOBBY && self.members.left(left.member, n) {
                    self.look_again();
                }
            }
            Event::Renamed(renamed) => {
                self.identity.renamed(&renamed.member, out);
                self.call(&renamed.member, n);
                self.call_me_by_name(out);
            }
            Event::RoomCreated(created) => {
                if let Some(room) = self.rooms.get_mut(id).filter(|room| n > room.as_of) {
                    // We are in it from its beginning: we made it.
                    room.members = Some(1);
                    describe(room, &created.room);
                }
            }
            Event::RoomChanged(changed) => {
                if let Some(room) = self.rooms.get_mut(id).filter(|room| n > room.as_of) {
                    describe(room, &changed.room);
                }
            }
            _ => {}
        }
    }

    fn posted(&mut self, posted: Posted, id: RoomId, out: &mut Vec<Effect>) {
        // The log is in order: the name when it was written was that of the day.
        self.call(&Member { id: posted.author, name: posted.name.clone() }, posted.n);
        let look = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let open = self.rooms.open_id() == id;
        if let Some(room) = self.rooms.get_mut(id) {
            room.hears(posted.seq, Some(posted.author) == look.me);
            room.timeline.posted(&posted.into_message(), look);
            if open {
                room.see();
            }
        }
        self.rooms.bound();
        self.settle_outbox(out);
    }

    /// A room comes anew, in place of what was missed of it.
    pub(super) fn reset(&mut self, reset: &Reset, out: &mut Vec<Effect>) {
        let Reset { reference, entry, room: snapshot } = reset;
        let id = snapshot.room;
        let asked = |room: &&mut Room| reference.is_none_or(|reference| room.feed.ask.is(reference));
        if self.rooms.get_mut(id).filter(asked).is_none() {
            return;
        }
        self.seen = self.seen.max(snapshot.as_of);
        self.members.authors(&snapshot.authors, &snapshot.messages, snapshot.as_of);
        let look = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let open = self.rooms.open_id() == id;
        let own = snapshot.messages.iter().rfind(|message| Some(message.author) == look.me);
        for (other, room) in self.rooms.iter_mut() {
            if other == id {
                room.reset(snapshot, look);
                if open {
                    room.see();
                } else if let Some(own) = own {
                    room.hears(own.seq, true);
                }
                if let Some(entry) = entry {
                    room.describe(entry, snapshot.as_of);
                }
            } else if id == RoomId::LOBBY {
                // New names that were told in the lobby are not known: what stands under them
                // is fetched again.
                room.timeline.unload();
            }
        }
        self.look_again();
        self.rooms.bound();
        self.settle_outbox(out);
        self.go_on(Address::Room(id), out);
        if let Some(feed) = self.feed(Address::Room(id)) {
            feed.want_missing();
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
