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
//! `steps` takes the reads of the store one after the other, and sends what they bring.
//!
//! If the buffer overflows, the shell drops it, and the hub reads on up to the new head. So a slow session is
//! not closed while it recovers.

mod steps;

use super::Hub;
use crate::house::access;
use crate::house::mark::MarkAt;
use crate::limits::CURSOR_WAIT_MS;
use crate::output::Output;
use crate::session::{ReadId, Session, SessionId};
use shared::{Address, Cursor, MemberId, RoomId, command::Hello, event::RoomEntry, limits::HELD_MAX};

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

/// State that a client holds, and whether it needs a `welcome`.
pub(super) struct RecoveryRequest<'a> {
    /// Cursors and open room of the client.
    pub(super) hello: &'a Hello,
    /// Greatest version of a read marker that a polling client holds.
    pub(super) held_markers: Option<u64>,
    /// Whether the client wants a `welcome` even if its session resumes.
    pub(super) is_welcome_wanted: bool,
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
        request: RecoveryRequest<'_>,
        now: u64,
        out: &mut Vec<Output>,
    ) -> bool {
        let RecoveryRequest { hello, held_markers, is_welcome_wanted } = request;
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
}
