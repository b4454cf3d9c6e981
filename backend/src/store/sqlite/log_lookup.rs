//! Answers the questions of [`hub::House::execute`] from the transaction of the change.
//!
//! Most messages stay as they were posted. The table `messages` has a row only for the others, so it stays small
//! however long the log is.

use super::{
    event_reader,
    log_error::LogError,
    partition::Partition,
    row::{COLUMNS, from_sql, to_sql},
};
use hub::house::{
    change::Receipt,
    log_lookup::{LogLookup, MessageState},
};
use rusqlite::{Connection as Database, OptionalExtension, Row};
use shared::{Address, ClientId, Event, MemberId, event::Posted};

/// The log inside a transaction.
pub(super) struct TransactionLog<'a>(pub(super) &'a Database);

impl LogLookup for TransactionLog<'_> {
    type Error = LogError;

    fn receipt(&self, author: MemberId, client_id: ClientId) -> Result<Option<Receipt>, LogError> {
        let mut select = self.0.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM events e WHERE e.author = ?1 AND e.client_id = ?2"
        ))?;
        let mut rows = select.query((to_sql(author.0), client_id.0))?;
        rows.next()?.map(|row| receipt_of(self.0, row)).transpose()
    }

    fn message(&self, n: u64) -> Result<Option<MessageState>, LogError> {
        let mut select = self.0.prepare_cached(
            "SELECT e.partition, e.author, m.version, m.is_deleted
             FROM events e LEFT JOIN messages m ON m.n = e.n WHERE e.n = ?1",
        )?;
        let found = select.query_row([to_sql(n)], |row| Ok(message_of(row))).optional()?;
        Ok(found.transpose()?.flatten())
    }
}

fn message_of(row: &Row<'_>) -> Result<Option<MessageState>, LogError> {
    let partition = Partition(row.get(0)?);
    let Address::Room(room) = partition.address()? else { return Ok(None) };
    if !partition.holds_messages() {
        return Ok(None);
    }
    let posted = MessageState::as_posted(room, MemberId(from_sql(row.get(1)?)?));
    Ok(Some(match row.get::<_, Option<u32>>(2)? {
        Some(version) => MessageState { version, is_deleted: row.get(3)?, ..posted },
        None => posted,
    }))
}

/// The receipt of the change whose subject is in this row. A damaged row has the receipt of an intact one.
fn receipt_of(db: &Database, row: &Row<'_>) -> Result<Receipt, LogError> {
    let (n, at) = (from_sql(row.get(0)?)?, from_sql(row.get(6)?)?);
    match (event_reader::read(db, row)?, Partition(row.get(1)?).address()?) {
        (Event::Posted(Posted { seq, .. }), _) => Ok(Receipt { n, seq, at, room: None }),
        (_, Address::Room(room)) => Ok(Receipt { n, seq: 0, at, room: Some(room) }),
        (_, Address::Member(_)) => Err(LogError::Damaged("a receipt without a change".to_owned())),
    }
}
