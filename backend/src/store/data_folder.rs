//! The data folder: the files that outlive the server. One server at a time locks it.

mod new_paths;

use crate::store::permission_hint::{FileUse, advice, nearest};
use new_paths::NewPaths;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

/// The data folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder in it could not be made or read.
    #[error("cannot use the data folder: {path}: {source}{}", advice(path, *file_use, source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Use that the server would have made of it.
        file_use: FileUse,
        /// Error of the system.
        source: io::Error,
    },
    /// The system makes no folders there.
    #[error("cannot use the data folder {path}: the system does not let anybody create folders in {around}")]
    NoFolders {
        /// The data folder.
        path: PathBuf,
        /// The nearest folder that exists.
        around: PathBuf,
    },
    /// Another server has locked the folder.
    #[error(
        "the data folder {path} is in use by {holder}: stop that server, or choose another folder with --data"
    )]
    Held {
        /// The folder that is locked.
        path: PathBuf,
        /// Process that has locked it, and since when.
        holder: String,
    },
}

fn io_error(path: &Path, file_use: FileUse) -> impl Fn(io::Error) -> DataError {
    move |source| DataError::Io { path: path.to_owned(), file_use, source }
}

/// The file that is locked. Its content does not matter.
const LOCK_FILE: &str = "lock";
/// The file with the process that has locked the folder.
const HOLDER_FILE: &str = "held-by";
/// The file with the house's id.
const HOUSE_FILE: &str = "house";

/// The data folder, locked until this is dropped or the process ends. Unless it is [kept](DataFolder::keep),
/// dropping it removes what did not exist before.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    // It is dropped before the lock: nobody else may have locked the folder when its files are removed.
    new_paths: NewPaths,
    _lock: fs::File,
}

/// Attempts to lock a folder that another process is removing.
const ATTEMPTS: usize = 3;

impl DataFolder {
    /// Locks the folder. Makes it first if it does not exist.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or another server has locked it.
    pub fn lock(path: &Path) -> Result<Self, DataError> {
        for _ in 0..ATTEMPTS {
            if let Some(folder) = DataFolder::try_lock(path)? {
                return Ok(folder);
            }
        }
        let why = io::Error::other("another program removes the folder again and again");
        Err(io_error(path, FileUse::Write)(why))
    }

