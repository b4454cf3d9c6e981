//! Reads events for everyone but the check. A row whose content cannot be decoded becomes a placeholder with the
//! same position, so one damaged row stops neither a page nor a replay.
//!
//! A damaged message keeps its body or its text, if the other one is damaged. Without its body its number follows
//! from its neighbours. Every other damaged event keeps only its position: clients skip it, and see no gap.

use super::{
    log_error::LogError,
    partition::Partition,
    row::{self, UnreadableRow, from_sql, to_sql},
};
use crate::store::limits::NEIGHBOURS_MAX;
use hub::house::commit::LogEntry;
use rusqlite::{Connection as Database, OptionalExtension, Row};
use shared::{
    ClientId, Event, MemberId,
    event::{Position, Posted},
};
use std::sync::Once;

/// Reads an event from [`row::COLUMNS`].
pub(super) fn read(db: &Database, row: &Row<'_>) -> Result<Event, LogError> {
    match row::decode(row)? {
        Ok(entry) => Ok(entry.event),
        Err(unreadable) => {
            warn_once(&unreadable);
            stand_in(db, &unreadable)
        }
    }
}

/// Reads an event with its server-only fields from [`row::COLUMNS`], for a reader that computes the mark of the
/// log. A message that has lost its client id has another mark than it had, so it keeps only its position.
pub(super) fn read_entry(db: &Database, row: &Row<'_>) -> Result<LogEntry, LogError> {
    let entry = match row::decode(row)? {
        Ok(entry) => entry,
        Err(UnreadableRow { client_id: None, position, .. }) => {
            LogEntry { event: Event::UnknownDurable(position), device: None }
        }
        Err(unreadable) => LogEntry { event: stand_in(db, &unreadable)?, device: None },
    };
    Ok(entry)
}

/// The placeholder of a damaged event, with what the rest of the log tells about a message.
pub(super) fn stand_in(db: &Database, unreadable: &UnreadableRow) -> Result<Event, LogError> {
    let UnreadableRow { position, partition, author, .. } = *unreadable;
    if !partition.holds_messages() {
        return Ok(Event::UnknownDurable(position));
    }
    if unreadable.body.is_some() {
        return Ok(placeholder(unreadable, 0, String::new()));
    }
    let (seq, name) = (message_seq(db, partition, position.n)?, present_name(db, author)?);
    Ok(placeholder(unreadable, seq, name))
}

/// Logs the first damaged row that no repair has blanked. Every page that holds it meets it again.
fn warn_once(unreadable: &UnreadableRow) {
    static WARNED: Once = Once::new();
    let UnreadableRow { position, reason, is_blank, .. } = unreadable;
    if *is_blank {
        return;
    }
    WARNED.call_once(|| {
        tracing::error!(
            "event {} in the database is damaged: {reason}. It is shown as unreadable. Run `teahouse check`.",
            position.n
        );
    });
}

/// The placeholder of a damaged event. `seq` and `name` count only for a message whose body is damaged.
pub(super) fn placeholder(unreadable: &UnreadableRow, seq: u64, name: String) -> Event {
    let UnreadableRow { position, partition, at, author, client_id, .. } = *unreadable;
    let Position { n, to, prev } = position;
    if !partition.holds_messages() {
        return Event::UnknownDurable(position);
    }
    let (seq, name, tag) = match &unreadable.body {
        Some(body) => (body.seq, body.name.clone(), body.tag),
        // The page shows a passer-by by the tag. No connection has this one.
        None => (seq, name, (author == MemberId::PASSER_BY).then_some(0)),
    };
    let text = unreadable.text.clone().unwrap_or_default();
    let client_id = client_id.unwrap_or_else(|| placeholder_id(n));
    Event::Posted(Posted { n, to, prev, seq, at, author, name, tag, client_id, text })
}

/// Number of a message whose body is damaged: it follows the number of the nearest earlier message that can be
/// read. Beyond [`NEIGHBOURS_MAX`] damaged ones the messages are counted.
fn message_seq(db: &Database, partition: Partition, n: u64) -> Result<u64, LogError> {
    let mut select = db.prepare_cached(
        "SELECT CAST(body AS BLOB) FROM events WHERE partition = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3",
    )?;
    let mut bodies = select.query((partition.0, to_sql(n), NEIGHBOURS_MAX))?;
    let mut distance = 0;
    while let Some(body) = bodies.next()? {
        distance += 1;
        let body: Vec<u8> = body.get(0)?;
        if let Some(seq) = std::str::from_utf8(&body).ok().and_then(row::message_seq) {
            return Ok(seq.saturating_add(distance));
        }
    }
    if distance < u64::from(NEIGHBOURS_MAX) {
        return Ok(distance + 1);
    }
    let mut count = db.prepare_cached("SELECT count(*) FROM events WHERE partition = ?1 AND n <= ?2")?;
    from_sql(count.query_row((partition.0, to_sql(n)), |row| row.get(0))?)
}

/// Name of a member, or an empty one if the member has left.
pub(super) fn present_name(db: &Database, member: MemberId) -> Result<String, LogError> {
    let mut select = db.prepare_cached("SELECT name FROM members WHERE id = ?1")?;
    Ok(select.query_row([to_sql(member.0)], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// A client id for a message that has lost its own. Clients tell messages apart by it.
fn placeholder_id(n: u64) -> ClientId {
    ClientId(u128::from(n).to_be_bytes())
}
