//! The events of one address, each naming the one before it: what is new, what
//! is known already, and where one is missing.

/// How far the events of one address are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GapDetector {
    /// All up to here is held in another way: by a snapshot.
    as_of: u64,
    /// The last event held; none where a snapshot did not tell.
    last: Option<u64>,
}

/// What an event is to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequenced {
    /// The one that follows: to be applied.
    Next,
    /// Held already: to be passed over.
    Known,
    /// An event before it is missing.
    Gap,
}

impl GapDetector {
    /// Continues a snapshot at `as_of` whose last event of this address was `last`.
    pub(crate) fn after(as_of: u64, last: u64) -> Self {
        GapDetector { as_of, last: Some(last) }
    }

    /// Continues from `as_of`, before which all is held.
    pub(crate) fn from(as_of: u64) -> Self {
        GapDetector { as_of, last: None }
    }

    /// The position up to which all is held.
    pub(crate) fn held_through(&self) -> u64 {
        self.last.map_or(self.as_of, |last| last.max(self.as_of))
    }

    /// Takes the event at `n` that names `prev`.
    pub(crate) fn check(&mut self, n: u64, prev: u64) -> Sequenced {
        if n <= self.as_of || self.last.is_some_and(|last| n <= last) {
            return Sequenced::Known;
        }
        let follows = match self.last {
            Some(last) => prev == last,
            None => prev <= self.as_of,
        };
        if !follows {
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
    fn events_that_name_the_one_before_them_follow_though_positions_have_gaps() {
        let mut detector = GapDetector::after(10, 8);
        assert_eq!(detector.check(11, 8), Sequenced::Next);
        assert_eq!(detector.check(40, 11), Sequenced::Next);
    }

    #[test]
    fn what_the_snapshot_has_is_known() {
        let mut detector = GapDetector::after(10, 8);
        assert_eq!(detector.check(8, 3), Sequenced::Known);
        assert_eq!(detector.check(10, 8), Sequenced::Known);
        assert_eq!(detector.check(11, 8), Sequenced::Next);
        assert_eq!(detector.check(11, 8), Sequenced::Known);
    }

    #[test]
    fn a_missing_event_is_seen_and_the_chain_does_not_move() {
        let mut detector = GapDetector::after(10, 8);
        assert_eq!(detector.check(13, 12), Sequenced::Gap);
        assert_eq!(detector.check(12, 8), Sequenced::Next);
        assert_eq!(detector.check(13, 12), Sequenced::Next);
    }

    #[test]
    fn a_chain_without_a_last_event_takes_one_that_joins_what_is_held() {
        assert_eq!(GapDetector::from(10).check(12, 10), Sequenced::Next);
        assert_eq!(GapDetector::from(10).check(12, 0), Sequenced::Next);
        assert_eq!(GapDetector::from(10).check(12, 11), Sequenced::Gap);
        assert_eq!(GapDetector::from(10).check(10, 9), Sequenced::Known);
    }

    #[test]
    fn the_greatest_position_ends_a_chain() {
        let mut detector = GapDetector::after(0, 0);
        assert_eq!(detector.check(u64::MAX, 0), Sequenced::Next);
        assert_eq!(detector.check(u64::MAX, u64::MAX), Sequenced::Known);
    }
}
