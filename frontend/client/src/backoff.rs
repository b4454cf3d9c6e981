//! How long to wait after a failure: full jitter (anything from nothing to the
//! ceiling), the ceiling doubling with each failure, so that a house full of
//! clients does not come back in one instant.

use crate::jitter::Jitter;
use crate::limits::{
    BACKOFF_CEILING_MS, BACKOFF_EARLY_CEILING_MS, BACKOFF_EARLY_MS, BACKOFF_FIRST_MS, STEADY_MS,
};

/// One row of failures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    /// When the first of them was, behind the last success.
    first_failure_at: Option<u64>,
    /// When something succeeded after the last of them.
    succeeded_at: Option<u64>,
}

impl Backoff {
    /// Notes a failure at `now` and draws the wait before the next attempt, in
    /// milliseconds.
    pub(crate) fn next_wait(&mut self, now: u64, jitter: &mut Jitter) -> u64 {
        // A success that did not last ends nothing: a server that takes a
        // connection and drops it at once is not asked again without a wait.
        if let Some(since) = self.succeeded_at.take() {
            // But it shows that there is a server: half a minute is for where none answers.
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

    /// An attempt succeeded. Once that has lasted for [`STEADY_MS`] the next
    /// failure begins a new row.
    pub(crate) fn mark_success(&mut self, now: u64) {
        self.succeeded_at = Some(now);
    }

    /// Whether the last attempt failed, or its success did not last yet.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures > 0
    }
}

#[cfg(test)]
mod tests;
