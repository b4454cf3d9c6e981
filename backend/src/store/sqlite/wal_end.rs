//! Cuts the pages in the write-ahead log behind its last commit.
//!
//! A COMMIT whose sync fails has written its pages, the commit mark included. No reader sees them: the index
//! of the write-ahead log ends before them, and it lives as long as the readers' connections. But if the
//! process is killed then, no index is left. The next start would find the pages and take them for
//! committed. So they are cut before the refusal is sent.

use super::{LogFiles, database, log_error::LogError};
use std::{fs, io};

/// Bytes before the first page.
const HEADER: u64 = 32;
/// Bytes before each page.
const PAGE_HEADER: u64 = 24;

/// Cuts the write-ahead log at the end of its index. The caller must be the only writer, and no transaction
/// may be open.
pub(super) fn cut(files: &LogFiles) -> Result<(), LogError> {
    let db = database::index(&files.log)?;
    let pages: i64 = db.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| row.get(1))?;
    let page_bytes: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let (Ok(pages), Ok(page_bytes)) = (u64::try_from(pages), u64::try_from(page_bytes)) else {
        // There is no write-ahead log.
        return Ok(());
    };
    let length = if pages == 0 { 0 } else { HEADER + pages * (PAGE_HEADER + page_bytes) };
    // SQLite locks the database and the index, never this file. So opening and closing it releases no lock.
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
