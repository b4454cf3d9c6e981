//! A reader: one thread with a database connection of its own.

use super::{
    LogFiles, database, history, live_tail,
    log_error::LogError,
    markers,
    read_queue::{QueuedRead, ReadQueue},
    replay, row,
};
use hub::query::{Query, QueryResult};
use rusqlite::Connection as Database;
use shared::ErrorCode;
use tokio::sync::oneshot;

/// Performs reads until the queue is closed.
pub(super) fn run(files: &LogFiles, mut db: Database, queue: &ReadQueue) {
    while let Some(read) = queue.next() {
        #[cfg(test)]
        files.faults.panic_if(&files.faults.reader_panics);
        let has_failed = match read {
            QueuedRead::Query(query, outcome) => give(answer(&db, &query), outcome),
            QueuedRead::Tail(after, outcome) => give(live_tail::read(&db, after), outcome),
        };
        // The old connection may hold bad pages, so replace it. It is closed after the new one is open: the
        // index of the write-ahead log needs a connection at all times.
        if has_failed && let Ok(new) = database::reader(&files.log) {
            db = new;
        }
    }
}

/// Gives the result of a read to its caller. True if the read has failed.
fn give<T>(found: Result<T, LogError>, outcome: oneshot::Sender<Result<T, ErrorCode>>) -> bool {
    let found = found.map_err(|error| {
        tracing::error!("cannot read the database: {error}");
        ErrorCode::StoreRefused
    });
    let has_failed = found.is_err();
    // The caller may be gone.
    let _ = outcome.send(found);
    has_failed
}

/// Answers one query from one state of the log.
fn answer(db: &Database, query: &Query) -> Result<QueryResult, LogError> {
    let transaction = db.unchecked_transaction()?;
    let found = match query {
        Query::History { room, at, limit, through } => {
            QueryResult::Page(history::read(&transaction, *room, *at, *limit, *through)?)
        }
        Query::Replay { addresses, after, through, is_first } => {
            QueryResult::Replayed(replay::read(&transaction, addresses, *after, *through, *is_first)?)
        }
        Query::Markers { member, rooms, through, counts } => {
            QueryResult::Markers(markers::read(&transaction, *member, rooms, *through, *counts)?)
        }
        Query::Mark { at } => QueryResult::Mark(row::mark_at(&transaction, *at)?),
    };
    transaction.commit()?;
    Ok(found)
}
