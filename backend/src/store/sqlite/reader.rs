//! A reader: one thread with a connection of its own.

use super::{LogFiles, database, history, log_error::LogError, read_queue::ReadQueue, replay};
use hub::query::{Query, QueryResult};
use rusqlite::Connection as Database;
use shared::ErrorCode;

/// Answers questions until the desk is closed.
pub(super) fn run(files: &LogFiles, mut db: Database, queue: &ReadQueue) {
    while let Some(read) = queue.next() {
        let found = answer(&db, &read.query);
        let has_failed = found.is_err();
        // Whoever asked may be gone.
        let _ = read.outcome.send(found.map_err(|error| {
            tracing::error!("cannot read the database: {error}");
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
fn answer(db: &Database, query: &Query) -> Result<QueryResult, LogError> {
    let transaction = db.unchecked_transaction()?;
    let found = match query {
        Query::History { room, at, limit, through } => {
            QueryResult::Page(history::read(&transaction, *room, *at, *limit, *through)?)
        }
        Query::Replay { addresses, after, through, is_first } => {
            QueryResult::Replayed(replay::read(&transaction, addresses, *after, *through, *is_first)?)
        }
    };
    transaction.commit()?;
    Ok(found)
}
