//! What members ask of the past. Every answer is as of the position at which it
//! was asked for: a member who leaves meanwhile is told nothing that came after.

use super::{Hub, recovery, refuse};
use crate::{
    limits::READS_PER_SESSION_MAX,
    output::Output,
    query::{MessagePage, Query, QueryResult, ReplayPart},
    session::{ReadId, Session, SessionId},
};
use shared::{
    Address, ErrorCode, Event, Member, MemberId, Message, RoomId,
    command::{self, PageAnchor},
    event::{EventsPage, HistoryPage, Reset, RoomEntry, RoomSnapshot},
    limits::{HISTORY_MESSAGES, SNAPSHOT_MESSAGES},
};

/// What is being read, and for whom.
#[derive(Debug)]
pub(super) enum Reading {
    /// For a session that is held back.
    Attach { session: SessionId, step: recovery::Step },
    /// A page of history.
    History { session: SessionId, reference: u64, room: RoomId, at: PageAnchor },
    /// What is missing of an address.
    Events { session: SessionId, reference: u64, to: Address },
    /// The room whose events were too many.
    Reset { session: SessionId, reference: u64, room: Frame },
}

/// A snapshot, but for what the store has to say.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    room: RoomId,
    as_of: u64,
    last: u64,
    /// As the member's list has it.
    entry: Option<RoomEntry>,
}

impl Reading {
    /// Who asked.
    fn session(&self) -> SessionId {
        match self {
            Reading::Attach { session, .. }
            | Reading::History { session, .. }
            | Reading::Events { session, .. }
            | Reading::Reset { session, .. } => *session,
        }
    }
}

impl Hub {
    pub(super) fn history(
        &mut self,
        session: SessionId,
        member: MemberId,
        asked: command::HistoryQuery,
        out: &mut Vec<Output>,
    ) {
        let command::HistoryQuery { reference, room, at } = asked;
        if !self.may_ask(session, member, Address::Room(room), reference, out) {
            return;
        }
        let query = Query::History { room, at, limit: HISTORY_MESSAGES, through: self.house.head() };
        self.read(Reading::History { session, reference, room, at }, query, out);
    }

    pub(super) fn events(
        &mut self,
        session: SessionId,
        member: MemberId,
        asked: command::EventsQuery,
        out: &mut Vec<Output>,
    ) {
        let command::EventsQuery { reference, to, after } = asked;
        if !self.may_ask(session, member, to, reference, out) {
            return;
        }
        // What was before one's stay is not missing.
        let after = match to {
            Address::Room(room) => {
                let from = self.house.rooms.readable_from(member, room).unwrap_or(0);
                after.max(from.saturating_sub(1))
            }
            Address::Member(_) => after,
        };
        let through = self.house.head();
        let query = Query::Replay { addresses: vec![to], after, through, is_first: true };
        self.read(Reading::Events { session, reference, to }, query, out);
    }

    fn may_ask(
        &mut self,
        session: SessionId,
        member: MemberId,
        to: Address,
        reference: u64,
        out: &mut Vec<Output>,
    ) -> bool {
        let is_theirs = match to {
            Address::Room(room) => self.house.rooms.joined(member, room).is_some(),
            Address::Member(other) => other == member,
        };
        if !is_theirs {
            refuse(session, Some(reference), ErrorCode::RoomUnknown, out);
            return false;
        }
        let Some(Session::Member { reads, .. }) = self.sessions.get_mut(&session) else { return false };
        if *reads >= READS_PER_SESSION_MAX {
            refuse(session, Some(reference), ErrorCode::TooManyRequests, out);
            return false;
        }
        *reads += 1;
        true
    }

    pub(super) fn read(&mut self, reading: Reading, query: Query, out: &mut Vec<Output>) {
        self.reads += 1;
        let id = ReadId(self.reads);
        self.reading.insert(id, reading);
        out.push(Output::Read(id, query));
    }

