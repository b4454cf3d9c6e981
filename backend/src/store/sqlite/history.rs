//! Reads a page of a room's messages. They have a partition of their own, ordered by position, and so by
//! number and time too. So the index finds the start of any page, however long the room is.
//!
//! A change of a message is an event of its own and a row of the projection `messages`. A page has each message as it
//! is now, so it joins that projection.

use super::{
    event_reader,
    log_error::LogError,
    partition::Partition,
    row::{self, PRESENT_MESSAGES, to_sql},
};
use hub::query::{MessagePage, range, trim};
use rusqlite::{CachedStatement, Connection as Database, OptionalExtension};
use shared::{Event, Message, RoomId, command::PageAnchor};
use std::sync::Once;

pub(super) fn read(
    db: &Database,
    room: RoomId,
    at: PageAnchor,
    limit: usize,
    through: u64,
) -> Result<MessagePage, LogError> {
    let room = RoomMessages { db, partition: Partition::messages(room), through };
    let Some(last) = room.last()? else { return Ok(MessagePage::default()) };
    let after_all = MessagePosition { n: last.n + 1, seq: last.seq + 1 };
    let pivot = match at {
        PageAnchor::Newest => None,
        PageAnchor::Before(n) | PageAnchor::Around(n) => room.first_from(n)?.map(|found| found.position),
        PageAnchor::After(n) => room.first_from(n.saturating_add(1))?.map(|found| found.position),
        PageAnchor::Date(time) => room.first_since(time, last.n)?,
    };
    let pivot = pivot.unwrap_or(after_all);
    let (wanted, cut) = range(at, pivot.seq, limit, 1, last.seq);
    let mut messages = room.before(pivot, pivot.seq.saturating_sub(wanted.start))?;
    messages.extend(room.from(pivot, wanted.end.saturating_sub(pivot.seq))?);
    let is_whole = messages.iter().map(|message| message.seq).eq(wanted);
    if !is_whole {
        renumber(&mut messages, pivot);
    }
    trim(&mut messages, cut);
    let from = messages.first().map_or(pivot.seq, |first| first.seq);
    let to = messages.last().map_or(pivot.seq, |last| last.seq + 1);
    // A client asks for messages that are announced, and would ask for missing ones for ever.
    Ok(MessagePage {
        older: from > 1 && (is_whole || !messages.is_empty()),
        messages,
        newer: to < after_all.seq,
    })
}

/// Numbers messages without gaps, from the first message at or after the pivot. Rows are missing, or their
/// numbers are damaged. A page with a gap would be no page.
fn renumber(messages: &mut [Message], pivot: MessagePosition) {
    static WARNED: Once = Once::new();
    // Every page of the room meets it again.
    WARNED.call_once(|| tracing::error!("messages are missing in the database; run `teahouse check`"));
    let before = messages.partition_point(|message| message.n < pivot.n);
    let first = pivot.seq.saturating_sub(u64::try_from(before).unwrap_or(u64::MAX)).max(1);
    messages.iter_mut().zip(first..).for_each(|(message, seq)| message.seq = seq);
}

/// Number of messages in a room whose last message is at this position.
pub(super) fn count(db: &Database, room: RoomId, last: Option<u64>) -> Result<u64, LogError> {
    let Some(last) = last else { return Ok(0) };
    // The number in the body is enough, if it can be read.
    let mut select = db.prepare_cached("SELECT body FROM events WHERE n = ?1")?;
    let seq =
        select.query_row([to_sql(last)], |row| Ok(row.get_ref(0)?.as_str().ok().and_then(row::message_seq)));
    if let Some(seq) = seq.optional()?.flatten() {
        return Ok(seq);
    }
    let room = RoomMessages { db, partition: Partition::messages(room), through: u64::MAX };
    Ok(room.last()?.map_or(0, |last| last.seq))
}

/// The messages of one room, up to a position.
struct RoomMessages<'a> {
    db: &'a Database,
    partition: Partition,
    through: u64,
}

/// Position and number of a message.
#[derive(Clone, Copy)]
struct MessagePosition {
    n: u64,
    seq: u64,
}

struct TimedPosition {
    position: MessagePosition,
    at: u64,
}

impl RoomMessages<'_> {
    fn select(&self, rest: &str) -> Result<CachedStatement<'_>, LogError> {
        Ok(self.db.prepare_cached(&select(rest))?)
    }

    /// The newest message.
    fn last(&self) -> Result<Option<MessagePosition>, LogError> {
        let mut select = self.select("e.n <= ?2 ORDER BY e.n DESC LIMIT 1")?;
        let found = select
            .query_row((self.partition.0, to_sql(self.through)), |row| Ok(message(self.db, row)))
            .optional()?;
        Ok(found.transpose()?.map(|Message { n, seq, .. }| MessagePosition { n, seq }))
    }

    /// The first message at this position or after it.
    fn first_from(&self, n: u64) -> Result<Option<TimedPosition>, LogError> {
        let mut select = self.select("e.n >= ?2 AND e.n <= ?3 ORDER BY e.n LIMIT 1")?;
        let bounds = (self.partition.0, to_sql(n), to_sql(self.through));
        let found = select.query_row(bounds, |row| Ok(message(self.db, row))).optional()?;
        Ok(found
            .transpose()?
            .map(|Message { n, seq, at, .. }| TimedPosition { position: MessagePosition { n, seq }, at }))
    }

    /// The first message at this time or later, by binary search. `last` is the position of the newest.
    fn first_since(&self, time: u64, last: u64) -> Result<Option<MessagePosition>, LogError> {
        // All messages before `low` are earlier. `found` is the first that is known to be at `time` or
        // later.
        let (mut low, mut high, mut found) = (1, last + 1, None);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(middle_message) = self.first_from(middle)? else { break };
            if middle_message.at >= time {
                (high, found) = (middle, Some(middle_message.position));
            } else {
                low = middle_message.position.n + 1;
            }
        }
        Ok(found)
    }

    /// The newest messages before this position, oldest first.
    fn before(&self, position: MessagePosition, count: u64) -> Result<Vec<Message>, LogError> {
        let mut select = self.select("e.n < ?2 ORDER BY e.n DESC LIMIT ?3")?;
        let bounds = (self.partition.0, to_sql(position.n), to_sql(count));
        let found = select.query_and_then(bounds, |row| message(self.db, row))?;
        let mut messages = found.collect::<Result<Vec<_>, _>>()?;
        messages.reverse();
        Ok(messages)
    }

    /// The messages at this position and after it.
    fn from(&self, position: MessagePosition, count: u64) -> Result<Vec<Message>, LogError> {
        // If rows are missing, the count reaches beyond the last position.
        let mut select = self.select("e.n >= ?2 AND e.n <= ?3 ORDER BY e.n LIMIT ?4")?;
        let bounds = (self.partition.0, to_sql(position.n), to_sql(self.through), to_sql(count));
        select.query_and_then(bounds, |row| message(self.db, row))?.collect()
    }
}

/// The query for messages of a partition, with this rest of its condition.
pub(super) fn select(rest: &str) -> String {
    format!("SELECT {PRESENT_MESSAGES} WHERE e.partition = ?1 AND {rest}")
}

fn message(db: &Database, row: &rusqlite::Row<'_>) -> Result<Message, LogError> {
    match event_reader::read(db, row)? {
        Event::Posted(posted) => Ok(posted.into_message()),
        other => Err(LogError::Damaged(format!(
            "event {:?} is not a message",
            other.position().map(|position| position.n)
        ))),
    }
}
