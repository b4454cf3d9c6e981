//! The gap detector: each event names the one before it with the same address, so a missing event
//! is noticed.

/// The position up to which the events of one address are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GapDetector {
    /// The position up to which a snapshot covers everything.
    as_of: u64,
    /// The last event that is held; `None` if the snapshot did not name it.
    last: Option<u64>,
}

/// The result of checking an event against the last one held of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequenced {
    /// The event follows and is to be applied.
    Next,
    /// The event is held already and is to be dropped.
    Known,
    /// An event before this one is missing.
    Gap,
}

impl GapDetector {
    /// Continues a snapshot at `as_of` whose last event of this address was `last`.
    pub(crate) fn after(as_of: u64, last: u64) -> Self {
        GapDetector { as_of, last: Some(last) }
    }

    /// Continues from `as_of`, up to which everything is held.
    pub(crate) fn from(as_of: u64) -> Self {
        GapDetector { as_of, last: None }
    }

    /// The position up to which everything is held.
    pub(crate) fn held_through(&self) -> u64 {
        self.last.map_or(self.as_of, |last| last.max(self.as_of))
    }

    /// Checks the event at `n` that names `prev`, and moves on if it follows.
    pub(crate) fn check(&mut self, n: u64, prev: u64) -> Sequenced {
        if n <= self.as_of || self.last.is_some_and(|last| n <= last) {
            return Sequenced::Known;
        }
        let is_next = match self.last {
            Some(last) => prev == last,
            None => prev <= self.as_of,
        };
        if !is_next {
            return Sequenced::Gap;
        }
        self.last = Some(n);
        Sequenced::Next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_follow_by_prev_though_positions_are_not_consecutive() {
        let mut detector = GapDetector::after(10, 8);
        assert_eq!(detector.check(11, 8), Sequenced::Next);
        assert_eq!(detector.check(40, 11), Sequenced::Next);
    }

    #[test]
    fn events_of_the_snapshot_are_known() {
        let mut detector = GapDetector::after(10, 8);
        assert_eq!(detector.check(8, 3), Sequenced::Known);
        assert_eq!(detector.check(10, 8), Sequenced::Known);
        assert_eq!(detector.check(11, 8), Sequenced::Next);
        assert_eq!(detector.check(11, 8), Sequenced::Known);
    }

    #[test]
    fn a_gap_is_detected_and_does_not_move_the_detector() {
        let mut detector = GapDetector::after(10, 8);
        assert_eq!(detector.check(13, 12), Sequenced::Gap);
        assert_eq!(detector.check(12, 8), Sequenced::Next);
        assert_eq!(detector.check(13, 12), Sequenced::Next);
    }

    #[test]
    fn a_detector_without_a_last_event_takes_the_next_one() {
        assert_eq!(GapDetector::from(10).check(12, 10), Sequenced::Next);
        assert_eq!(GapDetector::from(10).check(12, 0), Sequenced::Next);
        assert_eq!(GapDetector::from(10).check(12, 11), Sequenced::Gap);
        assert_eq!(GapDetector::from(10).check(10, 9), Sequenced::Known);
    }

    #[test]
    fn the_greatest_position_is_accepted_once() {
        let mut detector = GapDetector::after(0, 0);
        assert_eq!(detector.check(u64::MAX, 0), Sequenced::Next);
        assert_eq!(detector.check(u64::MAX, u64::MAX), Sequenced::Known);
    }
}
