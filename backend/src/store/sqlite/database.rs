//! Connections to the database of the log, and its migrations.
//!
//! The database is in WAL mode: readers see whole commits and never wait. Every commit is synced before it
//! returns (`synchronous=FULL`, and `fullfsync` where the system distinguishes the disk's cache). Deleted
//! content is overwritten.

use super::{FILE, log_error::LogError};
use crate::store::limits::{BUSY, READER_CACHE_KIB, WAL_KEPT_BYTES, WRITER_CACHE_KIB};
use rusqlite::{Connection as Database, OpenFlags, OptionalExtension, TransactionBehavior, config::DbConfig};
use std::{fs, io, path::Path};

/// Bytes of a write-ahead log without a page.
pub(super) const WAL_HEADER: u64 = 32;

/// Marks the file as a log of Teahouse ("TeaH").
const APPLICATION_ID: i64 = 0x5465_6148;

/// The migrations: the last one makes the format of this build, and `user_version` is the number of those
/// that a log has had.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
];

/// For each older format, temporary views that give its tables the columns of this build. `backup` and
/// `check` read a log before its first start with this build, and they must not migrate it.
const OLDER_FORMAT_VIEWS: &[&str] = &[
    include_str!("views/format_1.sql"),
    include_str!("views/format_2.sql"),
    include_str!("views/format_3.sql"),
];

const _: () = assert!(OLDER_FORMAT_VIEWS.len() + 1 == MIGRATIONS.len(), "each older format must be readable");

/// Commits are synced before they return. Checkpoints run only on demand.
const SYNC: &str = "PRAGMA synchronous = FULL;
     PRAGMA fullfsync = ON;
     PRAGMA checkpoint_fullfsync = ON;
     PRAGMA wal_autocheckpoint = 0;";

/// Opens the connection of the writer. Creates the database if it does not exist, and migrates it to the
/// schema of this build.
pub(super) fn writer(file: &Path) -> Result<Database, LogError> {
    check_not_lost(file)?;
    make_private(file)?;
    let mut db = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let application = pragma_i64(&db, "application_id")?;
    if application != APPLICATION_ID && (application != 0 || has_tables(&db)?) {
        return Err(LogError::Foreign);
    }
    check_version(&db)?;
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    if mode != "wal" {
        return Err(LogError::Io(io::Error::other(
            "this file system does not support a write-ahead log; choose another folder with --data",
        )));
    }
    db.execute_batch(&format!(
        "{SYNC}
         PRAGMA secure_delete = ON;
         PRAGMA cache_size = -{WRITER_CACHE_KIB};
         PRAGMA journal_size_limit = {WAL_KEPT_BYTES};"
    ))?;
    migrate(&mut db)?;
    Ok(db)
}

/// Opens a connection that only reads. It has read once, so that it holds the index of the write-ahead log
/// from now on.
pub(super) fn reader(file: &Path) -> Result<Database, LogError> {
    let db = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.execute_batch(&format!("PRAGMA cache_size = -{READER_CACHE_KIB};"))?;
    check_is_log(&db)?;
    Ok(db)
}

/// Opens a connection that reads the database file alone, as if there were no write-ahead log. Nobody may write to
/// the file meanwhile.
pub(super) fn without_wal(file: &Path) -> Result<Database, LogError> {
    let db = open_immutable(file)?;
    check_is_log(&db)?;
    Ok(db)
}

/// Opens a connection that reads single rows of a database file into which a checkpoint has copied only some pages.
/// Nobody may write to the file meanwhile.
pub(super) fn torn_file(file: &Path) -> Result<Database, LogError> {
    let db = open_immutable(file)?;
    // Otherwise SQLite refuses a file that is shorter than its first page says.
    db.execute_batch("PRAGMA writable_schema = ON")?;
    Ok(db)
}

fn open_immutable(file: &Path) -> Result<Database, LogError> {
    // https://sqlite.org/uri.html: the option `immutable` needs the path as a URI.
    let mut uri = "file:".to_owned();
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte))
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    open(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

/// Whether the database file holds all pages of the write-ahead log.
pub(super) fn is_checkpointed(db: &Database) -> Result<bool, LogError> {
    let mut look = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
    let (pages, checkpointed): (i64, i64) = look.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))?;
    Ok(pages == checkpointed)
}

/// Opens a connection that reads the projections and events of a log in this or an older format.
pub(super) fn any_format_reader(file: &Path) -> Result<Database, LogError> {
    let db = reader(file)?;
    let version = usize::try_from(check_version(&db)?).unwrap_or(0);
    if let Some(views) = version.checked_sub(1).and_then(|index| OLDER_FORMAT_VIEWS.get(index)) {
        db.execute_batch(views)?;
    }
    Ok(db)
}

/// Opens a connection for the index of the write-ahead log, which a read-only connection cannot inspect. Use
/// it for nothing else.
pub(super) fn index(file: &Path) -> Result<Database, LogError> {
    open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens a connection that checkpoints, and syncs as the writer does.
pub(super) fn checkpointer(file: &Path) -> Result<Database, LogError> {
    let db = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(SYNC)?;
    // Only the writer's connection checkpoints when it is closed.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(db)
}

fn open(file: &Path, flags: OpenFlags) -> Result<Database, LogError> {
    check_not_lost(file)?;
    let db = Database::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise SQLite prepares a statement again whenever a parameter of a range changes.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.execute_batch(
        "PRAGMA foreign_keys = OFF;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(db)
}

/// Prepared statements that a connection caches: more than there are.
const STATEMENTS: usize = 64;

/// Creates the file for its owner only. SQLite would let others read it; the companion files inherit the
/// mode.
pub(super) fn make_private(file: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Refuses a write-ahead log without its database. SQLite deletes it when it opens the database, even to read.
fn check_not_lost(file: &Path) -> Result<(), LogError> {
    let bytes = |file: &Path| fs::metadata(file).map_or(0, |file| file.len());
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    if bytes(file) > 0 || bytes(Path::new(&wal)) <= WAL_HEADER {
        return Ok(());
    }
    Err(LogError::Refused(format!(
        "{}: this database is missing or empty, but {} may hold its newest messages. Put the database back and \
         start again; or move all files that begin with {FILE} to another folder, then use teahouse restore \
         FILE with a backup.",
        file.display(),
        Path::new(&wal).display()
    )))
}

fn has_tables(db: &Database) -> Result<bool, LogError> {
    Ok(db.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", (), |_| Ok(())).optional()?.is_some())
}

fn pragma_i64(db: &Database, pragma: &str) -> Result<i64, LogError> {
    Ok(db.pragma_query_value(None, pragma, |row| row.get(0))?)
}

/// Checks that the database is a log that this build can read.
fn check_is_log(db: &Database) -> Result<(), LogError> {
    if pragma_i64(db, "application_id")? != APPLICATION_ID {
        return Err(LogError::Foreign);
    }
    check_version(db).map(drop)
}

fn check_version(db: &Database) -> Result<i64, LogError> {
    let version = pragma_i64(db, "user_version")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known { Err(LogError::Newer(version)) } else { Ok(version) }
}

fn migrate(db: &mut Database) -> Result<(), LogError> {
    let version = usize::try_from(check_version(db)?).unwrap_or(0);
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i64::try_from(index + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}
