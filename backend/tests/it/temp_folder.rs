//! A data folder for one test.

use crate::{lock::lock_with_retry, test_server::ServerOptions};
use backend::store::sqlite::SqliteStore;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

/// The folder. Dropping this removes it.
pub(crate) struct TempFolder(PathBuf);

impl TempFolder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        TempFolder(std::env::temp_dir().join(format!("teahouse-it-{}-{number}", std::process::id())))
    }

    /// Path of the folder.
    #[cfg(unix)]
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// Options for a server on this folder.
    pub(crate) fn server_options(&self) -> ServerOptions {
        let store = SqliteStore::open(lock_with_retry(&self.0)).unwrap();
        ServerOptions { store: Box::new(store), ..ServerOptions::default() }
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
