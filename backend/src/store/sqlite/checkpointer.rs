//! Keeps the write-ahead log short: moves its pages into the database, so that readers find
//! them quickly and a start has little to recover.
//!
//! To move pages takes as long as many commits, and whoever posts would wait for it. So a thread of
//! its own moves what there is, while the writer goes on; the writer itself moves only the short tail
//! that was written meanwhile. With nothing left to move, the write-ahead log begins anew by itself
//! with the next commit during which nobody reads from it.
//!
//! A sync of the database that has failed is never tried again: the system may have dropped what it
//! could not write and say nothing of it the second time. From then on nothing is moved any more, not at
//! the end either. All is in the write-ahead log, which grows until the next start moves it anew.

use super::{LogFiles, database, log_error::LogError};
use crate::store::limits::{BUSY, BUSY_READERS, PAUSE_FIRST, WAL_PAGES, WAL_PAGES_MAX, WAL_TAIL};
use rusqlite::{Connection as Database, config::DbConfig};
use std::{
    fs::{self, File},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// The thread beside the writer.
pub(super) struct Checkpointer {
    requests: Option<SyncSender<()>>,
    is_busy: Arc<AtomicBool>,
    /// A sync of the database has failed.
    has_failed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// The database, to sync it. SQLite's locks belong to the process, and closing any handle of the
    /// file lets go of them: this one must outlive all connections.
    file: Arc<File>,
}

/// What is to be done between two batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NextCheckpoint {
    Nothing,
    /// The thread moves what there is.
    Background,
    /// The writer moves the rest.
    Tail,
    /// The writer moves the rest and waits for readers, so that it begins anew.
    Restart,
}

impl NextCheckpoint {
    /// Of so many pages in the write-ahead log, the first of which were moved.
    fn of(pages: i64, checkpointed: i64, is_busy: bool) -> Self {
        let rest = pages - checkpointed;
        match () {
            () if pages >= WAL_PAGES_MAX && rest > 0 => NextCheckpoint::Restart,
            () if is_busy => NextCheckpoint::Nothing,
            () if rest >= WAL_PAGES => NextCheckpoint::Background,
            () if pages >= 2 * WAL_PAGES && 0 < rest && rest <= WAL_TAIL => NextCheckpoint::Tail,
            () if pages >= 2 * WAL_PAGES && rest > 0 => NextCheckpoint::Background,
            () => NextCheckpoint::Nothing,
        }
    }
}

impl Checkpointer {
    /// Begins the thread.
    pub(super) fn start(files: &LogFiles) -> Result<Self, LogError> {
        let db = database::checkpointer(&files.log)?;
        let (requests, receiver) = sync_channel(1);
        let [is_busy, has_failed] = [(); 2].map(|()| Arc::<AtomicBool>::default());
        let file = Arc::new(fs::OpenOptions::new().write(true).open(&files.log)?);
        let thread_state = CheckpointThread {
            db,
            file: Arc::clone(&file),
            is_busy: Arc::clone(&is_busy),
            has_failed: Arc::clone(&has_failed),
            #[cfg(test)]
            faults: Arc::clone(&files.faults),
        };
        let thread = thread::Builder::new()
            .name("checkpointer".to_owned())
            .spawn(move || thread_state.run(&receiver))?;
        Ok(Checkpointer { requests: Some(requests), is_busy, has_failed, thread: Some(thread), file })
    }

    /// What must be dropped after the last connection.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Looks after the write-ahead log between two batches of this connection.
    pub(super) fn checkpoint(&self, db: &Database) -> Result<(), LogError> {
        if self.has_failed.load(Ordering::Acquire) {
            return disable_checkpoint_on_close(db);
        }
        let mut look = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let (pages, checkpointed): (i64, i64) = look.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))?;
        let found = match NextCheckpoint::of(pages, checkpointed, self.is_busy.load(Ordering::Acquire)) {
            NextCheckpoint::Nothing => Ok(()),
            NextCheckpoint::Background => {
                self.is_busy.store(true, Ordering::Release);
                // There is room: it is not busy.
                let _ = self.requests.as_ref().map(|requests| requests.try_send(()));
                Ok(())
            }
            NextCheckpoint::Tail => passive(db),
            NextCheckpoint::Restart => restart(db),
        };
        if found.as_ref().is_err_and(LogError::is_failed_sync) {
            self.has_failed.store(true, Ordering::Release);
            disable_checkpoint_on_close(db)?;
        }
        found
    }

    /// Waits for the thread, before this connection is closed as the last one.
    pub(super) fn end(&mut self, db: Option<&Database>) -> Result<(), LogError> {
        drop(self.requests.take());
        self.thread.take().map(JoinHandle::join);
        match db {
            Some(db) if self.has_failed.load(Ordering::Acquire) => disable_checkpoint_on_close(db),
            _ => Ok(()),
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        let _ = self.end(None);
    }
}

