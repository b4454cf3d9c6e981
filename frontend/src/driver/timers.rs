//! The client's timers: at most one of each kind.

use crate::clock;
use crate::timeout::Timeout;
use client::input::Timer;

/// Scheduled timers, each with its browser timeout. Dropping it cancels them all.
#[derive(Default)]
pub(super) struct Timers {
    /// Timers that have not been cancelled, at most one of each kind; those that have fired stay until
    /// replaced.
    set: Vec<(Timer, Timeout)>,
}

impl Timers {
    /// Calls `ring` at `at` (milliseconds of [`clock::mono_ms`]), or as soon as possible if that is past. It replaces
    /// the timer of the same kind.
    pub(super) fn set(&mut self, timer: Timer, at: u64, ring: impl FnOnce() + 'static) {
        self.clear(timer);
        if let Some(timeout) = Timeout::new(at.saturating_sub(clock::mono_ms()), ring) {
            self.set.push((timer, timeout));
        }
    }

    /// Cancels the timer of this kind; nothing happens if there is none.
    pub(super) fn clear(&mut self, timer: Timer) {
        self.set.retain(|(kind, _)| *kind != timer);
    }
}
