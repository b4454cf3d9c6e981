//! How a session begins: what it missed first, then what comes.
//!
//! The hub notes its head and has the session attached in the same breath, so
//! everything past that head is held back for it; what lies between its cursor
//! and the head is read from the store in parts, each when the one before has
//! left, and goes out first. If more comes meanwhile than can be held, what is
//! held is dropped and the reading goes on to the head of then: who takes long
//! to catch up is not punished.

use super::{
    Hub,
    pending_read::{Frame, Reading},
};
use crate::{
    output::Output,
    query::{Query, QueryResult, ReplayPart},
    session::{Session, SessionId},
};
use shared::{
    Address, CloseCode, Cursor, ErrorCode, Event, MemberId, RoomId,
    command::Hello,
    event::{Position, RoomEntry, RoomSnapshot, Through, Welcome},
};

/// A session that is held back.
#[derive(Debug)]
pub(super) struct Attaching {
    /// The `ref` of its `hello`, until `welcome` is sent.
    reference: Option<u64>,
    /// The `ref` of the `welcome` that a poll has not asked for, should it need one all the same.
    quiet: Option<u64>,
    /// The room that it has open.
    room: RoomId,
    /// The cursor that it came with, if it is resumed.
    resumed: Option<u64>,
    /// All that is addressed to it up to here was sent, but for `resets`.
    from: u64,
    /// Where the head was when it was attached: past it all is held back.
    through: u64,
    /// What it is replayed.
    addresses: Vec<Address>,
    /// Rooms that come as snapshots.
    resets: Vec<RoomId>,
    /// Which rooms those are is known.
    is_counted: bool,
    /// The member's rooms as of `through`, until `welcome` is sent.
    rooms: Vec<RoomEntry>,
    /// What was sent has not left yet.
    is_draining: bool,
    /// Something is being read.
    is_reading: bool,
}

impl Attaching {
    /// Whether something is being read for it.
    pub(super) fn is_reading(&self) -> bool {
        self.is_reading
    }
}

#[cfg(test)]
impl Attaching {
    /// As if no more than this had been sent.
    pub(super) fn rewind(&mut self, through: u64) {
        self.through = through;
    }
}

/// What is being read for it.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The open room, for who is not resumed.
    Fresh(Frame),
    /// A part of what was missed.
    Replay,
    /// A room of which too much was missed.
    Reset(Frame),
}

impl Hub {
    /// Begins to send what was missed, behind a `welcome` if it is wanted or needed. True for who is
    /// resumed.
    pub(super) fn begin(
        &mut self,
        session: SessionId,
        member: MemberId,
        hello: &Hello,
        is_welcome_wanted: bool,
        out: &mut Vec<Output>,
    ) -> bool {
        let head = self.house.head();
        let is_ours = |cursor: &Cursor| cursor.epoch == self.epoch && cursor.n <= head;
        let resumed = hello.cursor.filter(is_ours).map(|cursor| cursor.n);
        let is_in = |room: &RoomId| self.house.rooms.joined(member, *room).is_some();
        let attaching = Attaching {
            reference: (is_welcome_wanted || resumed.is_none()).then_some(hello.reference),
            quiet: (!is_welcome_wanted).then_some(hello.reference),
            room: hello.room.filter(is_in).unwrap_or(RoomId::LOBBY),
            resumed,
            from: resumed.unwrap_or(head),
            through: head,
            addresses: Vec::new(),
            resets: Vec::new(),
            is_counted: false,
            rooms: self.house.rooms.entries(member),
            is_draining: false,
            is_reading: false,
        };
        self.attaching.insert(session, attaching);
        self.attach(session, member, out);
        resumed.is_some()
    }

    /// Attaches the session at the head of now and begins to read what it misses up to there.
    fn attach(&mut self, session: SessionId, member: MemberId, out: &mut Vec<Output>) {
        let Some(attaching) = self.attaching.get_mut(&session) else { return };
        let rooms = &self.house.rooms;
        attaching.through = self.house.head();
        attaching.is_counted = false;
        let from = attaching.from;
        // What a room was before it was joined is in the list of rooms, or in its history.
        let since = if attaching.reference.is_some() { from } else { u64::MAX };
        let mut all = vec![Address::Member(member)];
        let stays = rooms.of(member).filter(|(_, joined)| *joined <= since);
        attaching.addresses = std::iter::once(all[0])
            .chain(stays.map(|(room, _)| Address::Room(room)))
            .filter(|to| rooms.last(*to) > from)
            .collect();
        all.extend(rooms.of(member).map(|(room, _)| Address::Room(room)));
        out.push(Output::Attach(session, all));
        if attaching.addresses.is_empty() {
            attaching.from = attaching.through;
        }
        self.attach_next(session, out);
    }

    /// Takes the next step of a session that waits for none.
    fn attach_next(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let Some(attaching) = self.attaching.get_mut(&session) else { return };
        if attaching.is_draining || attaching.is_reading {
            return;
        }
        let Attaching { room, from, through, .. } = *attaching;
        let is_fresh = attaching.reference.is_some() && attaching.resumed.is_none();
        let (step, query) = if is_fresh {
            let Some(Session::Member { member, .. }) = self.sessions.get(&session) else { return };
            let (frame, query) = self.snapshot_query(*member, room);
            (Step::Fresh(frame), query)
        } else if from < through {
            let is_first = !attaching.is_counted;
            let addresses = attaching.addresses.clone();
            (Step::Replay, Query::Replay { addresses, after: from, through, is_first })
        } else {
            if attaching.reference.is_some() {
                self.welcome(session, None, out);
            }
            return self.attach_last(session, out);
        };
        self.read_for(session, step, query, out);
    }

