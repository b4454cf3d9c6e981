//! Times for the tests of this crate.

use shared::Now;

/// The wall clock at the zero of the monotonic one. They differ, so that a test fails if one is taken for the
/// other.
pub(crate) const WALL_ZERO: u64 = 1_790_000_000_000;

/// The time at which the monotonic clock shows `mono`.
pub(crate) fn at(mono: u64) -> Now {
    Now { mono, wall: WALL_ZERO.saturating_add(mono) }
}
