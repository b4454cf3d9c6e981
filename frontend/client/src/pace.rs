//! How a page polls: how long each request may wait, and when the next leaves.
//!
//! Some networks cut every request that takes long. Whoever is cut asks for shorter waits.

use crate::limits::{PARKED_MS, POLL_CUTS_MAX, POLL_WAIT_LEAST_S, POLL_WAIT_S};

/// The pace of one chain of polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    waits: bool,
    wait_s: u64,
    /// Requests in a row that were cut while they waited.
    cuts: u32,
}

impl Pace {
    /// A chain whose requests wait for something to tell, or do not.
    pub fn new(waits: bool) -> Self {
        Pace { waits, wait_s: POLL_WAIT_S, cuts: 0 }
    }

    /// Seconds that the next request may wait at the server.
    pub fn wait_s(&self) -> u64 {
        if self.waits { self.wait_s } else { 0 }
    }

    /// One was answered: milliseconds until the next; `again_ms` is what the server wishes.
    pub fn answered(&mut self, again_ms: u64) -> u64 {
        self.cuts = 0;
        if self.waits { 0 } else { again_ms }
    }

    /// One failed after so many milliseconds. True if the next is to be tried at once: it was cut
    /// while it waited.
    pub fn failed(&mut self, after_ms: u64) -> bool {
        let was_parked = self.waits && after_ms >= PARKED_MS;
        self.cuts += 1;
        if !was_parked || self.cuts >= POLL_CUTS_MAX {
            return false;
        }
        self.wait_s = (after_ms / 2_000).clamp(POLL_WAIT_LEAST_S, self.wait_s);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_cut_asks_for_half_as_long() {
        let mut pace = Pace::new(true);
        assert_eq!(pace.wait_s(), POLL_WAIT_S);
        assert!(pace.failed(10_000));
        assert_eq!(pace.wait_s(), 5);
        assert_eq!(pace.answered(0), 0);
        assert_eq!(pace.wait_s(), 5, "it stays so");
        assert!(pace.failed(3_000));
        assert_eq!(pace.wait_s(), POLL_WAIT_LEAST_S);
        assert!(pace.failed(60_000), "it does not grow");
        assert_eq!(pace.wait_s(), POLL_WAIT_LEAST_S);
    }

    #[test]
    fn who_is_refused_or_cut_again_and_again_gives_up() {
        assert!(!Pace::new(true).failed(PARKED_MS - 1), "that was no wait");
        assert!(!Pace::new(false).failed(PARKED_MS), "nor that");
        let mut pace = Pace::new(true);
        for cut in 1..=POLL_CUTS_MAX {
            assert_eq!(pace.failed(5_000), cut < POLL_CUTS_MAX, "{cut}");
        }
    }

    #[test]
    fn who_does_not_wait_comes_when_asked_to() {
        let mut pace = Pace::new(false);
        assert_eq!((pace.wait_s(), pace.answered(2_000)), (0, 2_000));
    }
}