    /// Locks the folder. None if the file that was locked is no longer that of the folder.
    fn try_lock(path: &Path) -> Result<Option<Self>, DataError> {
        let new_paths = NewPaths::of_folder(path);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|error| match error.kind() {
            // Missing folders are made too, so the system itself refuses it.
            io::ErrorKind::NotFound => DataError::NoFolders { path: path.to_owned(), around: nearest(path) },
            _ => io_error(path, FileUse::Write)(error),
        })?;
        let (file, holder) = (path.join(LOCK_FILE), path.join(HOLDER_FILE));
        for file in [&file, &holder, &path.join(HOUSE_FILE)] {
            new_paths.add_file(file);
        }
        let lock = private_options().open(&file).map_err(io_error(&file, FileUse::Write))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                new_paths.keep();
                let holder = fs::read_to_string(&holder).unwrap_or_default();
                let holder = holder.trim();
                let holder = if holder.is_empty() { "another server" } else { holder }.to_owned();
                return Err(DataError::Held { path: path.to_owned(), holder });
            }
            Err(fs::TryLockError::Error(error)) => return Err(io_error(&file, FileUse::Write)(error)),
        }
        if !is_same_file(&lock, &file) {
            new_paths.keep();
            return Ok(None);
        }
        let folder = DataFolder { path: path.to_owned(), new_paths, _lock: lock };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let text = format!("process {} since {}", process::id(), utc(now));
        write_private(&holder, &text).map_err(io_error(&holder, FileUse::Write))?;
        Ok(Some(folder))
    }

    /// Keeps the folder and its files, because the start has succeeded.
    pub fn keep(&self) {
        self.new_paths.keep();
    }

    /// Notes a file that the start makes. If the file does not exist yet and the start fails, it is removed.
    pub fn add_file(&self, file: &Path) {
        self.new_paths.add_file(file);
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Id of the house: 16 hexadecimal digits, drawn at the first start. It names the cookie, so that two
    /// houses on one host do not take each other's.
    ///
    /// # Errors
    ///
    /// The file cannot be made or read.
    pub fn house_id(&self) -> Result<String, DataError> {
        let file = self.path.join(HOUSE_FILE);
        match fs::read_to_string(&file) {
            Ok(text) if is_house_id(text.trim()) => return Ok(text.trim().to_owned()),
            Ok(_) => {
                let why = "this file has no valid house id; move it away, then start again";
                return Err(io_error(&file, FileUse::Read)(io::Error::new(io::ErrorKind::InvalidData, why)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&file, FileUse::Read)(error)),
        }
        let id = format!(
            "{:016x}",
            random_u64().map_err(|error| io_error(&file, FileUse::Write)(io::Error::other(error)))?
        );
        self.set_house_id(&id)?;
        Ok(id)
    }

    /// Sets the id of the house to that of a backup.
    ///
    /// # Errors
    ///
    /// The text is no id, or the file cannot be written.
    pub fn set_house_id(&self, id: &str) -> Result<(), DataError> {
        let file = self.path.join(HOUSE_FILE);
        if !is_house_id(id) {
            let why = io::Error::new(io::ErrorKind::InvalidData, "the backup has no valid house id");
            return Err(io_error(&file, FileUse::Write)(why));
        }
        write_private(&file, id).map_err(io_error(&file, FileUse::Write))
    }
}

/// Whether an open file still has this path.
#[cfg(unix)]
fn is_same_file(open: &fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let ids = |found: io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    ids(open.metadata()) == ids(fs::metadata(path))
}

/// An open file cannot be removed on other systems.
#[cfg(not(unix))]
fn is_same_file(_: &fs::File, _: &Path) -> bool {
    true
}

/// Formats seconds since 1970 as a date and time in UTC.
pub(super) fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March, so that the leap day is the last day of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Draws a random number from the operating system.
///
/// # Errors
///
/// The operating system gives no random bytes.
pub fn random_u64() -> Result<u64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

fn is_house_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Options for a file that only its owner may read.
fn private_options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file that only its owner may read, and syncs it.
fn write_synced(file: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    let mut new = private_options().open(file)?;
    writeln!(new, "{text}")?;
    new.sync_all()
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let temporary = file.with_extension("new");
    let moved = write_synced(&temporary, text).and_then(|()| fs::rename(&temporary, file));
    if let Err(error) = moved {
        // The disk may be full. If the rest cannot be removed either, the error itself says more.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    // The rename is durable once the folder is synced. Other systems cannot open a folder.
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("teahouse-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn the_house_id_stays_and_an_invalid_file_is_kept() {
        let path = folder("data");
        let folder = DataFolder::lock(&path).unwrap();
        let first = folder.house_id().unwrap();
        assert_eq!(folder.house_id().unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(
                (mode(""), mode(HOUSE_FILE), mode(LOCK_FILE), mode(HOLDER_FILE)),
                (0o700, 0o600, 0o600, 0o600)
            );
        }
        fs::write(path.join(HOUSE_FILE), "mine\n").unwrap();
        assert!(folder.house_id().unwrap_err().to_string().contains("move it away"));
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_second_server_is_refused_with_the_holder_of_the_folder() {
        let path = folder("held");
        let folder = DataFolder::lock(&path).unwrap();
        let refused = DataFolder::lock(&path).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {} since 2", process::id())), "{refused}");
        assert!(refused.contains("--data"), "{refused}");
        folder.keep();
        drop(folder);
        assert!(DataFolder::lock(&path).is_ok(), "the folder is free again");
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_failed_start_leaves_no_new_file_behind() {
        let path = folder("failed");
        let inner = path.join("a/b");
        let data = DataFolder::lock(&inner).unwrap();
        data.house_id().unwrap();
        let log = inner.join("log");
        data.add_file(&log);
        fs::write(&log, "").unwrap();
        drop(data);
        assert!(!path.exists(), "the folders around it are new too");

        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("mine"), "").unwrap();
        drop(DataFolder::lock(&inner).unwrap());
        let names = || {
            let mut names: Vec<_> =
                fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["mine"]);

        DataFolder::lock(&inner).unwrap().keep();
        drop(DataFolder::lock(&inner).unwrap());
        assert_eq!(names(), [HOLDER_FILE, LOCK_FILE, "mine"], "what a start has kept stays");
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_refused_start_leaves_the_files_of_the_running_one() {
        let path = folder("refused");
        let running = DataFolder::lock(&path).unwrap();
        assert!(DataFolder::lock(&path).is_err());
        assert!(path.join(LOCK_FILE).exists() && path.join(HOLDER_FILE).exists());
        drop(running);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_replaced_is_another_file() {
        let path = folder("replaced");
        fs::create_dir(&path).unwrap();
        let file = path.join(LOCK_FILE);
        let open = private_options().open(&file).unwrap();
        assert!(is_same_file(&open, &file));
        fs::remove_file(&file).unwrap();
        assert!(!is_same_file(&open, &file));
        fs::write(&file, "").unwrap();
        assert!(!is_same_file(&open, &file));
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn seconds_are_formatted_as_utc() {
        for (seconds, formatted) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_798_761_599, "2026-12-31 23:59:59 UTC"),
            (1_798_761_600, "2027-01-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(seconds), formatted);
        }
    }
}
