//! Locks data folders that are opened again.

use backend::store::data_folder::{DataError, DataFolder};
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Longest time that a child process takes to start its program.
const PATIENCE: Duration = Duration::from_secs(10);

/// Locks this folder. A child process that another test is starting holds a copy of every open file, locks
/// among them, until it runs its program. So a folder that was freed may stay locked a moment longer.
pub(crate) fn lock_with_retry(path: &Path) -> DataFolder {
    let since = Instant::now();
    loop {
        match DataFolder::lock(path) {
            Err(DataError::Held { .. }) if since.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1));
            }
            locked => return locked.unwrap(),
        }
    }
}
