//! The log as its one writer holds it: the connection that writes, and the house
//! in memory. After a failure it is thrown away and opened anew.

use super::{LogFiles, commit::execute, database, log_error::LogError, projection, tail};
use crate::store::limits::TRIAL_BYTES;
use hub::{
    House,
    change::{Change, Outcome},
};
use rusqlite::{Connection as Database, TransactionBehavior};
use std::{fs, io};

/// An open log.
pub(super) struct OpenLog {
    db: Database,
    house: House,
    #[cfg(test)]
    files: LogFiles,
}

impl OpenLog {
    /// Opens it, at a start.
    pub(super) fn open(files: &LogFiles) -> Result<Self, LogError> {
        // What a killed process had written and not synced is found and taken for committed: it must
        // be on disk before a retry of it is answered, for that answer writes nothing that would be synced.
        match fs::OpenOptions::new().write(true).open(&files.wal) {
            Ok(wal) => wal.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let db = database::writer(&files.log)?;
        let house = projection::house(&db)?;
        Ok(OpenLog {
            db,
            house,
            #[cfg(test)]
            files: files.clone(),
        })
    }

    /// Opens it after a failure, if it ends where its acknowledged part ends and the disk takes a
    /// trial.
    pub(super) fn reopen(files: &LogFiles, acknowledged: u64) -> Result<Self, LogError> {
        tail::cut(files)?;
        let log = OpenLog::open(files)?;
        let found = log.house.head();
        if found != acknowledged {
            return Err(LogError::Head { found, acknowledged });
        }
        log.test_write()?;
        Ok(log)
    }

    /// Looks at every page: where one is bad, changes would be refused again, or kept where nobody
    /// finds them.
    pub(super) fn check_pages(&self) -> Result<(), LogError> {
        let found: String = self.db.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(LogError::Damaged(found)) }
    }

    /// The projection of the log.
    pub(super) fn house(&self) -> &House {
        &self.house
    }

    /// The connection, for what is not the log's events.
    pub(super) fn db(&self) -> &Database {
        &self.db
    }

    /// Commits a batch. An error means that nothing of it may be told; the log is then of no more use.
    pub(super) fn commit(&mut self, changes: Vec<Change>, now: u64) -> Result<Vec<Outcome>, LogError> {
        #[cfg(test)]
        self.files.faults.arrange(&self.db)?;
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in changes {
            outcomes.push(execute(&transaction, &mut self.house, change, now)?);
        }
        #[cfg(test)]
        self.files.faults.sync(&self.files)?;
        transaction.commit()?;
        Ok(outcomes)
    }

    /// Whether the disk takes, and syncs, about as much as a batch needs.
    fn test_write(&self) -> Result<(), LogError> {
        for sql in [
            &format!("INSERT OR REPLACE INTO meta (name, value) VALUES ('trial', zeroblob({TRIAL_BYTES}))"),
            "DELETE FROM meta WHERE name = 'trial'",
        ] {
            #[cfg(test)]
            self.files.faults.arrange(&self.db)?;
            let transaction = self.db.unchecked_transaction()?;
            transaction.execute(sql, ())?;
            #[cfg(test)]
            self.files.faults.sync(&self.files)?;
            transaction.commit()?;
        }
        Ok(())
    }
}
