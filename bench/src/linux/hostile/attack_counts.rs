//! Counts of the sockets and requests of an attack.

use std::fmt;

/// Counts of an attack.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AttackCounts {
    /// Sockets that were opened.
    pub(super) opened: u64,
    /// Sockets that the server ended.
    pub(super) ended: u64,
    /// Most sockets that were open at a time.
    pub(super) open_max: usize,
    /// Handshakes and requests that were accepted.
    pub(super) accepted: u64,
    /// Handshakes and requests that were refused.
    pub(super) refused: u64,
}

impl fmt::Display for AttackCounts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opened, ended, open_max, accepted, refused } = self;
        write!(out, "{opened} sockets opened, {ended} ended by the server, at most {open_max} at a time; ")?;
        write!(out, "{accepted} handshakes or requests accepted, {refused} refused")
    }
}
