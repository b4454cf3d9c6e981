//! Advice for an error of permissions: the file or folder that it is about, its owner, and the permission
//! that is missing.

use crate::store::file_size_limit;
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// Use of a file by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileUse {
    /// The server reads it.
    Read,
    /// The server writes it, or makes it.
    Write,
}

/// A permission that this user lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPermission {
    what: PathBuf,
    verb: &'static str,
}

impl MissingPermission {
    /// The missing permission, if this user may not make files next to this file.
    pub fn of_folder(file: &Path) -> Option<Self> {
        let what = nearest(file);
        #[cfg(unix)]
        let is_closed =
            rustix::fs::access(&what, rustix::fs::Access::WRITE_OK) == Err(rustix::io::Errno::ACCESS);
        #[cfg(not(unix))]
        let is_closed = false;
        is_closed.then_some(MissingPermission { what, verb: "write to" })
    }

    /// The missing permission for a use of this path, assumed that one is missing.
    pub fn of(path: &Path, file_use: FileUse) -> Self {
        let verb = |file_use| if file_use == FileUse::Read { "read" } else { "write to" };
        match fs::metadata(path) {
            Ok(_) => MissingPermission { what: path.to_owned(), verb: verb(file_use) },
            // The file was to be made in the nearest folder that exists.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                MissingPermission { what: nearest(path), verb: verb(FileUse::Write) }
            }
            // The nearest folder that exists does not let this user enter.
            Err(_) => MissingPermission { what: nearest(path), verb: "enter" },
        }
    }
}

/// The nearest folder around a path that exists.
pub(super) fn nearest(path: &Path) -> PathBuf {
    let folders = path.ancestors().skip(1).map(|folder| match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    });
    folders.into_iter().find(|folder| fs::metadata(folder).is_ok()).unwrap_or(Path::new("/")).to_owned()
}

impl fmt::Display for MissingPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MissingPermission { what, verb } = self;
        write!(f, "this user is not allowed to {verb} {}", what.display())?;
        #[cfg(unix)]
        if let Ok(found) = fs::metadata(what) {
            use std::os::unix::fs::MetadataExt;
            let (owner, mode) = (found.uid(), found.mode() & 0o7777);
            if owner == rustix::process::geteuid().as_raw() {
                return write!(f, " (mode {mode:04o}); change the mode with chmod");
            }
            write!(f, ", which belongs to user {owner} (mode {mode:04o}); run Teahouse as that user")?;
            if *verb == "write to" {
                f.write_str(", or choose another folder")?;
            }
        }
        Ok(())
    }
}

/// Advice for an error of the system; empty if it is not about permissions, missing folders or the size of a file.
pub fn advice(path: &Path, file_use: FileUse, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(": {}", MissingPermission::of(path, file_use)),
        io::ErrorKind::NotFound if file_use == FileUse::Write => {
            format!(
                ": the folder {} does not exist; create it first",
                path.parent().unwrap_or(path).display()
            )
        }
        io::ErrorKind::AlreadyExists => format!(": {} is a file, but must be a folder", path.display()),
        io::ErrorKind::NotADirectory => {
            let file = path.ancestors().find(|path| path.exists()).unwrap_or(path);
            format!(": {} is a file, but must be a folder", file.display())
        }
        _ => file_size_limit::advice_for(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_existing_path_is_named() {
        let folder = std::env::temp_dir();
        let here = std::env::current_exe().unwrap();
        let missing = |path: &Path, file_use| {
            let MissingPermission { what, verb } = MissingPermission::of(path, file_use);
            (what, verb)
        };
        assert_eq!(missing(&here, FileUse::Read), (here.clone(), "read"));
        assert_eq!(missing(&here, FileUse::Write), (here.clone(), "write to"));
        let none = folder.join("teahouse-none");
        assert_eq!(missing(&none.join("log"), FileUse::Write), (folder, "write to"));
        assert_eq!(missing(Path::new("teahouse-none"), FileUse::Write), (".".into(), "write to"));
    }

    #[test]
    fn no_permission_is_missing_in_a_writable_folder() {
        let folder = std::env::temp_dir();
        assert_eq!(MissingPermission::of_folder(&folder.join("log")), None);
    }

    #[test]
    fn only_permission_and_folder_errors_get_advice() {
        let path = Path::new("/teahouse-none/log");
        let hint = |file_use, kind| advice(path, file_use, &io::Error::from(kind));
        assert_eq!(hint(FileUse::Read, io::ErrorKind::StorageFull), "");
        assert_eq!(hint(FileUse::Read, io::ErrorKind::NotFound), "");
        assert_eq!(
            hint(FileUse::Write, io::ErrorKind::NotFound),
            ": the folder /teahouse-none does not exist; create it first"
        );
        let file = std::env::current_exe().unwrap();
        let not_a_folder = io::Error::from(io::ErrorKind::NotADirectory);
        for below in [file.join("tea"), file.join("tea/log")] {
            assert_eq!(
                advice(&below, FileUse::Write, &not_a_folder),
                format!(": {} is a file, but must be a folder", file.display())
            );
        }
        assert!(
            hint(FileUse::Write, io::ErrorKind::PermissionDenied)
                .starts_with(": this user is not allowed to write to /")
        );
    }
}
