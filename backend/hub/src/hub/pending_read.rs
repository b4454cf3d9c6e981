//! Reads that wait for the store, and the frames that their results become.

use super::{Hub, refuse};
use crate::house::access;
use crate::output::Output;
use crate::query::{MessagePage, Query, QueryResult, ReplayPart};
use crate::read_markers::MarkedRoom;
use crate::session::{ReadId, Session, SessionId};
use shared::{
    Address, Cursor, ErrorCode, Event, Member, MemberId, Message, RoomId,
    command::PageAnchor,
    event::{EventsPage, HistoryPage, Reset, RoomEntry, RoomSnapshot},
    limits::SNAPSHOT_MESSAGES,
};

/// Read that waits for the store, with what its answer needs.
#[derive(Debug)]
pub(super) enum PendingRead {
    /// Read of a session in recovery.
    Recovery { session: SessionId, step: RecoveryStep },
    /// Read of a `history` command.
    History { session: SessionId, reference: u64, room: RoomId, at: PageAnchor },
    /// Read of an `events` command.
    Events { session: SessionId, reference: u64, to: Address },
    /// Second read of an `events` command: a snapshot, because the events were too many.
    Reset { session: SessionId, reference: u64, header: SnapshotHeader },
    /// Read of a member's markers that were moved or asked for.
    Markers { member: MemberId, rooms: Vec<MarkedRoom> },
}

/// Step of a recovery that needs the store.
#[derive(Clone, Debug)]
pub(super) enum RecoveryStep {
    /// Snapshot of the open room, for a session that does not resume.
    OpenRoom(SnapshotHeader),
    /// Mark of the log at the session's cursor.
    Mark,
    /// The member's read markers.
    Markers(Vec<MarkedRoom>),
    /// Part of the missed events.
    Replay,
    /// Snapshot of a room with too many missed events.
    Reset(SnapshotHeader),
}

/// Snapshot of a room without its messages, which the store has to read.
#[derive(Clone, Debug)]
pub(super) struct SnapshotHeader {
    room: RoomId,
    as_of: u64,
    last: u64,
    /// Room as the member's list of rooms has it.
    entry: Option<RoomEntry>,
    /// Cursor at `as_of`, if its mark is known.
    held: Option<Cursor>,
}

impl SnapshotHeader {
    /// Returns the header of a room's snapshot at this position, and the query for its messages. `last` is the
    /// position of the room's last event by then.
    pub(super) fn at(room: RoomId, as_of: u64, last: u64) -> (Self, Query) {
        let query = Query::History { room, at: PageAnchor::Newest, limit: SNAPSHOT_MESSAGES, through: as_of };
        (SnapshotHeader { room, as_of, last, entry: None, held: None }, query)
    }
}

impl Hub {
    /// Asks the store and remembers the read until its result comes back.
    pub(super) fn start_read(&mut self, read: PendingRead, query: Query, out: &mut Vec<Output>) -> ReadId {
        self.last_read_id += 1;
        let id = ReadId(self.last_read_id);
        self.pending_reads.insert(id, read);
        out.push(Output::Read(id, query));
        id
    }

    /// Starts a read that counts as one of the session's reads, when its member's turn comes.
    pub(super) fn start_session_read(
        &mut self,
        session: SessionId,
        read: PendingRead,
        query: Query,
        out: &mut Vec<Output>,
    ) {
        let Some(Session::Member { member, reads, .. }) = self.sessions.get_mut(&session) else { return };
        self.last_read_id += 1;
        let id = ReadId(self.last_read_id);
        reads.push(id);
        self.pending_reads.insert(id, read);
        self.read_turns.add(*member, id, query);
        self.start_waiting_reads(out);
    }

    /// Gives the store the reads whose turn has come.
    pub(super) fn start_waiting_reads(&mut self, out: &mut Vec<Output>) {
        while let Some((id, query)) = self.read_turns.start_next() {
            out.push(Output::Read(id, query));
        }
    }

