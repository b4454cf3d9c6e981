//! Data folders that are opened again.

use backend::store::data_folder::{DataError, DataFolder};
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long a child may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// Holds this folder. A child that another test starts just now has a copy of every open file until it
/// runs its program, locks among them, so that a folder which was let go of may be held a moment longer.
pub(crate) fn hold(path: &Path) -> DataFolder {
    let since = Instant::now();
    loop {
        match DataFolder::lock(path) {
            Err(DataError::Held { .. }) if since.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1));
            }
            held => return held.unwrap(),
        }
    }
}
