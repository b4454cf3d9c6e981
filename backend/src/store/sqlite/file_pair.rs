//! Tells whether the database file and the write-ahead log in a folder belong together.
//!
//! SQLite trusts any write-ahead log beside a database file. If one of the two was copied while a server ran, or
//! an old one lies beside a new one, SQLite mixes pages of different moments and notices nothing.
//!
//! So an open log names its file in the table `meta`: the entry `owner` is the file's identity, which a copy does
//! not have, or [`CLOSED`]. The entry `base` is a position up to which the database file itself holds everything.
//! A pair that does not fit these entries is checked as a whole. It is refused unless its events and its
//! stored state fit together. Such a pair may still lack the newest events.
//!
//! A crash during a checkpoint leaves a database file of old and new pages, which nobody can read without the
//! write-ahead log. So the commit before each checkpoint notes it in the entry `checkpoint`: the salts of the
//! write-ahead log, and the head. The pages of the file are copied in their order, and the one that holds `meta`
//! is among the first. If the file has the same note as the two files together, and the note names this write-ahead
//! log, then the pages of the file come from this log or are those that it began with, and the log reaches at least
//! to the note. Commits that the log got while the checkpointer woke up may be copied too. A log that lost exactly
//! those is not noticed; only a disk that reports a sync and forgets it can lose them.

use super::{
    FILE, LogFiles,
    check::{CheckReport, check_connection},
    database::{self, WAL_HEADER},
    log_error::LogError,
    projection::{self, meta, set_meta},
    row::{from_sql, to_sql},
};
use crate::hex;
use rusqlite::{Connection as Database, OptionalExtension};
use std::{
    fs,
    io::{self, Read},
    path::Path,
    time::UNIX_EPOCH,
};

/// Value of `owner` in a log that was closed: the database file alone holds everything.
const CLOSED: &str = "closed";

/// Entry of the table `meta` with the note of the newest checkpoint.
const CHECKPOINT: &str = "checkpoint";

/// Whether the two files can be trusted to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PairState {
    /// Nothing speaks against it: a server of this folder left the files, or a build that named no owner; or there is
    /// no log.
    Trusted,
    /// One of them was copied, moved or lost.
    Suspect {
        /// Last position that the database file holds without the write-ahead log; 0 if it cannot be read.
        head_alone: u64,
        /// Whether the database file says that it holds everything.
        was_closed: bool,
    },
}

/// Checks a log that is not open. Reads all of it if a file was copied.
///
/// # Errors
///
/// The files do not belong together, or cannot be read.
pub(super) fn verify(files: &LogFiles) -> Result<(), LogError> {
    match check_suspect(files)? {
        Some(report) if !report.is_sound_but_for_unreadable() => Err(LogError::Refused(format!(
            "{}: the stored rooms and members of this database do not match its messages. Run teahouse check \
             --repair and start again; or move all files that begin with {FILE} to another folder, then use \
             teahouse restore FILE with a backup.",
            files.log.display()
        ))),
        _ => Ok(()),
    }
}

/// Checks a log before a repair, and changes nothing. The writer of the repair puts the write-ahead log into the
/// database file, which destroys a newer file if the log is an old one.
///
/// # Errors
///
/// The files do not belong together, or cannot be read.
pub(super) fn verify_repairable(files: &LogFiles) -> Result<(), LogError> {
    check_suspect(files).map(drop)
}

/// Checks all of a suspect log. Returns the report if a repair can mend all that it names, none if the log is
/// trusted.
fn check_suspect(files: &LogFiles) -> Result<Option<CheckReport>, LogError> {
    let PairState::Suspect { head_alone, was_closed } = judge(files)? else { return Ok(None) };
    tracing::warn!("the database was copied or moved since a server last used it; checking all of it");
    let checked = || -> Result<(u64, CheckReport), LogError> {
        let db = database::any_format_reader(&files.log)?;
        Ok((projection::head(&db)?, check_connection(&db)?))
    };
    let head = match checked() {
        // An old write-ahead log may hide newer events. The next checkpoint would destroy them.
        Ok((head, report)) if head >= head_alone && report.is_repairable() => return Ok(Some(report)),
        Ok((head, _)) => head,
        Err(error) if error.is_of_content() => 0,
        Err(error) => return Err(error),
    };
    // A write-ahead log that holds newer events must stay.
    Err(refusal(files, was_closed && head <= head_alone && is_sound_alone(files)))
}

