//! What can go wrong with a log on disk.

use crate::store::permission_hint::{FileUse, MissingPermission, advice};
use rusqlite::{ErrorCode, ffi};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// The log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// SQLite refused.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database could not be synced.
    #[error("the database could not be synced to disk; it stays unchanged until the server restarts: {0}")]
    Sync(io::Error),
    /// What is there is not what a log holds.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// There is none.
    #[error("{0}: no database found; name its folder with --data")]
    Missing(PathBuf),
    /// Something of this file.
    #[error("{}: {error}{}", path.display(), error.advice(path, *file_use))]
    At {
        /// Which.
        path: PathBuf,
        /// What was to be done with it.
        file_use: FileUse,
        /// What went wrong.
        error: Box<LogError>,
    },
    /// It would do harm.
    #[error("{0}")]
    Refused(String),
    /// This is another program's file.
    #[error("this is not a Teahouse database")]
    Foreign,
    /// A newer Teahouse has changed its form.
    #[error("this database is from a newer version of Teahouse (format {0}); use that version")]
    Newer(i64),
    /// After a failure the log does not end where its acknowledged part ends.
    #[error("the database ends at event {found}, but event {acknowledged} was acknowledged")]
    Head {
        /// Where it ends.
        found: u64,
        /// Where it must.
        acknowledged: u64,
    },
}

impl LogError {
    /// The same, with the file that it is about; as it is if it names one already.
    #[must_use]
    pub fn at(self, path: &Path, file_use: FileUse) -> Self {
        match self {
            LogError::At { .. } | LogError::Missing(_) | LogError::Refused(_) => self,
            error => LogError::At { path: path.to_owned(), file_use, error: Box::new(error) },
        }
    }

    /// What is to be done about it.
    fn advice(&self, path: &Path, file_use: FileUse) -> String {
        match self {
            LogError::Io(error) => advice(path, file_use, error),
            LogError::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                    let even = "SQLite writes next to a database even when it only reads, but ";
                    let even = if file_use == FileUse::Read { even } else { "" };
                    beside(path, file_use).map_or_else(String::new, |missing| format!(": {even}{missing}"))
                }
                Some(ErrorCode::NotADatabase) => ": this is not a Teahouse database".to_owned(),
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    /// Whether a sync has failed: what it was for may be lost, whatever the next one says.
    pub(super) fn is_failed_sync(&self) -> bool {
        match self {
            LogError::Sync(_) => true,
            LogError::At { error, .. } => error.is_failed_sync(),
            LogError::Sql(rusqlite::Error::SqliteFailure(code, _)) => {
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
            LogError::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => "the disk is full",
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                    "the database cannot be written to"
                }
                Some(ErrorCode::CannotOpen) => "the database cannot be opened",
                Some(ErrorCode::SystemIoFailure) => "the disk reports an error",
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DAMAGED,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    "another program has locked the database"
                }
                _ => "the database reports an error",
            },
            LogError::Io(error) | LogError::Sync(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                    "the database cannot be written to"
                }
                _ => "the disk reports an error",
            },
            LogError::At { error, .. } => error.reason(),
            LogError::Missing(_) | LogError::Refused(_) => "the database cannot be opened",
            LogError::Damaged(_) | LogError::Foreign | LogError::Newer(_) | LogError::Head { .. } => DAMAGED,
        }
    }
}

/// What of a log's own file, its companions and its folder this user may not use.
fn beside(log: &Path, file_use: FileUse) -> Option<MissingPermission> {
    let files = ["", "-wal", "-shm"].map(|end| {
        let mut name = OsString::from(log);
        name.push(end);
        PathBuf::from(name)
    });
    let is_closed = |file: &&PathBuf| {
        let opened = fs::OpenOptions::new().read(true).write(file_use == FileUse::Write).open(file);
        opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    match files.iter().find(is_closed) {
        Some(file) => Some(MissingPermission::of(file, file_use)),
        // A file that is not there can only be made by whoever may write to the folder.
        None => MissingPermission::of_folder(log),
    }
}

const DAMAGED: &str = "the database is damaged; run `teahouse check`";
