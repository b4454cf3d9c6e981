//! Faults of a disk, injected by tests.

use super::{LogFiles, log_error::LogError};
use rusqlite::{Connection as Database, ffi};
use std::{
    fs,
    io::Write,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

/// The faults that are active.
#[derive(Debug, Default)]
pub(super) struct InjectedFaults {
    /// Pages that the database may have; 0 for no limit.
    pub(super) pages_max: AtomicU32,
    /// Whether all writes fail.
    pub(super) is_read_only: AtomicBool,
    /// Whether all syncs fail.
    pub(super) syncs_fail: AtomicBool,
    /// Whether the next sync of the database fails. The failure resets it.
    pub(super) database_sync_fails: AtomicBool,
    /// Whether the next read ends its thread with a panic.
    pub(super) reader_panics: AtomicBool,
    /// Whether the next checkpoint ends its thread with a panic.
    pub(super) checkpointer_panics: AtomicBool,
    /// Whether the writer has begun to open the log again.
    pub(super) is_recovering: AtomicBool,
    /// Whether that takes until a test resets this.
    pub(super) is_recovery_held: AtomicBool,
    /// Bytes that the next failed sync leaves at the end of the write-ahead log.
    pub(super) unsynced_pages: Mutex<Vec<u8>>,
}

impl InjectedFaults {
    /// Called before each transaction.
    pub(super) fn arrange(&self, db: &Database) -> Result<(), LogError> {
        let pages = match self.pages_max.load(Ordering::SeqCst) {
            0 => u32::MAX - 1,
            pages => pages,
        };
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(()))?;
        db.execute_batch(&format!("PRAGMA query_only = {}", self.is_read_only.load(Ordering::SeqCst)))?;
        Ok(())
    }

    /// Called when the writer begins to open the log again.
    pub(super) fn begin_recovery(&self) {
        self.is_recovering.store(true, Ordering::SeqCst);
        while self.is_recovery_held.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Called in a thread that this fault may end.
    pub(super) fn panic_if(&self, fault: &AtomicBool) {
        assert!(!fault.swap(false, Ordering::SeqCst), "a test ends this thread");
    }

    /// Called before each sync of checkpointed pages.
    pub(super) fn sync_database(&self) -> Result<(), LogError> {
        if self.database_sync_fails.swap(false, Ordering::SeqCst) {
            return Err(LogError::Sync(std::io::Error::other("this sync is to fail")));
        }
        Ok(())
    }

    /// Called before each commit.
    pub(super) fn sync(&self, files: &LogFiles) -> Result<(), LogError> {
        if !self.syncs_fail.load(Ordering::SeqCst) {
            return Ok(());
        }
        let unsynced_pages = std::mem::take(&mut *self.unsynced_pages.lock().unwrap());
        fs::OpenOptions::new().append(true).open(&files.wal)?.write_all(&unsynced_pages)?;
        let code =
            ffi::Error { code: ffi::ErrorCode::SystemIoFailure, extended_code: ffi::SQLITE_IOERR_FSYNC };
        Err(LogError::Sql(rusqlite::Error::SqliteFailure(code, None)))
    }
}
