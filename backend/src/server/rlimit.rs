//! The limit of file descriptors: each connection takes one.

use crate::limits::{CONNECTIONS_LEAST, DESCRIPTORS_KEPT, DESCRIPTORS_PER_WORKER};
use std::thread::available_parallelism;

/// Raises the soft limit to the hard limit. Returns the number of file descriptors that the process may have.
#[cfg(unix)]
pub fn raise() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    // macOS reports a hard limit that it does not grant. The soft limit stays then.
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit = getrlimit(Resource::Nofile);
    }
    usize::try_from(limit.current.unwrap_or(1 << 20)).unwrap_or(usize::MAX)
}

/// Returns a number of file descriptors for a system without such a limit.
#[cfg(not(unix))]
pub fn raise() -> usize {
    1 << 20
}

/// Returns the number of connections that so many file descriptors allow.
pub fn connections(descriptors: usize) -> usize {
    descriptors.saturating_sub(kept())
}

/// Returns the fewest file descriptors that the server starts with.
pub fn least_for_the_server() -> usize {
    kept() + CONNECTIONS_LEAST
}

/// Returns the fewest file descriptors that a task on a database starts with.
pub fn least_for_a_task() -> usize {
    DESCRIPTORS_KEPT / 2
}

/// Returns the sentence that explains a limit that is too low.
pub fn too_low(descriptors: usize, least: usize) -> String {
    format!(
        "this process may open only {descriptors} files and connections, but needs at least {least}; raise \
         the limit with `ulimit -n 4096`, or LimitNOFILE= of systemd"
    )
}

fn kept() -> usize {
    let workers = available_parallelism().map_or(1, usize::from);
    DESCRIPTORS_KEPT + workers * DESCRIPTORS_PER_WORKER
}
