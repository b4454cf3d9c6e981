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

use super::{Files, database, fault::Fault};
use crate::store::limits::{BUSY, BUSY_READERS, PAUSE_FIRST, WAL_PAGES, WAL_PAGES_MAX, WAL_TAIL};
use rusqlite::{Connection, config::DbConfig};
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
pub(super) struct Tidier {
    asks: Option<SyncSender<()>>,
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
enum Due {
    Nothing,
    /// The thread moves what there is.
    Aside,
    /// The writer moves the rest.
    Tail,
    /// The writer moves the rest and waits for readers, so that it begins anew.
    Anew,
}

impl Due {
    /// Of so many pages in the write-ahead log, the first of which were moved.
    fn of(pages: i64, moved: i64, is_busy: bool) -> Self {
        let rest = pages - moved;
        match () {
            () if pages >= WAL_PAGES_MAX && rest > 0 => Due::Anew,
            () if is_busy => Due::Nothing,
            () if rest >= WAL_PAGES => Due::Aside,
            () if pages >= 2 * WAL_PAGES && 0 < rest && rest <= WAL_TAIL => Due::Tail,
            () if pages >= 2 * WAL_PAGES && rest > 0 => Due::Aside,
            () => Due::Nothing,
        }
    }
}

impl Tidier {
    /// Begins the thread.
    pub(super) fn start(files: &Files) -> Result<Self, Fault> {
        let db = database::tidier(&files.log)?;
        let (asks, asked) = sync_channel(1);
        let [is_busy, has_failed] = [(); 2].map(|()| Arc::<AtomicBool>::default());
        let file = Arc::new(fs::OpenOptions::new().write(true).open(&files.log)?);
        let mover = Mover {
            db,
            file: Arc::clone(&file),
            is_busy: Arc::clone(&is_busy),
            has_failed: Arc::clone(&has_failed),
            #[cfg(test)]
            faults: Arc::clone(&files.faults),
        };
        let thread = thread::Builder::new().name("tidier".to_owned()).spawn(move || mover.run(&asked))?;
        Ok(Tidier { asks: Some(asks), is_busy, has_failed, thread: Some(thread), file })
    }

    /// What must be dropped after the last connection.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Looks after the write-ahead log between two batches of this connection.
    pub(super) fn tidy(&self, db: &Connection) -> Result<(), Fault> {
        if self.has_failed.load(Ordering::Acquire) {
            return keep_all(db);
        }
        let mut look = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let (pages, moved): (i64, i64) = look.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))?;
        let found = match Due::of(pages, moved, self.is_busy.load(Ordering::Acquire)) {
            Due::Nothing => Ok(()),
            Due::Aside => {
                self.is_busy.store(true, Ordering::Release);
                // There is room: it is not busy.
                let _ = self.asks.as_ref().map(|asks| asks.try_send(()));
                Ok(())
            }
            Due::Tail => passive(db),
            Due::Anew => restart(db),
        };
        if found.as_ref().is_err_and(Fault::is_failed_sync) {
            self.has_failed.store(true, Ordering::Release);
            keep_all(db)?;
        }
        found
    }

    /// Waits for the thread, before this connection is closed as the last one.
    pub(super) fn end(&mut self, db: Option<&Connection>) -> Result<(), Fault> {
        drop(self.asks.take());
        self.thread.take().map(JoinHandle::join);
        match db {
            Some(db) if self.has_failed.load(Ordering::Acquire) => keep_all(db),
            _ => Ok(()),
        }
    }
}

impl Drop for Tidier {
    fn drop(&mut self) {
        let _ = self.end(None);
    }
}

/// What the thread has.
struct Mover {
    db: Connection,
    file: Arc<File>,
    is_busy: Arc<AtomicBool>,
    has_failed: Arc<AtomicBool>,
    #[cfg(test)]
    faults: Arc<super::fault_injection::Faults>,
}

impl Mover {
    fn run(&self, asked: &Receiver<()>) {
        while asked.recv().is_ok() {
            match passive(&self.db).and_then(|()| self.sync()) {
                Ok(()) => {}
                Err(fault) if fault.is_failed_sync() => {
                    self.has_failed.store(true, Ordering::Release);
                    complain(&fault);
                }
                Err(fault) => {
                    complain(&fault);
                    // Whoever asks again at once would hear the same again.
                    thread::sleep(PAUSE_FIRST);
                }
            }
            self.is_busy.store(false, Ordering::Release);
        }
    }

    fn sync(&self) -> Result<(), Fault> {
        #[cfg(test)]
        self.faults.sync_database()?;
        self.file.sync_data().map_err(Fault::Sync)
    }
}

/// Moves nothing when this connection is closed either.
fn keep_all(db: &Connection) -> Result<(), Fault> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Moves all, and begins the write-ahead log anew.
fn restart(db: &Connection) -> Result<(), Fault> {
    // Somebody always read from it: wait for them, but not as long as for a backup.
    db.busy_timeout(BUSY_READERS)?;
    let restarted = db.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(()));
    db.busy_timeout(BUSY)?;
    Ok(restarted?)
}

/// Moves what can be moved without waiting for anybody.
fn passive(db: &Connection) -> Result<(), Fault> {
    Ok(db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row((), |_| Ok(()))?)
}

/// Nothing is lost: all that was not moved and synced is in the write-ahead log, which only grows.
pub(super) fn complain(fault: &Fault) {
    tracing::warn!("cannot checkpoint the write-ahead log: {fault}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_changes_at_its_limits() {
        for (pages, expected) in
            [(WAL_PAGES - 1, Due::Nothing), (WAL_PAGES, Due::Aside), (WAL_PAGES + 1, Due::Aside)]
        {
            assert_eq!(Due::of(pages, 0, false), expected, "{pages}");
            assert_eq!(Due::of(pages, 0, true), Due::Nothing, "one at a time");
        }
        let long = 2 * WAL_PAGES;
        for (rest, expected) in
            [(0, Due::Nothing), (WAL_TAIL - 1, Due::Tail), (WAL_TAIL, Due::Tail), (WAL_TAIL + 1, Due::Aside)]
        {
            assert_eq!(Due::of(long, long - rest, false), expected, "{rest}");
            assert_eq!(Due::of(long - 1, long - 1 - rest, false), Due::Nothing, "it is not long yet");
        }
        for (pages, expected) in
            [(WAL_PAGES_MAX - 1, Due::Nothing), (WAL_PAGES_MAX, Due::Anew), (WAL_PAGES_MAX + 1, Due::Anew)]
        {
            assert_eq!(Due::of(pages, 0, true), expected, "{pages}");
        }
        assert_eq!(Due::of(WAL_PAGES_MAX, WAL_PAGES_MAX, false), Due::Nothing, "the next commit begins anew");
    }
}
