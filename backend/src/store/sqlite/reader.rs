//! A reader: one thread with a connection of its own.

use super::{Files, database, fault::Fault, page, read_queue::Desk, replay};
use hub::query::{Query, QueryResult};
use rusqlite::Connection;
use shared::ErrorCode;

/// Answers questions until the desk is closed.
pub(super) fn run(files: &Files, mut db: Connection, desk: &Desk) {
    while let Some(ask) = desk.next() {
        let found = answer(&db, &ask.query);
        let has_failed = found.is_err();
        // Whoever asked may be gone.
        let _ = ask.answer.send(found.map_err(|fault| {
            tracing::error!("cannot read the database: {fault}");
            ErrorCode::StoreRefused
        }));
        // The old connection may hold on to bad pages. It is there until the new one is: the index
        // of the write-ahead log must not be without a connection.
        if has_failed && let Ok(new) = database::reader(&files.log) {
            db = new;
        }
    }
}

/// One question, over one state of the log.
fn answer(db: &Connection, query: &Query) -> Result<QueryResult, Fault> {
    let transaction = db.unchecked_transaction()?;
    let found = match query {
        Query::History { room, at, limit, through } => {
            QueryResult::Page(page::read(&transaction, *room, *at, *limit, *through)?)
        }
        Query::Replay { addresses, after, through, is_first } => {
            QueryResult::Replayed(replay::read(&transaction, addresses, *after, *through, *is_first)?)
        }
    };
    transaction.commit()?;
    Ok(found)
}
