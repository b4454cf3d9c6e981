//! Errors of a log on disk.

use crate::store::file_size_limit;
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
    /// SQLite reports an error.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// The system reports an error.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database could not be synced.
    #[error("the database could not be synced to disk; it stays unchanged until the server restarts: {0}")]
    Sync(io::Error),
    /// A row or a page does not hold what a log holds.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// There is no log at this path.
    #[error("{0}: no database found; name its folder with --data")]
    Missing(PathBuf),
    /// An error of this file.
    #[error("{}: {}", path.display(), error.sentence(path, *file_use))]
    At {
        /// Path of the file.
        path: PathBuf,
        /// Use that the server would have made of it.
        file_use: FileUse,
        /// The error itself, without the file.
        error: Box<LogError>,
    },
    /// The server refuses, because it would do harm.
    #[error("{0}")]
    Refused(String),
    /// The file belongs to another program.
    #[error("this is not a Teahouse database")]
    Foreign,
    /// A newer Teahouse has migrated the log to this schema.
    #[error("this database is from a newer version of Teahouse (format {0}); use that version")]
    Newer(i64),
    /// After a failure the log does not end at the last acknowledged event.
    #[error("the database ends at event {found}, but event {acknowledged} was acknowledged")]
    Head {
        /// Last position in the log.
        found: u64,
        /// Last position that was acknowledged.
        acknowledged: u64,
    },
}

impl LogError {
    /// Adds the file that the error is about, unless the error names one already.
    #[must_use]
    pub fn at(self, path: &Path, file_use: FileUse) -> Self {
        match self {
            LogError::At { .. } | LogError::Missing(_) | LogError::Refused(_) => self,
            error => LogError::At { path: path.to_owned(), file_use, error: Box::new(error) },
        }
    }

    /// The error and the advice for the operator.
    fn sentence(&self, path: &Path, file_use: FileUse) -> String {
        match self {
            LogError::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                LogError::Foreign.to_string()
            }
            error => format!("{error}{}", error.advice(path, file_use)),
        }
    }

    /// Advice for the operator.
    fn advice(&self, path: &Path, file_use: FileUse) -> String {
        match self {
            // The error may be about a companion of the log.
            LogError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                missing_permission(path, file_use)
                    .map_or_else(|| advice(path, file_use, error), |missing| format!(": {missing}"))
            }
            LogError::Io(error) => advice(path, file_use, error),
            LogError::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                    let reason_for_write = "SQLite writes next to a database even when it only reads, but ";
                    let reason_for_write = if file_use == FileUse::Read { reason_for_write } else { "" };
                    missing_permission(path, file_use)
                        .map_or_else(String::new, |missing| format!(": {reason_for_write}{missing}"))
                }
                Some(ErrorCode::SystemIoFailure) if file_use == FileUse::Write => {
                    file_size_limit::advice(log_files(path).iter().map(PathBuf::as_path))
                }
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    /// Whether a sync has failed. The pages may be lost, whatever the next sync reports.
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

    /// Whether the disk holds other bytes than were written.
    pub(super) fn is_damage(&self) -> bool {
        self.reason() == DAMAGED
    }

    /// Whether the cause is the content of the database, so that each further attempt fails too. The others are the
    /// disk, a permission, and other programs.
    pub(super) fn is_of_content(&self) -> bool {
        match self {
            LogError::Sql(error) => !matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::SystemIoFailure
                        | ErrorCode::PermissionDenied
                        | ErrorCode::CannotOpen
                        | ErrorCode::ReadOnly
                        | ErrorCode::DiskFull
                        | ErrorCode::OutOfMemory
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                )
            ),
            LogError::At { error, .. } => error.is_of_content(),
            error => error.is_damage(),
        }
    }

    /// Whether the file has no header of SQLite.
    pub(super) fn is_foreign(&self) -> bool {
        match self {
            LogError::Sql(error) => error.sqlite_error_code() == Some(ErrorCode::NotADatabase),
            LogError::At { error, .. } => error.is_foreign(),
            _ => false,
        }
    }

    /// The reason in a few words without paths, for `/readyz`.
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

/// Paths of the log's file and of its companions.
fn log_files(log: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = OsString::from(log);
        name.push(end);
        PathBuf::from(name)
    })
}

/// The missing permission for the log's file, its companions or its folder.
fn missing_permission(log: &Path, file_use: FileUse) -> Option<MissingPermission> {
    let files = log_files(log);
    let is_closed = |file: &&PathBuf| {
        let opened = fs::OpenOptions::new().read(true).write(file_use == FileUse::Write).open(file);
        opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    match files.iter().find(is_closed) {
        Some(file) => Some(MissingPermission::of(file, file_use)),
        // A missing file can only be made by a user who may write to the folder.
        None => MissingPermission::of_folder(log),
    }
}

const DAMAGED: &str = "the database is damaged; run `teahouse check`";