/// Whether the database file is a working log without the write-ahead log.
fn is_sound_alone(files: &LogFiles) -> bool {
    let report = database::without_wal(&files.log).and_then(|db| check_connection(&db));
    report.is_ok_and(|report| report.is_sound_but_for_unreadable())
}

fn refusal(files: &LogFiles, is_sound_alone: bool) -> LogError {
    let (log, wal) = (files.log.display(), files.wal.display());
    LogError::Refused(if is_sound_alone {
        format!(
            "{log}: the write-ahead log beside this database belongs to another one. Move {wal} to another \
             folder and start again; or move all files that begin with {FILE}, then use teahouse restore FILE \
             with a backup."
        )
    } else {
        format!(
            "{log}: this database was copied while a server used it, and the copy is not complete. Move all \
             files that begin with {FILE} to another folder, then use teahouse restore FILE with a backup. \
             teahouse backup FILE makes one, also while the server runs."
        )
    })
}

/// Judges a log that is not open by a few rows.
pub(super) fn judge(files: &LogFiles) -> Result<PairState, LogError> {
    let file = match fs::metadata(&files.log) {
        Ok(file) if file.len() > 0 => file,
        Ok(_) => return Ok(PairState::Trusted),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PairState::Trusted),
        Err(error) => return Err(error.into()),
    };
    let wal_bytes = fs::metadata(&files.wal).ok().map(|wal| wal.len());
    let has_wal = wal_bytes.is_some_and(|bytes| bytes > WAL_HEADER);
    let alone = match database::without_wal(&files.log).and_then(|db| FileHead::read(&db)) {
        Ok(Some(alone)) => alone,
        // An older build wrote the file, or it is no log at all, which the start finds out.
        Ok(None) | Err(LogError::Foreign | LogError::Newer(_)) => return Ok(PairState::Trusted),
        Err(error) if error.is_foreign() => return Ok(PairState::Trusted),
        Err(error) if error.is_of_content() => {
            return Ok(match has_wal && has_note_of_wal(files, &file)? {
                true => PairState::Trusted,
                false => PairState::Suspect { head_alone: 0, was_closed: false },
            });
        }
        Err(error) => return Err(error),
    };
    let was_closed = alone.owner == CLOSED;
    let fits = if was_closed {
        // The process may have ended before SQLite removed the write-ahead log.
        !has_wal || has_note_of_wal(files, &file)? && follows(files, &alone)?
    } else {
        // The cut after a failed commit leaves an empty file if the database file holds everything.
        let holds_all_alone = wal_bytes == Some(0);
        alone.owner == identity(&file) && (holds_all_alone || has_wal && follows(files, &alone)?)
    };
    Ok(if fits { PairState::Trusted } else { PairState::Suspect { head_alone: alone.n, was_closed } })
}

/// Whether the write-ahead log continues the database file: it began when the file held no more than now, and
/// the two together have the file's last event.
fn follows(files: &LogFiles, alone: &FileHead) -> Result<bool, LogError> {
    let read = || -> Result<bool, LogError> {
        let db = database::reader(&files.log)?;
        // The first commit after a checkpoint notes the base.
        let base = meta::<i64>(&db, "base")?.unwrap_or(0);
        Ok(from_sql(base)? <= alone.n && fingerprint(&db, alone.n)? == alone.fingerprint)
    };
    match read() {
        Err(error) if error.is_of_content() => Ok(false),
        read => read,
    }
}

/// Whether the pages of the database file and the write-ahead log have the same note of a checkpoint, which names
/// this write-ahead log.
fn has_note_of_wal(files: &LogFiles, file: &fs::Metadata) -> Result<bool, LogError> {
    let Some(salts) = wal_salts(&files.wal)? else { return Ok(false) };
    let read = |db: Database| -> Result<(Option<String>, Option<String>), LogError> {
        Ok((meta(&db, "owner")?, meta(&db, CHECKPOINT)?))
    };
    let alone = database::torn_file(&files.log).and_then(read);
    let (alone, whole) = match alone.and_then(|alone| Ok((alone, read(database::reader(&files.log)?)?))) {
        Ok(found) => found,
        Err(error) if error.is_of_content() => return Ok(false),
        Err(error) => return Err(error),
    };
    let (Some(owner), Some(note)) = &alone else { return Ok(false) };
    let is_own = *owner == CLOSED || *owner == identity(file);
    Ok(is_own && alone == whole && note.split_once('.').is_some_and(|(of, _)| of == salts))
}

