//! A data folder of a test's own.

use crate::{hold::hold, house::Plan};
use backend::store::sqlite::SqliteStore;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

/// The folder, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Scratch(std::env::temp_dir().join(format!("teahouse-it-{}-{number}", std::process::id())))
    }

    /// Where it is.
    #[cfg(unix)]
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// A server on it.
    pub(crate) fn plan(&self) -> Plan {
        let store = SqliteStore::open(hold(&self.0)).unwrap();
        Plan { store: Box::new(store), ..Plan::default() }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
