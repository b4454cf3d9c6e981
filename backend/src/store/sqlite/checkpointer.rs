//! Keeps the write-ahead log short by checkpoints: it copies pages into the database, so that readers find
//! them quickly and a start has little to recover.
//!
//! A checkpoint takes as long as many commits, and posts would wait for it. So a thread of its own copies
//! pages while the writer goes on. The writer itself copies only the short tail that was written meanwhile.
//! Once all pages are copied, the write-ahead log restarts from its beginning, at the next commit during
//! which nobody reads from it.
//!
//! A failed sync of the database is never tried again: the system may have dropped the pages, and the second
//! sync would report success. From then on no page is copied any more, also not at the end. The write-ahead
//! log holds all pages and grows, until the next start copies them again.

use super::{LogFiles, database, log_error::LogError, open_log::OpenLog, thread_end::ThreadEndGuard};
use crate::store::health::StoreHealth;
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

/// Handle to the thread that checkpoints.
pub(super) struct Checkpointer {
    requests: Option<SyncSender<()>>,
    is_busy: Arc<AtomicBool>,
    /// A sync of the database has failed.
    has_failed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// The database file, to sync it. SQLite's locks belong to the process, and closing any handle of the
    /// file releases them. So this handle must outlive all connections.
    file: Arc<File>,
}

/// The checkpoint that is due between two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NextCheckpoint {
    Nothing,
    /// The thread copies the pages that are there.
    Background,
    /// The writer copies the rest.
    Tail,
    /// The writer copies the rest and waits for readers, so that the write-ahead log restarts.
    Restart,
}

impl NextCheckpoint {
    /// The checkpoint for a write-ahead log of this many pages, of which the first are checkpointed.
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
    /// Starts the thread.
    pub(super) fn start(files: &LogFiles, health: &StoreHealth) -> Result<Self, LogError> {
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
        let end = ThreadEndGuard::new(health, "the database checkpointer stopped");
        let thread = thread::Builder::new().name("checkpointer".to_owned()).spawn(move || {
            let _end = end;
            thread_state.run(&receiver);
        })?;
        Ok(Checkpointer { requests: Some(requests), is_busy, has_failed, thread: Some(thread), file })
    }

    /// The database file. Drop it after the last connection.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Starts the checkpoint that is due, between two groups of this log, once the log has a note of it.
    pub(super) fn checkpoint(&self, log: &mut OpenLog) -> Result<(), LogError> {
        let next = self.next(log.db())?;
        if next == NextCheckpoint::Nothing || !log.take_checkpoint_note() {
            return Ok(());
        }
        let found = match next {
            NextCheckpoint::Nothing => Ok(()),
            NextCheckpoint::Background => {
                self.is_busy.store(true, Ordering::Release);
                // The channel has room: the thread is idle.
                let _ = self.requests.as_ref().map(|requests| requests.try_send(()));
                Ok(())
            }
            NextCheckpoint::Tail => passive(log.db()),
            NextCheckpoint::Restart => restart(log.db()),
        };
        if found.as_ref().is_err_and(LogError::is_failed_sync) {
            self.has_failed.store(true, Ordering::Release);
            disable_checkpoint_on_close(log.db())?;
        }
        found
    }

    fn next(&self, db: &Database) -> Result<NextCheckpoint, LogError> {
        if self.has_failed.load(Ordering::Acquire) {
            disable_checkpoint_on_close(db)?;
            return Ok(NextCheckpoint::Nothing);
        }
        let mut look = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let (pages, checkpointed): (i64, i64) = look.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))?;
        Ok(NextCheckpoint::of(pages, checkpointed, self.is_busy.load(Ordering::Acquire)))
    }

    /// Whether a sync of the database has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
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

/// State of the thread.
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
            #[cfg(test)]
            self.faults.panic_if(&self.faults.checkpointer_panics);
            match passive(&self.db).and_then(|()| self.sync()) {
                Ok(()) => {}
                Err(error) if error.is_failed_sync() => {
                    self.has_failed.store(true, Ordering::Release);
                    log_failure(&error);
                }
                Err(error) => {
                    log_failure(&error);
                    // An immediate retry would meet the same error.
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

/// Keeps this connection from a checkpoint when it is closed.
fn disable_checkpoint_on_close(db: &Database) -> Result<(), LogError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Copies all pages, and restarts the write-ahead log.
fn restart(db: &Database) -> Result<(), LogError> {
    // A reader is always active: wait for the readers, but not as long as for a backup.
    db.busy_timeout(BUSY_READERS)?;
    let restarted = db.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(()));
    db.busy_timeout(BUSY)?;
    Ok(restarted?)
}

/// Copies the pages that can be copied without waiting for readers.
fn passive(db: &Database) -> Result<(), LogError> {
    Ok(db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row((), |_| Ok(()))?)
}

/// Logs a failed checkpoint. No data is lost: the write-ahead log holds all pages that were not copied and
/// synced.
pub(super) fn log_failure(error: &LogError) {
    tracing::warn!("cannot checkpoint the write-ahead log: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_due_checkpoint_changes_at_its_limits() {
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
