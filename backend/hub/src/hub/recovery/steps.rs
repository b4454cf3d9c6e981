//! The steps of a recovery: what the session still lacks is read from the store, one part after the other, and sent.

use super::Recovery;
use crate::house::access;
use crate::house::mark::MarkAt;
use crate::hub::Hub;
use crate::hub::pending_read::{PendingRead, RecoveryStep, SnapshotHeader};
use crate::hub::read_markers::room_marker;
use crate::output::Output;
use crate::query::{Query, QueryResult, ReplayPart};
use crate::read_markers::MarkedRoom;
use crate::session::{Session, SessionId};
use shared::{
    Address, CloseCode, Cursor, ErrorCode, Event,
    event::{ReadMarker, RoomSnapshot, Through, Welcome},
};

impl Hub {
    /// Takes the next step of a recovery that waits for nothing.
    pub(super) fn take_next_step(&mut self, session: SessionId, out: &mut Vec<Output>) {
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
    pub(in crate::hub) fn continue_recovery(
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
    pub(in crate::hub) fn resume_recovery(&mut self, session: SessionId, out: &mut Vec<Output>) {
        if let Some(recovery) = self.recoveries.get_mut(&session)
            && std::mem::take(&mut recovery.is_draining)
        {
            self.take_next_step(session, out);
        }
    }

    /// Attaches a session anew, because its buffer overflowed.
    pub(in crate::hub) fn restart_recovery(&mut self, session: SessionId, out: &mut Vec<Output>) {
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
