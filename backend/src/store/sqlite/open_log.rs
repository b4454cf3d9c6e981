//! The open log of the writer: its connection, and the house in memory. After a failure the connection is dropped,
//! and the house goes back to the last commit. So however large the house is, nothing of it is read again.

use super::{
    LogFiles, commit::execute, database, file_pair, log_error::LogError, markers, projection, wal_end,
};
use crate::store::limits::TRIAL_BYTES;
use hub::{
    House,
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    read_markers::MarkerMove,
};
use rusqlite::{Connection as Database, TransactionBehavior};
use std::{fs, io, sync::Arc};

/// A group of changes that is durable.
pub(super) struct CommittedGroup {
    /// Outcomes in the order of the changes.
    pub(super) outcomes: Vec<Outcome>,
    /// Events of the accepted changes, in order.
    pub(super) commits: Vec<Commit>,
}

/// An open log.
pub(super) struct OpenLog {
    db: Database,
    house: Arc<House>,
    checkpoint_note: CheckpointNote,
    files: LogFiles,
}

/// Whether the log has a [note](file_pair::note_checkpoint) of the next checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckpointNote {
    /// No checkpoint was due.
    Absent,
    /// The next commit makes it.
    Due,
    /// The last commit has made it.
    Made,
}

impl OpenLog {
    /// Opens the log at a start.
    pub(super) fn open(files: &LogFiles) -> Result<Self, LogError> {
        let db = open_database(files)?;
        let house = projection::house_by_threads(&db, &files.log)?;
        Ok(OpenLog::new(files, db, Arc::new(house)))
    }

    /// Puts a log together from its connection and the house at its head.
    pub(super) fn new(files: &LogFiles, db: Database, house: Arc<House>) -> Self {
        OpenLog { db, house, checkpoint_note: CheckpointNote::Absent, files: files.clone() }
    }

    /// Ends this log after a failed commit. Returns the house as it was before that commit.
    pub(super) fn end(&mut self) -> Arc<House> {
        std::mem::take(&mut self.house)
    }

    /// The state of the house at the head of the log. The start shares it with the hub.
    pub(super) fn share_house(&self) -> Arc<House> {
        Arc::clone(&self.house)
    }

    /// Copies the house if the hub has it too. The hub's start goes on meanwhile, and no change waits for the copy.
    pub(super) fn unshare_house(&mut self) {
        Arc::make_mut(&mut self.house);
    }

    /// Returns whether the last commit has noted that a checkpoint follows. If not, the next commit does.
    pub(super) fn take_checkpoint_note(&mut self) -> bool {
        let is_noted = self.checkpoint_note == CheckpointNote::Made;
        self.checkpoint_note = if is_noted { CheckpointNote::Absent } else { CheckpointNote::Due };
        is_noted
    }

