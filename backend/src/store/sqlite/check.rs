//! Checks a log: it reads every event, rebuilds the projections from the events and compares them. This
//! finds rows that do not fit together. It cannot show that a text is the one that was sent.
//!
//! The check reads one state of the log and writes nothing, so the house may be open meanwhile.

mod events;
mod report;
mod state;

pub use report::CheckReport;

use super::{FILE, database, log_error::LogError, log_lookup::TransactionLog, projection, row::from_sql};
use crate::store::limits::DIFFERENCES_MAX;
use crate::store::permission_hint::FileUse;
use hub::house::log_lookup::{LogLookup, MessageState};
use rusqlite::Connection as Database;
use std::{fs, io, path::Path};

/// Checks the log of a data folder.
///
/// # Errors
///
/// The log cannot be read at all.
pub fn check(folder: &Path) -> Result<CheckReport, LogError> {
    check_file(&folder.join(FILE))
}

pub(super) fn check_file(file: &Path) -> Result<CheckReport, LogError> {
    check_readable(file)?;
    check_log(file).map_err(|error| error.at(file, FileUse::Read))
}

/// Checks that the log exists and that this user may read it.
pub(super) fn check_readable(file: &Path) -> Result<(), LogError> {
    match fs::File::open(file).and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(LogError::Refused(format!("{}: this is not a file", file.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LogError::Missing(file.to_owned())),
        Err(error) => Err(LogError::Io(error).at(file, FileUse::Read)),
    }
}

fn check_log(file: &Path) -> Result<CheckReport, LogError> {
    let db = database::any_format_reader(file)?;
    let transaction = db.unchecked_transaction()?;
    check_connection(&transaction)
}

/// Checks the log of this connection.
pub(super) fn check_connection(db: &Database) -> Result<CheckReport, LogError> {
    let mut report = CheckReport::default();
    check_integrity(db, &mut report)?;
    let house = events::check(db, &mut report)?;
    report.are_events_sound = report.is_sound() && !report.has_lost_state;
    report.are_readable_events_sound = report.is_sound_but_for_unreadable();
    check_rows(db, &mut report)?;
    match projection::house(db) {
        Ok(stored) => state::compare(&house, &stored, &mut report),
        Err(error) => report.add_difference(format!("the stored state cannot be read: {error}")),
    }
    Ok(report)
}

/// SQLite's own check: pages, and each index against its table.
fn check_integrity(db: &Database, report: &mut CheckReport) -> Result<(), LogError> {
    let mut select = db.prepare(&format!("PRAGMA integrity_check({DIFFERENCES_MAX})"))?;
    let lines = select.query_map((), |row| row.get::<_, String>(0))?;
    for line in lines {
        let line = line?;
        if line != "ok" {
            report.add_difference(line);
        }
    }
    Ok(())
}

/// Checks rows that need no events.
fn check_rows(db: &Database, report: &mut CheckReport) -> Result<(), LogError> {
    for (what, sql) in [
        (
            "two receipts for one id",
            "SELECT n FROM events WHERE client_id IS NOT NULL GROUP BY author, client_id HAVING count(*) > 1",
        ),
        ("a member without a device", "SELECT id FROM members WHERE id NOT IN (SELECT member FROM devices)"),
        (
            "a device without a member",
            "SELECT member FROM devices WHERE member NOT IN (SELECT id FROM members)",
        ),
        (
            "a membership without a member",
            "SELECT member FROM memberships WHERE member NOT IN (SELECT id FROM members)",
        ),
        (
            "a membership without a room",
            "SELECT room FROM memberships WHERE room NOT IN (SELECT id FROM rooms)",
        ),
    ] {
        let mut select = db.prepare(sql)?;
        let found = select.query_map((), |row| row.get::<_, i64>(0))?;
        for number in found {
            report.add_difference(format!("{what}: {}", number?));
        }
    }
    check_messages(db, report)?;
    if projection::epoch(db)?.is_none() {
        report.add_difference("the epoch is missing");
    }
    Ok(())
}

/// Checks the state of the messages that are not as they were posted. No event of this build changes a message.
fn check_messages(db: &Database, report: &mut CheckReport) -> Result<(), LogError> {
    let log = TransactionLog(db);
    let mut select = db.prepare("SELECT n FROM messages ORDER BY n")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let n = from_sql(row.get(0)?)?;
        match log.message(n)? {
            Some(stored) => {
                let rebuilt = MessageState::as_posted(stored.room, stored.author);
                report.compare(format_args!("message {n}"), &rebuilt, &stored);
            }
            None => report.add_difference(format!("a changed message that is no message: {n}")),
        }
    }
    Ok(())
}