    /// Answers a read with the store's result.
    pub(super) fn finish_read(
        &mut self,
        id: ReadId,
        result: Result<QueryResult, ErrorCode>,
        out: &mut Vec<Output>,
    ) {
        if self.read_turns.finish(id) {
            self.start_waiting_reads(out);
        }
        let Some(read) = self.pending_reads.remove(&id) else { return };
        let (session, reference) = match read {
            PendingRead::Recovery { session, step } => {
                return self.continue_recovery(session, step, result, out);
            }
            PendingRead::Markers { member, rooms } => {
                return self.finish_markers(member, &rooms, result, out);
            }
            PendingRead::History { session, reference, .. }
            | PendingRead::Events { session, reference, .. }
            | PendingRead::Reset { session, reference, .. } => (session, reference),
        };
        if let Some(Session::Member { reads, .. }) = self.sessions.get_mut(&session) {
            reads.retain(|read| *read != id);
        }
        match (read, result) {
            (PendingRead::History { room, at, .. }, Ok(QueryResult::Page(page))) => {
                let MessagePage { messages, older, newer } = page;
                let authors = self.find_authors(&messages);
                let history = HistoryPage { reference, room, at, messages, older, newer, authors };
                out.push(Output::Send(session, Event::History(Box::new(history))));
            }
            (PendingRead::Events { to, .. }, Ok(QueryResult::Replayed(part))) => {
                self.answer_events(session, reference, to, part, out);
            }
            (PendingRead::Reset { header, .. }, Ok(QueryResult::Page(page))) => {
                let reset = self.build_reset(Some(reference), header, page);
                out.push(Output::Send(session, Event::Reset(Box::new(reset))));
            }
            (_, Err(code)) => refuse(session, Some(reference), code, out),
            // The shell gave the result of another query.
            _ => refuse(session, Some(reference), ErrorCode::Internal, out),
        }
    }

    /// Answers an `events` command with the events, or starts the read of a snapshot in their place.
    fn answer_events(
        &mut self,
        session: SessionId,
        reference: u64,
        to: Address,
        part: ReplayPart,
        out: &mut Vec<Output>,
    ) {
        let ReplayPart { events, resets, next, is_lost } = part;
        match to {
            Address::Room(room) if is_lost || !resets.is_empty() => {
                let Some(Session::Member { member, .. }) = self.sessions.get(&session) else { return };
                // The snapshot describes the present, so a member who left meanwhile may not read it.
                if let Err(code) = access::may_read(&self.house, *member, to) {
                    return refuse(session, Some(reference), code, out);
                }
                let (header, query) = self.snapshot_query(*member, room);
                let read = PendingRead::Reset { session, reference, header };
                self.start_session_read(session, read, query, out);
            }
            _ => {
                let more = next.is_some();
                out.push(Output::Send(session, Event::Events(EventsPage { reference, to, events, more })));
            }
        }
    }

    /// Returns the header of a room's snapshot at the head, and the query for its messages.
    pub(super) fn snapshot_query(&self, member: MemberId, room: RoomId) -> (SnapshotHeader, Query) {
        let last = self.house.rooms.last(Address::Room(room));
        let (header, query) = SnapshotHeader::at(room, self.house.head(), last);
        let entry = self.house.rooms.entry(member, room);
        (SnapshotHeader { entry, held: self.held(), ..header }, query)
    }

    pub(super) fn build_reset(
        &self,
        reference: Option<u64>,
        header: SnapshotHeader,
        page: MessagePage,
    ) -> Reset {
        let (entry, held) = (header.entry.clone(), header.held);
        Reset { reference, entry, room: self.build_snapshot(header, page), held }
    }

    pub(super) fn build_snapshot(&self, header: SnapshotHeader, page: MessagePage) -> RoomSnapshot {
        let SnapshotHeader { room, as_of, last, .. } = header;
        let authors = self.find_authors(&page.messages);
        RoomSnapshot { room, as_of, last, messages: page.messages, older: page.older, authors }
    }

    /// Returns the authors of messages under their current names.
    fn find_authors(&self, messages: &[Message]) -> Vec<Member> {
        let mut authors: Vec<_> = messages.iter().map(|message| message.author).collect();
        authors.sort_unstable();
        authors.dedup();
        authors.into_iter().filter_map(|id| self.house.members.get(id)).collect()
    }

    /// Cancels the read of a recovery whose session has ended.
    pub(super) fn cancel_recovery_read(&mut self, id: ReadId, out: &mut Vec<Output>) {
        if self.pending_reads.remove(&id).is_some() {
            out.push(Output::CancelRead(id));
        }
    }

    /// Cancels one of the reads of a member's session that has ended.
    pub(super) fn cancel_read(&mut self, member: MemberId, id: ReadId, out: &mut Vec<Output>) {
        if self.pending_reads.remove(&id).is_some() && self.read_turns.cancel(member, id) {
            out.push(Output::CancelRead(id));
        }
    }
}