    /// Notes that the database file will hold everything, because the log is about to be closed.
    pub(super) fn release(&self) -> Result<(), LogError> {
        let transaction = self.db.unchecked_transaction()?;
        file_pair::note_checkpoint(&transaction, &self.files, self.house.head())?;
        file_pair::release(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// The connection, for tables other than events.
    pub(super) fn db(&self) -> &Database {
        &self.db
    }

    /// Commits a group. After an error nothing of it may be reported, and this log must be [ended](Self::end).
    pub(super) fn commit(&mut self, changes: Vec<Change>, now: u64) -> Result<CommittedGroup, LogError> {
        Arc::make_mut(&mut self.house).set_savepoint();
        let committed = self.write(changes, now);
        let house = Arc::make_mut(&mut self.house);
        match committed {
            Ok(_) => house.release_savepoint(),
            Err(_) => house.roll_back(),
        }
        committed
    }

    /// Saves moves of read markers. After an error this log must be [ended](Self::end).
    pub(super) fn move_markers(&mut self, moves: &[MarkerMove]) -> Result<(), LogError> {
        self.transact(|db, _| markers::save(db, moves))
    }

    fn write(&mut self, changes: Vec<Change>, now: u64) -> Result<CommittedGroup, LogError> {
        self.transact(|db, house| {
            let mut outcomes = Vec::with_capacity(changes.len());
            let mut commits = Vec::with_capacity(changes.len());
            for change in changes {
                outcomes.push(execute(db, house, change, now)?.map(|executed| {
                    commits.extend(executed.commit);
                    executed.receipt
                }));
            }
            Ok(CommittedGroup { outcomes, commits })
        })
    }

    /// Does `work` in one transaction, and commits it.
    fn transact<T>(
        &mut self,
        work: impl FnOnce(&Database, &mut House) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        #[cfg(test)]
        self.files.faults.arrange(&self.db)?;
        let is_checkpointed = database::is_checkpointed(&self.db)?;
        let house = Arc::make_mut(&mut self.house);
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if is_checkpointed {
            // This commit may restart the write-ahead log from its beginning.
            file_pair::set_base(&transaction, house.head())?;
        }
        let done = work(&transaction, house)?;
        let is_noted = self.checkpoint_note == CheckpointNote::Due;
        if is_noted {
            file_pair::note_checkpoint(&transaction, &self.files, house.head())?;
        }
        #[cfg(test)]
        self.files.faults.sync(&self.files)?;
        transaction.commit()?;
        self.checkpoint_note = if is_noted { CheckpointNote::Made } else { CheckpointNote::Absent };
        Ok(done)
    }
}

/// Opens the database after a failure, if it ends with the last acknowledged event and a test write succeeds. After
/// damage, all pages must be good: a bad one would make later changes fail, or put them where no reader finds them.
pub(super) fn reopen(files: &LogFiles, acknowledged: &House, is_damaged: bool) -> Result<Database, LogError> {
    #[cfg(test)]
    files.faults.begin_recovery();
    wal_end::cut(files)?;
    let db = open_database(files)?;
    let (found, acknowledged) = (projection::header(&db)?, acknowledged.header());
    if found.head != acknowledged.head {
        return Err(LogError::Head { found: found.head, acknowledged: acknowledged.head });
    }
    if found != acknowledged {
        return Err(LogError::Damaged(format!("event {} is not the acknowledged one", found.head)));
    }
    if is_damaged {
        check_pages(&db)?;
    }
    test_write(&db, files)?;
    // The start may have failed to do so, because the disk was full.
    file_pair::name_owner(&db, &files.log)?;
    Ok(db)
}

fn open_database(files: &LogFiles) -> Result<Database, LogError> {
    sync_wal(files)?;
    database::writer(&files.log)
}

/// Checks every page.
fn check_pages(db: &Database) -> Result<(), LogError> {
    let found: String = db.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(LogError::Damaged(found)) }
}

/// Writes and syncs about as many bytes as a group needs, and deletes them again.
#[cfg_attr(not(test), expect(unused_variables, reason = "only tests inject faults into these files"))]
fn test_write(db: &Database, files: &LogFiles) -> Result<(), LogError> {
    for sql in [
        &format!("INSERT OR REPLACE INTO meta (name, value) VALUES ('trial', zeroblob({TRIAL_BYTES}))"),
        "DELETE FROM meta WHERE name = 'trial'",
    ] {
        #[cfg(test)]
        files.faults.arrange(db)?;
        let transaction = db.unchecked_transaction()?;
        transaction.execute(sql, ())?;
        #[cfg(test)]
        files.faults.sync(files)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Syncs the write-ahead log before it is read. A killed process may have written a commit without syncing it, and
/// this start takes it for committed. Its retry is answered without a write, so nothing later would sync it.
pub(super) fn sync_wal(files: &LogFiles) -> Result<(), LogError> {
    match fs::OpenOptions::new().write(true).open(&files.wal) {
        Ok(wal) => Ok(wal.sync_all()?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}
