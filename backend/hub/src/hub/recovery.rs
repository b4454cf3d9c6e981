//! Recovery: from the attach of a session until it has everything that it missed.
//!
//! The hub records its head and emits [`Output::Attach`] in one step. The shell buffers all events past that
//! head. The hub reads the events between the session's cursor and the head from the store in parts, each
//! after the previous part was sent. Then [`Output::Release`] sends the buffered events.
//!
//! A client can name positions with the marks of the log there: its cursor, and newer ones (`held`) if it holds
//! events or answers past its cursor. If the log has another mark at one of them, it was rolled back to an older copy and
//! grew in another way. The session then starts fresh, and the client drops what it holds.
//!
//! If the buffer overflows, the shell drops it, and the hub reads on up to the new head. So a slow session is
//! not closed while it recovers.

use super::Hub;
use super::pending_read::{PendingRead, RecoveryStep, SnapshotHeader};
use super::read_markers::room_marker;
use crate::house::access;
use crate::house::mark::MarkAt;
use crate::limits::CURSOR_WAIT_MS;
use crate::output::Output;
use crate::query::{Query, QueryResult, ReplayPart};
use crate::read_markers::MarkedRoom;
use crate::session::{ReadId, Session, SessionId};
use shared::{
    Address, CloseCode, Cursor, ErrorCode, Event, MemberId, RoomId,
    command::Hello,
    event::{ReadMarker, RoomEntry, RoomSnapshot, Through, Welcome},
    limits::HELD_MAX,
};

/// State of a session's recovery.
#[derive(Debug)]
pub(super) struct Recovery {
    /// The `ref` of the `welcome` to be sent; none once it is sent, or if it is not wanted.
    welcome_reference: Option<u64>,
    /// The `ref` of a `welcome` that a poll has not asked for, if the log cannot serve its cursor.
    fallback_reference: Option<u64>,
    /// Room whose snapshot comes with `welcome`.
    open_room: RoomId,
    /// Position of the client's cursor, if the session resumes.
    resumed_from: Option<u64>,
    /// Positions with the marks that the client knows, until they were compared with the log.
    claims: Vec<(u64, u32)>,
    /// True if the log has lost something that the client holds.
    is_rolled_back: bool,
    /// Position up to which everything was sent, except for `resets`.
    sent_through: u64,
    /// Head at the time of the attach. Events past it are buffered.
    attached_at: u64,
    /// Mark of the log at `attached_at`.
    attached_mark: u32,
    /// Addresses that are replayed.
    addresses: Vec<Address>,
    /// Rooms of which a snapshot is sent in place of events.
    resets: Vec<RoomId>,
    /// True once the store has named the rooms for `resets`.
    is_counted: bool,
    /// Rooms of the member at the position `attached_at`, until `welcome` is sent.
    rooms: Vec<RoomEntry>,
    /// Greatest version of a read marker that a polling client holds; none if it does not know markers.
    held_markers: Option<u64>,
    /// True until the member's read markers were read, if the session needs them.
    needs_markers: bool,
    /// True until the shell reports that the queued frames were sent.
    is_draining: bool,
    /// Read of this recovery that waits for the store.
    read: Option<ReadId>,
}

impl Recovery {
    /// Turns the recovery into one without a cursor.
    fn start_fresh(&mut self) {
        self.resumed_from = None;
        self.claims.clear();
        self.welcome_reference = self.welcome_reference.or(self.fallback_reference.take());
    }

    /// Compares the marks that the client knows with those of the log, as far as `find` knows them.
    fn compare_marks(&mut self, find: impl Fn(u64) -> Option<MarkAt>) {
        let is_other = |(n, mark): &(u64, u32)| find(*n).is_some_and(|found| !found.admits(*mark));
        if self.claims.iter().any(is_other) {
            self.roll_back();
        }
        self.claims.retain(|(n, _)| find(*n).is_none());
    }

    /// Turns the recovery into one without a cursor, because the log was rolled back.
    fn roll_back(&mut self) {
        self.is_rolled_back = true;
        self.start_fresh();
    }

