//! The clocks of a computer in the simulation.

use shared::Now;

/// Time that the clocks of new computers show at the beginning of virtual time: milliseconds since 1970.
pub(crate) const EPOCH_MS: u64 = 1_790_000_000_000;

/// A computer with a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computer {
    Server,
    Browser(usize),
}

/// The two clocks of a server or of a page, as functions of virtual time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Virtual time at which the process or the page began, which is the zero of its monotonic clock.
    pub(crate) started_at: u64,
    /// Milliseconds since 1970 at the beginning of virtual time, by the wall clock.
    pub(crate) wall_zero: u64,
}

impl Clock {
    /// The clocks of a process that begins at this virtual time.
    pub(crate) fn started(at: u64) -> Self {
        Clock { started_at: at, wall_zero: EPOCH_MS }
    }

    /// Reads both clocks at this virtual time.
    pub(crate) fn read(self, at: u64) -> Now {
        Now { mono: at - self.started_at, wall: self.wall_zero.saturating_add(at) }
    }

    /// Returns the virtual time at which the monotonic clock shows `mono`.
    pub(crate) fn virtual_time(self, mono: u64) -> u64 {
        self.started_at.saturating_add(mono)
    }
}