/// What the thread has.
struct CheckpointThread {
    db: Database,
    file: Arc<File>,
    is_busy: Arc<AtomicBool>,
    has_failed: Arc<AtomicBool>,
    #[cfg(test)]
    faults: Arc<super::fault_injection::InjectedFaults>,
}

impl CheckpointThread {
    fn run(&self, requests: &Receiver<()>) {
        while requests.recv().is_ok() {
            match passive(&self.db).and_then(|()| self.sync()) {
                Ok(()) => {}
                Err(error) if error.is_failed_sync() => {
                    self.has_failed.store(true, Ordering::Release);
                    log_failure(&error);
                }
                Err(error) => {
                    log_failure(&error);
                    // Whoever asks again at once would hear the same again.
                    thread::sleep(PAUSE_FIRST);
                }
            }
            self.is_busy.store(false, Ordering::Release);
        }
    }

    fn sync(&self) -> Result<(), LogError> {
        #[cfg(test)]
        self.faults.sync_database()?;
        self.file.sync_data().map_err(LogError::Sync)
    }
}

/// Moves nothing when this connection is closed either.
fn disable_checkpoint_on_close(db: &Database) -> Result<(), LogError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Moves all, and begins the write-ahead log anew.
fn restart(db: &Database) -> Result<(), LogError> {
    // Somebody always read from it: wait for them, but not as long as for a backup.
    db.busy_timeout(BUSY_READERS)?;
    let restarted = db.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(()));
    db.busy_timeout(BUSY)?;
    Ok(restarted?)
}

/// Moves what can be moved without waiting for anybody.
fn passive(db: &Database) -> Result<(), LogError> {
    Ok(db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row((), |_| Ok(()))?)
}

/// Nothing is lost: all that was not moved and synced is in the write-ahead log, which only grows.
pub(super) fn log_failure(error: &LogError) {
    tracing::warn!("cannot checkpoint the write-ahead log: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_changes_at_its_limits() {
        for (pages, expected) in [
            (WAL_PAGES - 1, NextCheckpoint::Nothing),
            (WAL_PAGES, NextCheckpoint::Background),
            (WAL_PAGES + 1, NextCheckpoint::Background),
        ] {
            assert_eq!(NextCheckpoint::of(pages, 0, false), expected, "{pages}");
            assert_eq!(NextCheckpoint::of(pages, 0, true), NextCheckpoint::Nothing, "one at a time");
        }
        let long = 2 * WAL_PAGES;
        for (rest, expected) in [
            (0, NextCheckpoint::Nothing),
            (WAL_TAIL - 1, NextCheckpoint::Tail),
            (WAL_TAIL, NextCheckpoint::Tail),
            (WAL_TAIL + 1, NextCheckpoint::Background),
        ] {
            assert_eq!(NextCheckpoint::of(long, long - rest, false), expected, "{rest}");
            assert_eq!(
                NextCheckpoint::of(long - 1, long - 1 - rest, false),
                NextCheckpoint::Nothing,
                "it is not long yet"
            );
        }
        for (pages, expected) in [
            (WAL_PAGES_MAX - 1, NextCheckpoint::Nothing),
            (WAL_PAGES_MAX, NextCheckpoint::Restart),
            (WAL_PAGES_MAX + 1, NextCheckpoint::Restart),
        ] {
            assert_eq!(NextCheckpoint::of(pages, 0, true), expected, "{pages}");
        }
        assert_eq!(
            NextCheckpoint::of(WAL_PAGES_MAX, WAL_PAGES_MAX, false),
            NextCheckpoint::Nothing,
            "the next commit begins anew"
        );
    }
}