    pub(super) fn found(&mut self, id: ReadId, found: Result<QueryResult, ErrorCode>, out: &mut Vec<Output>) {
        let Some(reading) = self.reading.remove(&id) else { return };
        let (session, reference) = match reading {
            Reading::Attach { session, step } => return self.attach_goes_on(session, step, found, out),
            Reading::History { session, reference, .. }
            | Reading::Events { session, reference, .. }
            | Reading::Reset { session, reference, .. } => (session, reference),
        };
        if let Some(Session::Member { reads, .. }) = self.sessions.get_mut(&session) {
            *reads -= 1;
        }
        match (reading, found) {
            (Reading::History { room, at, .. }, Ok(QueryResult::Page(page))) => {
                let MessagePage { messages, older, newer } = page;
                let authors = self.authors(&messages);
                let history = HistoryPage { reference, room, at, messages, older, newer, authors };
                out.push(Output::Send(session, Event::History(Box::new(history))));
            }
            (Reading::Events { to, .. }, Ok(QueryResult::Replayed(replayed))) => {
                self.missing(session, reference, to, replayed, out);
            }
            (Reading::Reset { room, .. }, Ok(QueryResult::Page(page))) => {
                let reset = self.reset(Some(reference), room, page);
                out.push(Output::Send(session, Event::Reset(Box::new(reset))));
            }
            (_, Err(code)) => refuse(session, Some(reference), code, out),
            // The shell answered another question.
            _ => refuse(session, Some(reference), ErrorCode::Internal, out),
        }
    }

    fn missing(
        &mut self,
        session: SessionId,
        reference: u64,
        to: Address,
        replayed: ReplayPart,
        out: &mut Vec<Output>,
    ) {
        let ReplayPart { events, resets, next, is_lost } = replayed;
        match to {
            Address::Room(room) if is_lost || !resets.is_empty() => {
                let Some(Session::Member { member, reads, .. }) = self.sessions.get_mut(&session) else {
                    return;
                };
                // The snapshot is as of now: whoever left meanwhile is told nothing more.
                let member = *member;
                if self.house.rooms.joined(member, room).is_none() {
                    return refuse(session, Some(reference), ErrorCode::RoomUnknown, out);
                }
                *reads += 1;
                let (frame, query) = self.snapshot_query(member, room);
                self.read(Reading::Reset { session, reference, room: frame }, query, out);
            }
            _ => {
                let more = next.is_some();
                out.push(Output::Send(session, Event::Events(EventsPage { reference, to, events, more })));
            }
        }
    }

    /// What to ask for a room's snapshot as of now.
    pub(super) fn snapshot_query(&self, member: MemberId, room: RoomId) -> (Frame, Query) {
        let as_of = self.house.head();
        let last = self.house.rooms.last(Address::Room(room));
        let query = Query::History { room, at: PageAnchor::Newest, limit: SNAPSHOT_MESSAGES, through: as_of };
        let entry = self.house.rooms.entry(member, room);
        (Frame { room, as_of, last, entry }, query)
    }

    pub(super) fn reset(&self, reference: Option<u64>, frame: Frame, page: MessagePage) -> Reset {
        Reset { reference, entry: frame.entry.clone(), room: self.snapshot(frame, page) }
    }

    /// A session has ended: nobody waits for what it asked.
    pub(super) fn forget_reads_of(&mut self, session: SessionId, out: &mut Vec<Output>) {
        let mut theirs: Vec<ReadId> = self
            .reading
            .iter()
            .filter(|(_, reading)| reading.session() == session)
            .map(|(id, _)| *id)
            .collect();
        theirs.sort_unstable();
        for id in theirs {
            self.reading.remove(&id);
            out.push(Output::CancelRead(id));
        }
    }

    pub(super) fn snapshot(&self, frame: Frame, page: MessagePage) -> RoomSnapshot {
        let Frame { room, as_of, last, .. } = frame;
        let authors = self.authors(&page.messages);
        RoomSnapshot { room, as_of, last, messages: page.messages, older: page.older, authors }
    }

    /// Today's names of those who wrote these.
    fn authors(&self, messages: &[Message]) -> Vec<Member> {
        let mut authors: Vec<_> = messages.iter().map(|message| message.author).collect();
        authors.sort_unstable();
        authors.dedup();
        authors.into_iter().filter_map(|id| self.house.members.get(id)).collect()
    }
}
