//! The limit of file descriptors: each connection takes one.

use crate::limits::DESCRIPTORS_KEPT;

/// Raises the soft limit to the hard limit. Returns the number of connections that this allows.
#[cfg(unix)]
pub fn raise() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    // macOS reports a hard limit that it does not grant. The soft limit stays then.
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit = getrlimit(Resource::Nofile);
    }
    let descriptors = limit.current.unwrap_or(1 << 20);
    usize::try_from(descriptors.saturating_sub(DESCRIPTORS_KEPT)).unwrap_or(usize::MAX)
}

/// The number of connections on a system without such a limit.
#[cfg(not(unix))]
pub fn raise() -> usize {
    (1 << 20) - DESCRIPTORS_KEPT as usize
}