    /// All is sent but the rooms that come as snapshots.
    fn attach_last(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let (Some(attaching), Some(Session::Member { member, .. })) =
            (self.attaching.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let member = *member;
        while let Some(room) = attaching.resets.pop() {
            if self.house.rooms.joined(member, room).is_some() {
                // Newer than where what is held back begins: what both have is told by its position.
                let (frame, query) = self.snapshot_query(member, room);
                return self.read_for(session, Step::Reset(frame), query, out);
            }
        }
        if attaching.resumed.is_some() && attaching.quiet.is_none() {
            let through = Cursor { epoch: self.epoch, n: attaching.through };
            out.push(Output::SendReplay(session, Box::new(Event::CaughtUp(Through { through }))));
        }
        if let Some(attaching) = self.attaching.get_mut(&session) {
            attaching.addresses = Vec::new();
        }
        out.push(Output::Release(session));
    }

    fn read_for(&mut self, session: SessionId, step: Step, query: Query, out: &mut Vec<Output>) {
        if let Some(attaching) = self.attaching.get_mut(&session) {
            attaching.is_reading = true;
            self.read(Reading::Attach { session, step }, query, out);
        }
    }

    /// The store has answered.
    pub(super) fn attach_goes_on(
        &mut self,
        session: SessionId,
        step: Step,
        found: Result<QueryResult, ErrorCode>,
        out: &mut Vec<Output>,
    ) {
        let Some(attaching) = self.attaching.get_mut(&session) else { return };
        attaching.is_reading = false;
        match (step, found) {
            (Step::Fresh(frame), Ok(QueryResult::Page(page))) => {
                let room = self.snapshot(frame, page);
                self.welcome(session, Some(room), out);
                self.attach_last(session, out);
            }
            (Step::Replay, Ok(QueryResult::Replayed(replayed))) => self.replay(session, replayed, out),
            (Step::Reset(frame), Ok(QueryResult::Page(page))) => {
                let reset = self.reset(None, frame, page);
                out.push(Output::SendReplay(session, Box::new(Event::Reset(Box::new(reset)))));
                self.drain(session, out);
            }
            // It comes back when the store can be read again.
            _ => out.push(Output::Close(session, CloseCode::TryAgainLater)),
        }
    }

    fn replay(&mut self, session: SessionId, replayed: ReplayPart, out: &mut Vec<Output>) {
        let ReplayPart { events, resets, next, is_lost } = replayed;
        let (Some(attaching), Some(Session::Member { member, .. })) =
            (self.attaching.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let member = *member;
        if is_lost {
            // The log does not go back so far: it begins anew.
            attaching.reference = attaching.reference.or(attaching.quiet.take());
            if attaching.reference.is_none() {
                return out.push(Output::Close(session, CloseCode::TryAgainLater));
            }
            attaching.resumed = None;
            return self.attach_next(session, out);
        }
        attaching.addresses.retain(|to| !resets.iter().any(|room| *to == Address::Room(*room)));
        attaching.from = next.unwrap_or(attaching.through);
        attaching.resets.extend(resets);
        attaching.is_counted = true;
        if attaching.reference.is_some() {
            self.welcome(session, None, out);
        }
        let rooms = &self.house.rooms;
        let is_theirs = |event: &Event| match event.position() {
            Some(Position { n, to: Address::Room(room), .. }) => {
                rooms.readable_from(member, room).is_some_and(|from| from <= n)
            }
            _ => true,
        };
        let theirs = events.into_iter().filter(is_theirs);
        out.extend(theirs.map(|event| Output::SendReplay(session, Box::new(event))));
        self.drain(session, out);
    }

    fn drain(&mut self, session: SessionId, out: &mut Vec<Output>) {
        if let Some(attaching) = self.attaching.get_mut(&session) {
            attaching.is_draining = true;
            out.push(Output::NotifyDrained(session));
        }
    }

    /// What was sent to a session has left.
    pub(super) fn drained(&mut self, session: SessionId, out: &mut Vec<Output>) {
        if let Some(attaching) = self.attaching.get_mut(&session)
            && std::mem::take(&mut attaching.is_draining)
        {
            self.attach_next(session, out);
        }
    }

    /// More came for a session than could be held back for it.
    pub(super) fn behind(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let (Some(attaching), Some(Session::Member { member, .. })) =
            (self.attaching.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        attaching.from = attaching.through;
        // First what is queued: if that alone was too much, to go on at once would change nothing.
        attaching.is_draining = true;
        let member = *member;
        out.push(Output::NotifyDrained(session));
        self.attach(session, member, out);
    }

    fn welcome(&mut self, session: SessionId, room: Option<RoomSnapshot>, out: &mut Vec<Output>) {
        let (Some(attaching), Some(Session::Member { member, .. })) =
            (self.attaching.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let Some(you) = self.house.members.get(*member) else { return };
        let Some(reference) = attaching.reference.take() else { return };
        let welcome = Welcome {
            reference,
            build: self.settings.build.clone(),
            // What a resumed session missed follows; it has no more yet than what it came with.
            through: Cursor { epoch: self.epoch, n: attaching.resumed.unwrap_or(attaching.through) },
            resumed: attaching.resumed.is_some(),
            as_of: attaching.through,
            rooms: std::mem::take(&mut attaching.rooms),
            you,
            room,
            present: self.presence.first(|id| self.house.members.get(id)),
            present_count: self.presence.count(),
        };
        out.push(Output::SendReplay(session, Box::new(Event::Welcome(Box::new(welcome)))));
    }
}
