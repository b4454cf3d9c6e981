//! The timers that the shell keeps for the client.

/// Timers that the shell keeps for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Connect again, or ask again who we are.
    Retry,
    /// The connection was silent for too long, or no `welcome` came.
    Silence,
    /// A command was refused for now: send it again.
    Resend,
    /// A question was refused for now: ask it again.
    Request,
    /// A draft changed: store it.
    Draft,
    /// Leases of stored rows end: our own are renewed, others' looked at again.
    Lease,
}