    /// Returns the read of this recovery that waits for the store.
    pub(super) fn read(&self) -> Option<ReadId> {
        self.read
    }
}

#[cfg(test)]
impl Recovery {
    /// Moves the attach back, as if the events past `attached_at` had not been read.
    pub(super) fn rewind(&mut self, attached_at: u64) {
        self.attached_at = attached_at;
    }
}

impl Hub {
    /// Begins a recovery, with a `welcome` if the client wants it or needs it. True if the session resumes at
    /// once.
    ///
    /// A cursor past the head is not foreign: another reader of the log may be ahead of this hub. The session
    /// waits up to [`CURSOR_WAIT_MS`] for the tail to reach it.
    pub(super) fn begin_recovery(
        &mut self,
        session: SessionId,
        member: MemberId,
        hello: &Hello,
        held_markers: Option<u64>,
        is_welcome_wanted: bool,
        now: u64,
        out: &mut Vec<Output>,
    ) -> bool {
        let head = self.house.head();
        let is_own = |cursor: &Cursor| cursor.epoch == self.epoch;
        let cursor = hello.cursor.filter(is_own);
        let resumed_from = cursor.map(|cursor| cursor.n);
        let held = hello.held.iter().filter(|held| is_own(held)).take(HELD_MAX).copied();
        let told: Vec<Cursor> = cursor.into_iter().chain(held).collect();
        let claims = told.iter().filter_map(|cursor| Some((cursor.n, cursor.mark?)));
        let recovery = Recovery {
            welcome_reference: (is_welcome_wanted || resumed_from.is_none()).then_some(hello.reference),
            fallback_reference: (!is_welcome_wanted).then_some(hello.reference),
            open_room: hello.room.unwrap_or(RoomId::LOBBY),
            resumed_from,
            claims: claims.collect(),
            is_rolled_back: false,
            sent_through: resumed_from.unwrap_or(head),
            attached_at: head,
            attached_mark: self.house.mark(),
            addresses: Vec::new(),
            resets: Vec::new(),
            is_counted: false,
            rooms: Vec::new(),
            held_markers,
            needs_markers: false,
            is_draining: false,
            read: None,
        };
        self.recoveries.insert(session, recovery);
        if let Some(n) = told.iter().map(|cursor| cursor.n).max().filter(|n| *n > head) {
            self.waiting_cursors.add(session, n, now.saturating_add(CURSOR_WAIT_MS));
            return false;
        }
        self.attach(session, member, out);
        self.recoveries.get(&session).is_some_and(|recovery| recovery.resumed_from.is_some())
    }

    /// Attaches the sessions whose cursors the tail has reached.
    pub(super) fn resume_waiting_recoveries(&mut self, out: &mut Vec<Output>) {
        while let Some(session) = self.waiting_cursors.take_reached(self.house.head()) {
            if let Some(Session::Member { member, .. }) = self.sessions.get(&session) {
                self.attach(session, *member, out);
            }
        }
    }

    /// Starts the sessions fresh whose cursors the tail has not reached in time: the log was rolled back, or
    /// the cursor was never part of it.
    pub(super) fn give_up_waiting_cursors(&mut self, now: u64, out: &mut Vec<Output>) {
        while let Some(session) = self.waiting_cursors.take_expired(now) {
            if let (Some(recovery), Some(Session::Member { member, .. })) =
                (self.recoveries.get_mut(&session), self.sessions.get(&session))
            {
                recovery.roll_back();
                self.attach(session, *member, out);
            }
        }
    }

