//! Reads of the log: `history` and `events`.
//!
//! Every answer describes the log at the position of the query. So a member who leaves meanwhile receives
//! nothing that came after.

use crate::house::access;
use crate::hub::{Hub, pending_read::PendingRead, refuse};
use crate::limits::READS_PER_SESSION_MAX;
use crate::output::Output;
use crate::query::Query;
use crate::session::{Session, SessionId};
use shared::{
    Address, ErrorCode, MemberId,
    command::{EventsQuery, HistoryQuery},
    limits::HISTORY_MESSAGES,
};

impl Hub {
    pub(super) fn read_history(
        &mut self,
        session: SessionId,
        member: MemberId,
        history: HistoryQuery,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let HistoryQuery { reference, room, at } = history;
        if let Err(code) = self.check_read(session, member, Address::Room(room), now, out) {
            return refuse(session, Some(reference), code, out);
        }
        let query = Query::History { room, at, limit: HISTORY_MESSAGES, through: self.house.head() };
        self.start_session_read(session, PendingRead::History { session, reference, room, at }, query, out);
    }

    pub(super) fn read_events(
        &mut self,
        session: SessionId,
        member: MemberId,
        events: EventsQuery,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let EventsQuery { reference, to, after } = events;
        if let Err(code) = self.check_read(session, member, to, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        let first = access::first_readable(&self.house, member, to).unwrap_or(0);
        let (after, through) = (after.max(first.saturating_sub(1)), self.house.head());
        let query = Query::Replay { addresses: vec![to], after, through, is_first: true };
        self.start_session_read(session, PendingRead::Events { session, reference, to }, query, out);
    }

    /// Checks that a member may read an address, and that the session may start one more read. Counts the read,
    /// refused or not.
    fn check_read(
        &mut self,
        session: SessionId,
        member: MemberId,
        to: Address,
        now: u64,
        out: &mut Vec<Output>,
    ) -> Result<(), ErrorCode> {
        self.limit_reads(session, member, now, out)?;
        access::may_read(&self.house, member, to)?;
        match self.sessions.get(&session) {
            Some(Session::Member { reads, .. }) if reads.len() < READS_PER_SESSION_MAX => Ok(()),
            _ => Err(ErrorCode::TooManyRequests),
        }
    }
}
