//! The timers that the driver keeps for the client: one of each kind.

use crate::clock;
use crate::timeout::Timeout;
use client::input::Timer;

/// The timers that are set.
#[derive(Default)]
pub(super) struct Timers {
    /// At most one of each kind.
    set: Vec<(Timer, Timeout)>,
}

impl Timers {
    /// Calls `ring` at `at` (milliseconds since 1970), instead of an earlier one of its kind.
    pub(super) fn set(&mut self, timer: Timer, at: u64, ring: impl FnOnce() + 'static) {
        self.clear(timer);
        if let Some(timeout) = Timeout::new(at.saturating_sub(clock::now()), ring) {
            self.set.push((timer, timeout));
        }
    }

    /// Forgets the one of this kind.
    pub(super) fn clear(&mut self, timer: Timer) {
        self.set.retain(|(kind, _)| *kind != timer);
    }
}