    /// Attaches the session at the current head, and begins to read what it misses up to there.
    fn attach(&mut self, session: SessionId, member: MemberId, out: &mut Vec<Output>) {
        let Some(recovery) = self.recoveries.get_mut(&session) else { return };
        let rooms = &self.house.rooms;
        (recovery.attached_at, recovery.attached_mark) = (self.house.head(), self.house.mark());
        recovery.is_counted = false;
        recovery.compare_marks(|n| self.recent_marks.find(n));
        // The client names any room, and the member may have left it while the session waited for its cursor.
        if access::may_read(&self.house, member, Address::Room(recovery.open_room)).is_err() {
            recovery.open_room = RoomId::LOBBY;
        }
        if recovery.welcome_reference.is_some() {
            recovery.rooms = rooms.entries(member);
            if recovery.resumed_from.is_none() {
                // The `welcome` has a snapshot, so nothing before it is replayed.
                recovery.sent_through = recovery.attached_at;
            }
        }
        // A `welcome` has the markers. A poll without one has those that moved since the last.
        let may_be_newer = |held| self.marker_moves.may_be_newer(member, held);
        recovery.needs_markers =
            recovery.welcome_reference.is_some() || recovery.held_markers.is_some_and(may_be_newer);
        let sent_through = recovery.sent_through;
        // The list of rooms in `welcome` describes rooms that were joined after the cursor.
        let joined_max = if recovery.welcome_reference.is_some() { sent_through } else { u64::MAX };
        let own = Address::Member(member);
        let held_rooms = rooms.of(member).filter(|(_, stay)| stay.joined <= joined_max);
        recovery.addresses = std::iter::once(own)
            .chain(held_rooms.map(|(room, _)| Address::Room(room)))
            .filter(|to| rooms.last(*to) > sent_through)
            .collect();
        let all = std::iter::once(own).chain(rooms.of(member).map(|(room, _)| Address::Room(room)));
        let all = all.filter(|to| access::may_receive(&self.house, member, *to));
        out.push(Output::Attach(session, all.collect()));
        if recovery.addresses.is_empty() {
            recovery.sent_through = recovery.attached_at;
        }
        self.take_next_step(session, out);
    }

    /// Takes the next step of a recovery that waits for nothing.
    fn take_next_step(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let Some(recovery) = self.recoveries.get_mut(&session) else { return };
        if recovery.is_draining || recovery.read.is_some() {
            return;
        }
        let Recovery { open_room, sent_through, attached_at, .. } = *recovery;
        let is_fresh = recovery.welcome_reference.is_some() && recovery.resumed_from.is_none();
        let (step, query) = if let Some((at, _)) = recovery.claims.first().copied() {
            (RecoveryStep::Mark, Query::Mark { at })
        } else if recovery.needs_markers {
            let Some(Session::Member { member, .. }) = self.sessions.get(&session) else { return };
            // A `welcome` describes the rooms at the attach; later messages follow it.
            let (rooms, through) = match recovery.welcome_reference {
                Some(_) => (recovery.rooms.iter().map(MarkedRoom::from).collect(), attached_at),
                None => (self.marked_rooms(*member), self.house.head()),
            };
            let query = Query::Markers { member: *member, rooms: rooms.clone(), through, counts: is_fresh };
            (RecoveryStep::Markers(rooms), query)
        } else if is_fresh {
            // The log may have grown since the attach. The snapshot and the list of rooms have one position.
            let entry = recovery.rooms.iter().find(|entry| entry.id == open_room);
            let last = entry.map_or(0, |entry| entry.last);
            let (header, query) = SnapshotHeader::at(open_room, attached_at, last);
            (RecoveryStep::OpenRoom(header), query)
        } else if sent_through < attached_at {
            let is_first = !recovery.is_counted;
            let addresses = recovery.addresses.clone();
            let (after, through) = (sent_through, attached_at);
            (RecoveryStep::Replay, Query::Replay { addresses, after, through, is_first })
        } else {
            if recovery.welcome_reference.is_some() {
                self.send_welcome(session, None, out);
            }
            return self.finish_recovery(session, out);
        };
        self.start_recovery_read(session, step, query, out);
    }

