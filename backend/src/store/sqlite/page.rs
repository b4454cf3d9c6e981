//! A page of a room's messages. Their numbers have no gaps and their positions
//! and times ascend with them, so the place of a position or a time is found by
//! halving, however long the room is.

use super::{
    fault::Fault,
    fold::messages,
    row::{self, COLUMNS, ours, sql},
};
use hub::query::{Page, range, trim};
use rusqlite::{Connection, OptionalExtension};
use shared::{Event, Message, RoomId, command::At};
use std::ops::Range;

pub(super) fn read(db: &Connection, room: RoomId, at: At, limit: usize, through: u64) -> Result<Page, Fault> {
    let last = messages(db, room)?;
    let shelf = Shelf { db, room };
    // Mostly all of them are seen.
    let end = match last {
        0 => 1,
        last if shelf.stands(last)?.n <= through => last + 1,
        last => shelf.first(1..last, |stand| stand.n > through)?,
    };
    let pivot = match at {
        At::Newest => end,
        At::Before(n) | At::Around(n) => shelf.first(1..end, |stand| stand.n >= n)?,
        At::After(n) => shelf.first(1..end, |stand| stand.n > n)?,
        At::Date(time) => shelf.first(1..end, |stand| stand.at >= time)?,
    };
    let (wanted, cut) = range(at, pivot, limit, 1, end - 1);
    let mut messages = shelf.messages(wanted)?;
    trim(&mut messages, cut);
    let from = messages.first().map_or(pivot, |first| first.seq);
    let to = messages.last().map_or(pivot, |last| last.seq + 1);
    Ok(Page { messages, older: from > 1, newer: to < end })
}

/// One room's messages in their order.
struct Shelf<'a> {
    db: &'a Connection,
    room: RoomId,
}

/// Where a message stands.
struct Stand {
    n: u64,
    at: u64,
}

impl Shelf<'_> {
    fn stands(&self, seq: u64) -> Result<Stand, Fault> {
        let mut select = self.db.prepare_cached("SELECT n, at FROM messages WHERE room = ?1 AND seq = ?2")?;
        let found = select.query_row((sql(self.room.0), sql(seq)), |row| Ok((row.get(0)?, row.get(1)?)));
        let (n, at) = found.optional()?.ok_or_else(|| self.missing(seq))?;
        Ok(Stand { n: ours(n)?, at: ours(at)? })
    }

    /// The first number in this range for which it holds; its end, if for none. Where it holds for
    /// one it holds for all after it.
    fn first(&self, numbers: Range<u64>, holds: impl Fn(&Stand) -> bool) -> Result<u64, Fault> {
        let Range { start: mut low, end: mut high } = numbers;
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(&self.stands(middle)?) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    fn messages(&self, wanted: Range<u64>) -> Result<Vec<Message>, Fault> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM messages m CROSS JOIN events e ON e.n = m.n
             WHERE m.room = ?1 AND m.seq >= ?2 AND m.seq < ?3 ORDER BY m.seq"
        ))?;
        let mut rows = select.query((sql(self.room.0), sql(wanted.start), sql(wanted.end)))?;
        let mut messages = Vec::new();
        for seq in wanted {
            let row = rows.next()?.ok_or_else(|| self.missing(seq))?;
            match row::read(row)? {
                Event::Posted(posted) if posted.seq == seq => messages.push(posted.into_message()),
                _ => return Err(self.missing(seq)),
            }
        }
        Ok(messages)
    }

    fn missing(&self, seq: u64) -> Fault {
        Fault::Damaged(format!("message {seq} of room {} is missing", self.room.0))
    }
}
