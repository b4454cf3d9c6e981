//! What can go wrong with a log on disk.

use rusqlite::{ErrorCode, ffi};
use std::io;

/// The log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// SQLite refused.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database could not be synced.
    #[error("the database could not be synced, and is left as it is until the next start: {0}")]
    Sync(io::Error),
    /// What is there is not what a log holds.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// There is none.
    #[error("there is no log; is it another folder? (--data)")]
    Missing,
    /// It would do harm.
    #[error("{0}")]
    Refused(String),
    /// This is another program's file.
    #[error("this is no log of Teahouse")]
    Foreign,
    /// A newer Teahouse has changed its form.
    #[error("this log is of a newer Teahouse (form {0}); use that one")]
    Newer(i64),
    /// After a failure the log does not end where its acknowledged part ends.
    #[error("the log ends at {found}, and {acknowledged} was acknowledged")]
    Head {
        /// Where it ends.
        found: u64,
        /// Where it must.
        acknowledged: u64,
    },
}

impl Fault {
    /// Whether a sync has failed: what it was for may be lost, whatever the next one says.
    pub(super) fn is_failed_sync(&self) -> bool {
        match self {
            Fault::Sync(_) => true,
            Fault::Sql(rusqlite::Error::SqliteFailure(code, _)) => {
                matches!(code.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
            }
            _ => false,
        }
    }

    /// Whether what is on the disk is not what was written.
    pub(super) fn is_damage(&self) -> bool {
        self.reason() == DAMAGED
    }

    /// For those who watch over the process: a few words, without paths.
    pub fn reason(&self) -> &'static str {
        match self {
            Fault::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => "the disk is full",
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "the log cannot be written to",
                Some(ErrorCode::CannotOpen) => "the log cannot be opened",
                Some(ErrorCode::SystemIoFailure) => "the disk reports an error",
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DAMAGED,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    "another program has locked the log"
                }
                _ => "the log reports an error",
            },
            Fault::Io(error) | Fault::Sync(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                    "the log cannot be written to"
                }
                _ => "the disk reports an error",
            },
            Fault::Missing | Fault::Refused(_) => "the log cannot be opened",
            Fault::Damaged(_) | Fault::Foreign | Fault::Newer(_) | Fault::Head { .. } => DAMAGED,
        }
    }
}

const DAMAGED: &str = "the log is damaged; see `teahouse check`";
