//! Repairs a log that is closed. It blanks the events that cannot be read: each keeps its position, its time and
//! its author, and loses for good what cannot be read of its body and text. It writes the stored state anew if that
//! differs from sound events.
//!
//! Nothing else is repaired. A log with other damage needs a backup.

use super::{
    FILE, LogFiles,
    check::{CheckReport, check_connection, check_readable},
    commit, database, event_reader, file_pair,
    log_error::LogError,
    open_log::sync_wal,
    row::{self, COLUMNS, UnreadableRow},
};
use crate::store::data_folder::DataFolder;
use crate::store::permission_hint::FileUse;
use rusqlite::{Connection as Database, TransactionBehavior};
use shared::Event;

/// Result of a repair.
#[derive(Debug)]
pub struct Repaired {
    /// Events that the repair has blanked.
    pub blanked: u64,
    /// Whether the stored state was written anew.
    pub has_new_state: bool,
    /// The check after the repair.
    pub report: CheckReport,
}

/// Repairs the log of a folder, whole or not at all. The folder is locked, so no server uses the log.
///
/// # Errors
///
/// The log cannot be read or written at all, or its files do not belong together.
pub fn repair(folder: &DataFolder) -> Result<Repaired, LogError> {
    let files = LogFiles::of(folder.path());
    check_readable(&files.log)?;
    repair_log(&files).map_err(|error| error.at(&folder.path().join(FILE), FileUse::Write))
}

fn repair_log(files: &LogFiles) -> Result<Repaired, LogError> {
    file_pair::verify_repairable(files)?;
    sync_wal(files)?;
    let mut db = database::writer(&files.log)?;
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let blanked = blank_unreadable(&transaction)?;
    let mut report = check_connection(&transaction)?;
    let has_new_state = !report.is_sound() && report.are_events_sound();
    if has_new_state {
        commit::rebuild_projections(&transaction)?;
        report = check_connection(&transaction)?;
    }
    // Closing this connection puts the whole write-ahead log into the database file.
    file_pair::release(&transaction)?;
    transaction.commit()?;
    Ok(Repaired { blanked, has_new_state, report })
}

/// Blanks each event that cannot be read. Returns their number.
fn blank_unreadable(db: &Database) -> Result<u64, LogError> {
    // Gather them first: a statement must not change what it reads.
    let mut unreadable = Vec::new();
    let mut select = db.prepare(&format!("SELECT {COLUMNS} FROM events e ORDER BY e.n"))?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        // An event without a position is no damaged content, and stays.
        if let Ok(Err(found)) = row::decode(row)
            && !found.is_blank
        {
            unreadable.push(found);
        }
    }
    for found in &unreadable {
        blank(db, found)?;
    }
    Ok(unreadable.len() as u64)
}

fn blank(db: &Database, unreadable: &UnreadableRow) -> Result<(), LogError> {
    let body = match event_reader::stand_in(db, unreadable)? {
        Event::Posted(_) if unreadable.body.is_some() => None,
        Event::Posted(posted) => Some(row::message_body(&posted)?),
        _ => Some("{}".to_owned()),
    };
    db.execute(
        "UPDATE events SET kind = ?2, body = coalesce(?3, body), text = iif(?4, text, NULL) WHERE n = ?1",
        (row::to_sql(unreadable.position.n), row::BLANK, body, unreadable.text.is_some()),
    )?;
    Ok(())
}
