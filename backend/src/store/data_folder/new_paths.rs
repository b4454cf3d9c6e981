//! Files and folders that a start makes. If the start fails, they are removed again.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Paths that did not exist before. Dropping this removes them, unless they are kept.
#[derive(Debug)]
pub(super) struct NewPaths {
    /// Folders that did not exist, the innermost first.
    folders: Vec<PathBuf>,
    files: Mutex<Vec<PathBuf>>,
    is_kept: AtomicBool,
}

impl NewPaths {
    /// Notes a folder, and the folders around it, before they are made.
    pub(super) fn of_folder(folder: &Path) -> Self {
        let folders = folder.ancestors().filter(|path| !path.as_os_str().is_empty());
        let folders = folders.take_while(|path| is_missing(path)).map(Path::to_owned).collect();
        NewPaths { folders, files: Mutex::default(), is_kept: AtomicBool::new(false) }
    }

    /// Notes a file before it is made. A file that exists stays in any case.
    pub(super) fn add_file(&self, file: &Path) {
        if is_missing(file) {
            self.files.lock().unwrap_or_else(PoisonError::into_inner).push(file.to_owned());
        }
    }

    /// Keeps all paths.
    pub(super) fn keep(&self) {
        self.is_kept.store(true, Ordering::Relaxed);
    }
}

impl Drop for NewPaths {
    fn drop(&mut self) {
        if self.is_kept.load(Ordering::Relaxed) {
            return;
        }
        // A path that was never made, or a folder with other files in it, cannot be removed.
        for file in self.files.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = fs::remove_file(file);
        }
        for folder in &self.folders {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
