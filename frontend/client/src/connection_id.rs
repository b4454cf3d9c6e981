//! The number of a connection attempt.

/// One connection attempt; each has a new number, so that a late word of an old
/// one is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);
