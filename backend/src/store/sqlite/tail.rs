//! What stands in the write-ahead log past its last commit.
//!
//! A COMMIT whose sync fails has written its pages, mark of commit and all.
//! They are in nobody's sight, for the index of the write-ahead log ends before
//! them, and the index lives as long as a connection does: the readers'. But a
//! process killed then leaves no index, and the next start would find them and
//! take them for committed. So they are cut off, before anybody is told that
//! what they hold was refused.

use super::{LogFiles, database, log_error::LogError};
use std::{fs, io};

/// Bytes before the first page.
const HEADER: u64 = 32;
/// Bytes before each page.
const PAGE_HEADER: u64 = 24;

/// Cuts the write-ahead log where its index ends. The caller is the only writer, and no
/// transaction is open.
pub(super) fn cut(files: &LogFiles) -> Result<(), LogError> {
    let db = database::index(&files.log)?;
    let pages: i64 = db.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| row.get(1))?;
    let page_bytes: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let (Ok(pages), Ok(page_bytes)) = (u64::try_from(pages), u64::try_from(page_bytes)) else {
        // There is no write-ahead log.
        return Ok(());
    };
    let length = if pages == 0 { 0 } else { HEADER + pages * (PAGE_HEADER + page_bytes) };
    // SQLite locks the database and the index, never this file: to open and close it lets go of nothing.
    let file = match fs::OpenOptions::new().write(true).open(&files.wal) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.len() > length {
        file.set_len(length)?;
        file.sync_all()?;
    }
    Ok(())
}
