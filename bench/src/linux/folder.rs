//! A folder of one measurement's own in the temporary folder, gone when dropped
//! unless somebody wants to look into it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// It stays behind when this is dropped.
    stays: bool,
}

impl Folder {
    /// A new one, empty.
    pub(crate) fn fresh() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("teahouse-bench-{}-{count}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self { path, stays: false })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it where it is, for people to look into.
    pub(crate) fn keep(&mut self) {
        self.stays = true;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.stays {
            // What stays behind in the temporary folder harms nobody.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Copies the files of one flat folder into another, which it makes.
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
    fn it_goes_unless_it_is_to_be_kept() {
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
