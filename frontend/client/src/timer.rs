//! The timers that the shell keeps for the client.

/// A timer that the shell keeps for the client. There is at most one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The next connection attempt, fetch of the identity, or join.
    Retry,
    /// The next deadline of the connection: silence, a missing `welcome`, or an upgrade.
    Silence,
    /// The next attempt to send temporarily refused commands.
    Resend,
    /// The next attempt to send temporarily refused requests.
    Request,
    /// The saving of changed drafts.
    Draft,
    /// The renewal of this tab's leases, the end of a foreign lease, or the next read of a storage that could
    /// not be read.
    Lease,
    /// The next report of read markers.
    Mark,
    /// The end of the line above new messages, after the person marked them as read.
    Line,
}
