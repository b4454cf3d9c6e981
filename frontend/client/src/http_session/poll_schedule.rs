//! The schedule of polls: how long each may wait at the server, and when the next one is sent.
//!
//! Some networks cut every request that takes long. A client whose polls are cut asks for shorter waits.

use crate::limits::{POLL_CUT_AFTER_MS, POLL_CUTS_MAX, POLL_WAIT_LEAST_S, POLL_WAIT_S};

/// The schedule of one chain of polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollSchedule {
    waits: bool,
    wait_s: u64,
    /// Milliseconds from one poll to the next, instead of the interval that the server asks for.
    interval_ms: Option<u64>,
    /// Number of successive polls that failed.
    cuts: u32,
}

impl PollSchedule {
    /// Creates a schedule. If `waits` is true, polls wait at the server for events (long polling).
    pub(super) fn new(waits: bool) -> Self {
        PollSchedule { waits, wait_s: POLL_WAIT_S, interval_ms: None, cuts: 0 }
    }

    /// Sets the interval of polls that do not wait, in milliseconds; `None` leaves it to the server.
    #[must_use]
    pub(super) fn every(mut self, interval_ms: Option<u64>) -> Self {
        self.interval_ms = interval_ms;
        self
    }

    /// Seconds that the next poll may wait at the server.
    pub(super) fn wait_s(&self) -> u64 {
        if self.waits { self.wait_s } else { 0 }
    }

    /// Records that a poll was answered after `took_ms`, and returns the milliseconds until the next one.
    /// `again_ms` is the interval that the server asks for.
    pub(super) fn answered(&mut self, again_ms: u64, took_ms: u64) -> u64 {
        self.cuts = 0;
        match self.interval_ms {
            _ if self.waits => 0,
            Some(interval_ms) => interval_ms.saturating_sub(took_ms),
            None => again_ms,
        }
    }

    /// Records that a poll failed after `took_ms`. Returns true if it was cut while it waited, so that the
    /// next one is to be sent at once; false if the session is to end.
    pub(super) fn failed(&mut self, took_ms: u64) -> bool {
        let was_waiting = self.waits && took_ms >= POLL_CUT_AFTER_MS;
        self.cuts += 1;
        if !was_waiting || self.cuts >= POLL_CUTS_MAX {
            return false;
        }
        self.wait_s = (took_ms / 2_000).clamp(POLL_WAIT_LEAST_S, self.wait_s);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_waits_half_as_long_after_a_cut() {
        let mut schedule = PollSchedule::new(true);
        assert_eq!(schedule.wait_s(), POLL_WAIT_S);
        assert!(schedule.failed(10_000));
        assert_eq!(schedule.wait_s(), 5);
        assert_eq!(schedule.answered(0, 10), 0);
        assert_eq!(schedule.wait_s(), 5, "it stays so");
        assert!(schedule.failed(3_000));
        assert_eq!(schedule.wait_s(), POLL_WAIT_LEAST_S);
        assert!(schedule.failed(60_000), "it does not grow");
        assert_eq!(schedule.wait_s(), POLL_WAIT_LEAST_S);
    }

    #[test]
    fn polls_are_given_up_when_they_are_refused_or_cut_repeatedly() {
        for (ms, is_cut) in
            [(POLL_CUT_AFTER_MS - 1, false), (POLL_CUT_AFTER_MS, true), (POLL_CUT_AFTER_MS + 1, true)]
        {
            assert_eq!(PollSchedule::new(true).failed(ms), is_cut, "{ms}");
        }
        assert!(!PollSchedule::new(false).failed(POLL_CUT_AFTER_MS), "it did not wait");
        let mut schedule = PollSchedule::new(true);
        for cut in 1..=POLL_CUTS_MAX + 1 {
            assert_eq!(schedule.failed(5_000), cut < POLL_CUTS_MAX, "{cut}");
        }
    }

    #[test]
    fn a_poll_that_does_not_wait_is_sent_after_the_servers_or_the_chosen_interval() {
        let mut schedule = PollSchedule::new(false);
        assert_eq!((schedule.wait_s(), schedule.answered(2_000, 10)), (0, 2_000));
        let mut schedule = PollSchedule::new(false).every(Some(100));
        for (duration, wait) in [(10, 90), (99, 1), (100, 0), (101, 0)] {
            assert_eq!(schedule.answered(2_000, duration), wait, "{duration}");
        }
    }
}
