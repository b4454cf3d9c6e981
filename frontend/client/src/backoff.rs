//! The wait after a failure: exponential backoff with full jitter.
//!
//! A wait is drawn between 0 and a ceiling that doubles with each failure, so that the clients of a
//! house do not all return at once.

use crate::jitter::Jitter;
use crate::limits::{
    BACKOFF_CEILING_MS, BACKOFF_EARLY_CEILING_MS, BACKOFF_EARLY_MS, BACKOFF_FIRST_MS, STEADY_MS,
};

/// A series of failures, which determines the next wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    /// The time of the first failure since the last success.
    first_failure_at: Option<u64>,
    /// The time of a success after the last failure.
    succeeded_at: Option<u64>,
}

impl Backoff {
    /// Records a failure at `now` and draws the wait before the next attempt, in milliseconds.
    pub(crate) fn next_wait(&mut self, now: u64, jitter: &mut Jitter) -> u64 {
        // A short success does not end the series. Otherwise a server that accepts and drops
        // connections would be asked without a wait.
        if let Some(since) = self.succeeded_at.take() {
            // But the success shows that a server answers; the late ceiling is only for servers
            // that do not.
            self.first_failure_at = None;
            if now.saturating_sub(since) >= STEADY_MS {
                self.failures = 0;
            }
        }
        let ceiling = self.ceiling(now);
        self.first_failure_at.get_or_insert(now);
        let first = BACKOFF_FIRST_MS.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        jitter.draw_up_to(first.min(ceiling))
    }

    /// The longest wait at `now`, in milliseconds.
    pub(crate) fn ceiling(&self, now: u64) -> u64 {
        let early = self.first_failure_at.is_none_or(|since| now.saturating_sub(since) < BACKOFF_EARLY_MS);
        if early { BACKOFF_EARLY_CEILING_MS } else { BACKOFF_CEILING_MS }
    }

    /// Records a success. If it lasts for [`STEADY_MS`], the next failure begins a new series.
    pub(crate) fn mark_success(&mut self, now: u64) {
        self.succeeded_at = Some(now);
    }

    /// Whether the last attempt failed, or its success has not lasted yet.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures > 0
    }
}

#[cfg(test)]
mod tests;
