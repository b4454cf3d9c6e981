//! Backup and restore: the whole log in one file, taken while the house may be open.

use super::{
    FILE, LogFiles,
    check::{check_file, check_readable},
    database, file_pair,
    log_error::LogError,
    projection,
};
use crate::store::data_folder::{self as data, DataFolder};
use crate::store::permission_hint::FileUse;
use rusqlite::Connection as Database;
use shared::Epoch;
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// Writes the log of a data folder to a new file, whole or not at all. Returns the last position of the log.
///
/// # Errors
///
/// The file exists already, or one of the two cannot be used.
pub fn backup(folder: &Path, to: &Path) -> Result<u64, LogError> {
    let log = folder.join(FILE);
    check_readable(&log)?;
    if to.exists() {
        return Err(LogError::Refused(format!("{} already exists: choose another name", to.display())));
    }
    let new = UnfinishedFile::next_to(to);
    copy(&log, &new.0, to)?;
    move_into_place(&new.0, to).map_err(|error| error.at(to, FileUse::Write))
}

/// Gives the finished file its name. Returns the last position of the log.
fn move_into_place(new: &Path, to: &Path) -> Result<u64, LogError> {
    let head = projection::house(&database::any_format_reader(new)?)?.head();
    // Unlike a rename, a link never replaces a file that has appeared meanwhile.
    match fs::hard_link(new, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(new, to)?,
        linked => linked?,
    }
    sync_folder_of(to)?;
    Ok(head)
}

/// Result of a restore.
#[derive(Debug)]
pub struct Restored {
    /// Last position of the log.
    pub head: u64,
    /// Whether the folder belonged to another house before.
    pub is_other_house: bool,
}

/// Begins the log of a folder from a backup. The log gets a new epoch, so every client takes new snapshots
/// of all rooms.
///
/// # Errors
///
/// The folder has a log, or the backup is damaged.
pub fn restore(folder: &DataFolder, from: &Path) -> Result<Restored, LogError> {
    let files = LogFiles::of(folder.path());
    for file in [&files.log, &files.wal] {
        if file.exists() {
            let (log, names) =
                (folder.path().display(), file.file_name().unwrap_or_default().to_string_lossy());
            return Err(LogError::Refused(format!(
                "{log} already has a database ({names}): first move all its files that begin with {FILE} to another folder"
            )));
        }
    }
    match check_readable(from) {
        Err(LogError::Missing(_)) => {
            return Err(LogError::Refused(format!("{} does not exist", from.display())));
        }
        read => read?,
    }
    let new = UnfinishedFile::next_to(&files.log);
    copy(from, &new.0, &files.log)?;
    let db = database::writer(&new.0).map_err(|error| error.at(&files.log, FileUse::Write))?;
    let report = check_file(&new.0)?;
    if !report.is_sound_but_for_unreadable() {
        return Err(LogError::Refused(format!(
            "{} was not restored, because it is damaged:\n{report}",
            from.display()
        )));
    }
    let restored = install_copy(folder, db, &new.0, &files.log);
    let restored = restored.map_err(|error| error.at(&files.log, FileUse::Write))?;
    folder.keep();
    Ok(restored)
}

/// Makes the copy this folder's log.
fn install_copy(folder: &DataFolder, db: Database, new: &Path, log: &Path) -> Result<Restored, LogError> {
    let epoch = Epoch(data::random_u64().map_err(|error| LogError::Io(io::Error::other(error)))?);
    projection::set_meta(&db, "epoch", epoch.to_string())?;
    file_pair::release(&db)?;
    let head = projection::house(&db)?.head();
    let house: Option<String> = projection::meta(&db, "house")?;
    // Put everything into one file: the rename below moves only that.
    let mode: String = db.query_row("PRAGMA journal_mode = DELETE", (), |row| row.get(0))?;
    if mode != "delete" {
        return Err(LogError::Io(io::Error::other("the database could not be put into one file")));
    }
    db.close().map_err(|(_, error)| error)?;
    fs::File::open(new)?.sync_all()?;
    let is_other_house = match house {
        Some(id) => adopt_house_id(folder, &id)?,
        None => false,
    };
    fs::rename(new, log)?;
    sync_folder_of(log)?;
    Ok(Restored { head, is_other_house })
}

/// Gives the folder the house id of its log. Returns whether it had another.
pub(super) fn adopt_house_id(folder: &DataFolder, id: &str) -> Result<bool, LogError> {
    let was = folder.house_id().map_err(|error| LogError::Io(io::Error::other(error)))?;
    if was != id {
        folder.set_house_id(id).map_err(|error| LogError::Io(io::Error::other(error)))?;
    }
    Ok(was != id)
}

/// Copies one state of a log into a file of its own, without deleted content, and syncs it. Errors name the
/// file `named`, which the copy will become.
fn copy(from: &Path, to: &Path, named: &Path) -> Result<(), LogError> {
    let db = database::reader(from).map_err(|error| error.at(from, FileUse::Read))?;
    let wrong = |error: LogError| match error.is_damage() {
        true => error.at(from, FileUse::Read),
        false => error.at(named, FileUse::Write),
    };
    database::make_private(to).map_err(|error| wrong(error.into()))?;
    let name = to.to_str().ok_or_else(|| {
        LogError::Refused(format!("{} is not valid UTF-8; choose another name", to.display()))
    })?;
    db.execute("VACUUM INTO ?1", [name]).map_err(|error| wrong(error.into()))?;
    fs::File::open(to).and_then(|file| file.sync_all()).map_err(|error| wrong(error.into()))
}

/// A file that is not complete yet. Dropping this removes the file, unless it was moved into place.
struct UnfinishedFile(PathBuf);

impl UnfinishedFile {
    fn next_to(file: &Path) -> Self {
        let unfinished = UnfinishedFile(with_suffix(file, ".unfinished"));
        unfinished.remove();
        unfinished
    }

    fn remove(&self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            // The file may not exist, and a leftover does no harm.
            let _ = fs::remove_file(with_suffix(&self.0, end));
        }
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        self.remove();
    }
}

fn with_suffix(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(end);
    name.into()
}

/// Makes a new file name durable.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