    /// Sends the snapshots that are left, then ends the recovery.
    fn finish_recovery(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let (Some(recovery), Some(Session::Member { member, .. })) =
            (self.recoveries.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let member = *member;
        while let Some(room) = recovery.resets.pop() {
            if access::may_read(&self.house, member, Address::Room(room)).is_ok() {
                // The snapshot is newer than the first buffered events. The client ignores events
                // up to its `as_of`.
                let (header, query) = self.snapshot_query(member, room);
                return self.start_recovery_read(session, RecoveryStep::Reset(header), query, out);
            }
        }
        if recovery.resumed_from.is_some() && recovery.fallback_reference.is_none() {
            let (attached_at, attached_mark) = (recovery.attached_at, recovery.attached_mark);
            let through = self.marked_cursor(attached_at, attached_mark);
            out.push(Output::SendReplay(session, Box::new(Event::CaughtUp(Through { through })), None));
        }
        if let Some(recovery) = self.recoveries.get_mut(&session) {
            recovery.addresses = Vec::new();
        }
        out.push(Output::Release(session));
    }

    fn start_recovery_read(
        &mut self,
        session: SessionId,
        step: RecoveryStep,
        query: Query,
        out: &mut Vec<Output>,
    ) {
        let id = self.start_read(PendingRead::Recovery { session, step }, query, out);
        if let Some(recovery) = self.recoveries.get_mut(&session) {
            recovery.read = Some(id);
        }
    }

    /// Continues a recovery with the store's result.
    pub(super) fn continue_recovery(
        &mut self,
        session: SessionId,
        step: RecoveryStep,
        result: Result<QueryResult, ErrorCode>,
        out: &mut Vec<Output>,
    ) {
        let Some(recovery) = self.recoveries.get_mut(&session) else { return };
        recovery.read = None;
        match (step, result) {
            (RecoveryStep::OpenRoom(header), Ok(QueryResult::Page(page))) => {
                let room = self.build_snapshot(header, page);
                self.send_welcome(session, Some(room), out);
                self.finish_recovery(session, out);
            }
            (RecoveryStep::Mark, Ok(QueryResult::Mark(found))) => self.check_cursor(session, found, out),
            (RecoveryStep::Markers(rooms), Ok(QueryResult::Markers(markers))) => {
                self.take_markers(session, &rooms, &markers, out);
            }
            (RecoveryStep::Replay, Ok(QueryResult::Replayed(part))) => {
                self.send_replay_part(session, part, out)
            }
            (RecoveryStep::Reset(header), Ok(QueryResult::Page(page))) => {
                let reset = self.build_reset(None, header, page);
                out.push(Output::SendReplay(session, Box::new(Event::Reset(Box::new(reset))), None));
                self.wait_until_drained(session, out);
            }
            // The client returns when the store can be read again.
            _ => out.push(Output::Close(session, CloseCode::TryAgainLater)),
        }
    }

    /// Goes on with a session whose cursor the store has found.
    fn check_cursor(&mut self, session: SessionId, found: MarkAt, out: &mut Vec<Output>) {
        let (Some(recovery), Some(Session::Member { member, .. })) =
            (self.recoveries.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let Some((at, _)) = recovery.claims.first().copied() else { return };
        recovery.compare_marks(|n| (n == at).then_some(found));
        if recovery.is_rolled_back {
            let member = *member;
            return self.attach(session, member, out);
        }
        self.take_next_step(session, out);
    }

    /// Puts the member's read markers into the `welcome` to come, or sends those that a poll lacks.
    fn take_markers(
        &mut self,
        session: SessionId,
        rooms: &[MarkedRoom],
        markers: &[ReadMarker],
        out: &mut Vec<Output>,
    ) {
        let (Some(recovery), Some(Session::Member { member, .. })) =
            (self.recoveries.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        self.marker_moves.note_versions(*member, markers);
        recovery.needs_markers = false;
        let found = rooms.iter().zip(markers);
        if recovery.welcome_reference.is_some() {
            for (marked, marker) in found {
                // The list of rooms describes the attach, and the member may have left one since.
                if let Some(entry) = recovery.rooms.iter_mut().find(|entry| entry.id == marked.room) {
                    entry.marker = Some(*marker);
                }
            }
        } else {
            let held = recovery.held_markers.unwrap_or(u64::MAX);
            for (marked, marker) in found.filter(|(_, marker)| marker.version > held) {
                let told = Event::ReadMarker(room_marker(None, marked, *marker));
                out.push(Output::SendReplay(session, Box::new(told), None));
            }
        }
        self.take_next_step(session, out);
    }

    fn send_replay_part(&mut self, session: SessionId, part: ReplayPart, out: &mut Vec<Output>) {
        let ReplayPart { events, resets, next, is_lost } = part;
        let (Some(recovery), Some(Session::Member { member, .. })) =
            (self.recoveries.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let member = *member;
        if is_lost {
            // The log has forgotten the events after the cursor, so the session starts fresh.
            recovery.start_fresh();
            if recovery.welcome_reference.is_none() {
                return out.push(Output::Close(session, CloseCode::TryAgainLater));
            }
            return self.attach(session, member, out);
        }
        recovery.addresses.retain(|to| !resets.iter().any(|room| *to == Address::Room(*room)));
        recovery.sent_through = next.unwrap_or(recovery.attached_at);
        recovery.resets.extend(resets);
        recovery.is_counted = true;
        let (attached_at, attached_mark) = (recovery.attached_at, recovery.attached_mark);
        if recovery.welcome_reference.is_some() {
            self.send_welcome(session, None, out);
        }
        let head = self.marked_cursor(attached_at, attached_mark);
        let is_readable = |event: &Event| {
            event.position().is_none_or(|position| access::may_read_event(&self.house, member, position))
        };
        let readable = events.into_iter().filter(is_readable);
        // The events of this part are not newer than the attach, so the first tells enough.
        let mut told = Some(head);
        out.extend(readable.map(|event| Output::SendReplay(session, Box::new(event), told.take())));
        self.wait_until_drained(session, out);
    }

    fn wait_until_drained(&mut self, session: SessionId, out: &mut Vec<Output>) {
        if let Some(recovery) = self.recoveries.get_mut(&session) {
            recovery.is_draining = true;
            out.push(Output::NotifyDrained(session));
        }
    }

    /// Resumes a recovery whose frames have left.
    pub(super) fn resume_recovery(&mut self, session: SessionId, out: &mut Vec<Output>) {
        if let Some(recovery) = self.recoveries.get_mut(&session)
            && std::mem::take(&mut recovery.is_draining)
        {
            self.take_next_step(session, out);
        }
    }

    /// Attaches a session anew, because its buffer overflowed.
    pub(super) fn restart_recovery(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let (Some(recovery), Some(Session::Member { member, .. })) =
            (self.recoveries.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        recovery.sent_through = recovery.attached_at;
        // The queue must drain first. If the queue alone was too long, the next buffer would overflow too.
        recovery.is_draining = true;
        let member = *member;
        out.push(Output::NotifyDrained(session));
        self.attach(session, member, out);
    }

    fn send_welcome(&mut self, session: SessionId, room: Option<RoomSnapshot>, out: &mut Vec<Output>) {
        let (Some(recovery), Some(Session::Member { member, .. })) =
            (self.recoveries.get_mut(&session), self.sessions.get(&session))
        else {
            return;
        };
        let Some(you) = self.house.members.get(*member) else { return };
        let Some(reference) = recovery.welcome_reference.take() else { return };
        let Recovery { resumed_from, attached_at, attached_mark, is_rolled_back, .. } = *recovery;
        let rooms = std::mem::take(&mut recovery.rooms);
        // The replay follows, so a resumed session has no more yet than its cursor says.
        let head = self.marked_cursor(attached_at, attached_mark);
        let (through, told) = match resumed_from {
            Some(n) => (Cursor::new(self.epoch, n), Some(head)),
            None => (head, None),
        };
        let (mut present, mut present_count) = (Vec::new(), 0);
        if access::may_see_presence(&self.house, *member) {
            present = self.presence.list_for_welcome(|id| self.house.members.get(id));
            present_count = self.presence.count();
        }
        let welcome = Welcome {
            reference,
            build: self.settings.build.clone(),
            through,
            resumed: resumed_from.is_some(),
            rolled_back: is_rolled_back,
            as_of: attached_at,
            rooms,
            you,
            room,
            present,
            present_count,
        };
        out.push(Output::SendReplay(session, Box::new(Event::Welcome(Box::new(welcome))), told));
    }
}
