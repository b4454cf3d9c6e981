//! A temporary folder for one measurement, removed when dropped unless it is to be inspected.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder in the system's temporary folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Keep the folder when this value is dropped.
    stays: bool,
}

impl Folder {
    /// Creates an empty folder.
    pub(crate) fn fresh() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("teahouse-bench-{}-{count}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self { path, stays: false })
    }

    /// Path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the folder for inspection.
    pub(crate) fn keep(&mut self) {
        self.stays = true;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.stays {
            // A folder that stays in the temporary folder does no harm.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Copies the files of a folder, without subfolders, into `to`, which is created.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_removed_when_dropped_unless_kept() {
        let folder = Folder::fresh().unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("a"), "tea").unwrap();
        copy(&path, &path.join("copy")).unwrap();
        assert_eq!(fs::read(path.join("copy/a")).unwrap(), b"tea");
        drop(folder);
        assert!(!path.exists());
        let mut kept = Folder::fresh().unwrap();
        kept.keep();
        let path = kept.path().to_owned();
        drop(kept);
        assert!(path.exists());
        fs::remove_dir_all(path).unwrap();
    }
}
