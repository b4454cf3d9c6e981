//! The number of a connection attempt.

/// A connection attempt. Each attempt has a new number, so that late events of an older one are
/// recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);
