//! File descriptors: each connection takes one.

use crate::limits::DESCRIPTORS_KEPT;

/// Raises the soft limit to the hard one, and returns how many connections that leaves.
#[cfg(unix)]
pub fn raise() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    // macOS names a hard limit that it does not grant; the soft one stays then.
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit = getrlimit(Resource::Nofile);
    }
    let descriptors = limit.current.unwrap_or(1 << 20);
    usize::try_from(descriptors.saturating_sub(DESCRIPTORS_KEPT)).unwrap_or(usize::MAX)
}

/// Other systems have no such limit to raise.
#[cfg(not(unix))]
pub fn raise() -> usize {
    (1 << 20) - DESCRIPTORS_KEPT as usize
}