/// Salts of the write-ahead log, in hexadecimal digits; none if there is no log. They change whenever the log restarts
/// from its beginning (<https://sqlite.org/fileformat2.html#walformat>).
fn wal_salts(wal: &Path) -> io::Result<Option<String>> {
    let mut header = [0; WAL_HEADER as usize];
    // SQLite locks the database and the index, never this file. So opening and closing it releases no lock.
    match fs::File::open(wal).and_then(|mut wal| wal.read_exact(&mut header)) {
        Ok(()) => Ok(header.get(16..24).map(hex::encode)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Head of a database file without its write-ahead log.
struct FileHead {
    owner: String,
    /// Position of the last event that the file holds.
    n: u64,
    fingerprint: Option<Fingerprint>,
}

/// Columns in which two different events of one position differ: author, time and mark.
type Fingerprint = (i64, i64, i64);

impl FileHead {
    /// Reads the head; none if no build has named an owner.
    fn read(db: &Database) -> Result<Option<Self>, LogError> {
        let has_meta = "SELECT 1 FROM sqlite_schema WHERE name = 'meta'";
        if db.query_row(has_meta, (), |_| Ok(())).optional()?.is_none() {
            return Ok(None);
        }
        let Some(owner) = meta::<String>(db, "owner")? else { return Ok(None) };
        let n = projection::head(db)?;
        Ok(Some(FileHead { owner, n, fingerprint: fingerprint(db, n)? }))
    }
}

fn fingerprint(db: &Database, n: u64) -> Result<Option<Fingerprint>, LogError> {
    let mut select = db.prepare("SELECT author, at, mark FROM events WHERE n = ?1")?;
    Ok(select.query_row([to_sql(n)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?)
}

/// Identity of a file, which a copy does not have.
fn identity(file: &fs::Metadata) -> String {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(file);
    #[cfg(not(unix))]
    let inode = 0_u64;
    // Not every file system knows the time.
    let created = file.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!("{inode}-{}", created.map_or(0, |since| since.as_nanos()))
}

/// Names this file as the owner of the log, and makes the database file hold that.
pub(super) fn claim(db: &Database, files: &LogFiles) -> Result<(), LogError> {
    if !database::is_checkpointed(db)? {
        note_checkpoint(db, files, projection::head(db)?)?;
    }
    name_owner(db, &files.log)?;
    let (is_busy, pages, checkpointed): (bool, i64, i64) =
        db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    if is_busy || pages != checkpointed {
        return Err(LogError::Io(io::Error::other("another program reads the database")));
    }
    Ok(())
}

/// Names this file as the owner of the log, unless the log says so already. The next checkpoint makes the database
/// file hold that.
pub(super) fn name_owner(db: &Database, log: &Path) -> Result<(), LogError> {
    let owner = identity(&fs::metadata(log)?);
    if meta::<String>(db, "owner")?.as_ref() != Some(&owner) {
        set_meta(db, "owner", owner)?;
    }
    Ok(())
}

/// Notes that the database file holds everything up to this position.
pub(super) fn set_base(db: &Database, head: u64) -> Result<(), LogError> {
    set_meta(db, "base", to_sql(head))
}

/// Notes that a checkpoint of the write-ahead log follows. This must be in a commit of its own or in the last one
/// before the checkpoint, and `head` is the last position then.
pub(super) fn note_checkpoint(db: &Database, files: &LogFiles, head: u64) -> Result<(), LogError> {
    match wal_salts(&files.wal)? {
        Some(salts) => set_meta(db, CHECKPOINT, format!("{salts}.{head}")),
        None => Ok(()),
    }
}

/// Notes that the database file will hold everything, because the log is about to be closed.
pub(super) fn release(db: &Database) -> Result<(), LogError> {
    set_meta(db, "owner", CLOSED)
}
