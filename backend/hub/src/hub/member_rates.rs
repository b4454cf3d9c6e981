//! Rates of each member, over all of the member's sessions.
//!
//! A command over its rate is still carried out, but the session that sent it is paused until the debt is paid.
//! A member with many sessions could so run up a debt of minutes; a command that would make the debt longer than
//! [`DEBT_MAX_MS`] is refused instead.

use super::Hub;
use crate::limits::{
    CONNECTION_MESSAGES_PER_POST, DEBT_MAX_MS, MARKS_BURST, MARKS_PER_S, POSTS_PER_S, READ_BURST_S,
    ROOMS_MADE_PER_HOUR,
};
use crate::output::Output;
use crate::rate::{Bucket, Rate};
use crate::session::SessionId;
use shared::{ErrorCode, MemberId};
use std::collections::HashMap;

/// Cost of a new room, so that a rate per second is one per hour.
const ROOM_COST: u32 = 3_600;

/// Rate of new rooms, in [`ROOM_COST`]ths of a room.
const ROOMS_MADE: Rate = Rate { per_s: ROOMS_MADE_PER_HOUR, burst: ROOMS_MADE_PER_HOUR * ROOM_COST };

/// Rate of the command `mark_read`.
const MARKS: Rate = Rate { per_s: MARKS_PER_S, burst: MARKS_BURST };

/// Buckets of all members. Only current members have one, so the members bound their number.
#[derive(Debug, Default)]
pub(super) struct MemberRates {
    posts: HashMap<MemberId, Bucket>,
    reads: HashMap<MemberId, Bucket>,
    /// Buckets of HTTP requests, which no connection counts.
    requests: HashMap<MemberId, Bucket>,
    /// Buckets of new rooms.
    rooms: HashMap<MemberId, Bucket>,
    /// Buckets of moved read markers.
    marks: HashMap<MemberId, Bucket>,
}

impl MemberRates {
    /// Forgets a member who has left the house.
    pub(super) fn remove(&mut self, member: MemberId) {
        self.posts.remove(&member);
        self.reads.remove(&member);
        self.requests.remove(&member);
        self.rooms.remove(&member);
        self.marks.remove(&member);
    }

    /// Returns the count of members with a bucket of posts.
    #[cfg(test)]
    pub(super) fn posting(&self) -> usize {
        self.posts.len()
    }
}

impl Hub {
    /// Counts a durable command, or a list of rooms.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`].
    pub(super) fn limit_posts(
        &mut self,
        session: SessionId,
        member: MemberId,
        now: u64,
        out: &mut Vec<Output>,
    ) -> Result<(), ErrorCode> {
        // A member who has left keeps no bucket; the store refuses the command.
        if !self.house.members.contains(member) {
            return Ok(());
        }
        let rate = self.settings.posts;
        charge(
            self.rates.posts.entry(member).or_insert_with(|| Bucket::full(rate, now)),
            rate,
            session,
            now,
            out,
        )
    }

    /// Counts a read of the log.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`].
    pub(super) fn limit_reads(
        &mut self,
        session: SessionId,
        member: MemberId,
        now: u64,
        out: &mut Vec<Output>,
    ) -> Result<(), ErrorCode> {
        // A member who has left keeps no bucket.
        if !self.house.members.contains(member) {
            return Ok(());
        }
        let per_s = match self.settings.posts.per_s {
            0 => 0,
            // People read no slower where they may post little.
            posts => posts.max(POSTS_PER_S),
        };
        let rate = Rate { per_s, burst: per_s.saturating_mul(READ_BURST_S) };
        charge(
            self.rates.reads.entry(member).or_insert_with(|| Bucket::full(rate, now)),
            rate,
            session,
            now,
            out,
        )
    }

    /// Counts a room that a member makes.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`]. Such a command costs nothing.
    pub(super) fn limit_rooms_made(&mut self, member: MemberId, now: u64) -> Result<(), ErrorCode> {
        if self.has_free_rates(member) {
            return Ok(());
        }
        try_charge(&mut self.rates.rooms, member, ROOMS_MADE, ROOM_COST, now)
    }

    /// Counts a `mark_read` of a member.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`]. Such a command costs nothing.
    pub(super) fn limit_marks(&mut self, member: MemberId, now: u64) -> Result<(), ErrorCode> {
        if self.has_free_rates(member) {
            return Ok(());
        }
        try_charge(&mut self.rates.marks, member, MARKS, 1, now)
    }

    /// Whether nothing of the member is counted: the house has no rates, or the member has left and keeps no bucket.
    fn has_free_rates(&self, member: MemberId) -> bool {
        self.settings.posts.per_s == 0 || !self.house.members.contains(member)
    }

    /// Takes back the count of a room that was not made: its name was taken, or the command was a retry.
    pub(super) fn give_back_room(&mut self, member: MemberId) {
        if let Some(bucket) = self.rates.rooms.get_mut(&member) {
            bucket.give_back_now(ROOMS_MADE, ROOM_COST);
        }
    }

    /// Counts a request of a member as a connection counts its messages. Above the rate its answer waits.
    pub(super) fn limit_requests(
        &mut self,
        session: SessionId,
        member: MemberId,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let per_s = self.settings.posts.per_s.saturating_mul(CONNECTION_MESSAGES_PER_POST);
        let rate = Rate { per_s, burst: per_s };
        let bucket = self.rates.requests.entry(member).or_insert_with(|| Bucket::full(rate, now));
        pause(session, bucket.take(rate, 1, now), out);
    }
}

/// Takes `cost` from a member's bucket, or refuses if that would put the bucket in debt.
fn try_charge(
    buckets: &mut HashMap<MemberId, Bucket>,
    member: MemberId,
    rate: Rate,
    cost: u32,
    now: u64,
) -> Result<(), ErrorCode> {
    let bucket = buckets.entry(member).or_insert_with(|| Bucket::full(rate, now));
    if bucket.try_take(rate, cost, now) { Ok(()) } else { Err(ErrorCode::TooManyRequests) }
}

/// Takes one unit from a bucket. A bucket in debt pauses the session.
fn charge(
    bucket: &mut Bucket,
    rate: Rate,
    session: SessionId,
    now: u64,
    out: &mut Vec<Output>,
) -> Result<(), ErrorCode> {
    let debt = bucket.take(rate, 1, now);
    if debt > DEBT_MAX_MS {
        bucket.give_back(rate, 1, now);
        pause(session, DEBT_MAX_MS, out);
        return Err(ErrorCode::TooManyRequests);
    }
    pause(session, debt, out);
    Ok(())
}

fn pause(session: SessionId, wait: u64, out: &mut Vec<Output>) {
    if wait > 0 {
        out.push(Output::Pause(session, wait));
    }
}
