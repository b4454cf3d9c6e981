//! The events of one address as they come: those that follow, those beyond a hole, and the
//! question that fills it.

use crate::limits::BEYOND_MAX;
use crate::sorted::Map;
use crate::sync::gap_detector::{GapDetector, Sequenced};
use crate::sync::pending_request::PendingRequest;
use shared::Event;
use shared::event::Position;

/// How far an address is held, and what waits beyond.
#[derive(Debug)]
pub(crate) struct ReorderBuffer {
    chain: GapDetector,
    /// Events beyond a hole.
    beyond: Map<u64, Event>,
    /// The newest event that there was no place for beyond it; 0: none.
    dropped: u64,
    /// The question for what is missing.
    pub(crate) ask: PendingRequest,
}

impl ReorderBuffer {
    /// Continues what `chain` continues.
    pub(crate) fn new(chain: GapDetector) -> Self {
        ReorderBuffer { chain, beyond: Map::new(), dropped: 0, ask: PendingRequest::Idle }
    }

    /// Takes an event: what is to be applied now is given back with what it is to the chain.
    pub(crate) fn take(&mut self, event: Event, position: Position) -> Option<(Sequenced, Event)> {
        match self.chain.step(position.n, position.prev) {
            Sequenced::Hole => {
                self.ask.want();
                if self.beyond.len() < BEYOND_MAX {
                    self.beyond.insert(position.n, event);
                } else {
                    self.dropped = self.dropped.max(position.n);
                }
                None
            }
            step => Some((step, event)),
        }
    }

    /// The next of the events beyond the hole, once it follows.
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            let (_, first) = self.beyond.first()?;
            let position = first.position()?;
            let step = self.chain.step(position.n, position.prev);
            if step == Sequenced::Hole {
                return None;
            }
            let (_, first) = self.beyond.pop_first()?;
            if step == Sequenced::Next {
                return Some(first);
            }
        }
    }

    /// The position up to which all is held.
    pub(crate) fn reach(&self) -> u64 {
        self.chain.reach()
    }

    /// Whether nothing is known to be missing.
    pub(crate) fn is_whole(&self) -> bool {
        !self.has_hole() && self.ask == PendingRequest::Idle
    }

    /// Whether events beyond a hole wait, or were dropped and are a hole themselves.
    pub(crate) fn has_hole(&self) -> bool {
        !self.beyond.is_empty() || self.dropped > self.reach()
    }

    /// A snapshot is there instead of the events up to it.
    pub(crate) fn reset(&mut self, as_of: u64, last: u64) {
        self.chain = GapDetector::after(as_of, last);
        self.ask = if self.dropped > self.reach() { PendingRequest::Wanted } else { PendingRequest::Idle };
    }

    /// Has what is missing asked for: a snapshot may have filled one hole and left another.
    pub(crate) fn want_missing(&mut self) {
        if self.has_hole() {
            self.ask.want();
        }
    }

    /// The connection is lost: the next one brings all that is missing.
    pub(crate) fn disconnected(&mut self) {
        self.beyond.clear();
        self.dropped = 0;
        self.ask = PendingRequest::Idle;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{Address, RoomId};

    fn event(n: u64, prev: u64) -> (Event, Position) {
        let position = Position { n, to: Address::Room(RoomId(1)), prev };
        (Event::UnknownDurable(position), position)
    }

    fn take(feed: &mut ReorderBuffer, n: u64, prev: u64) -> Option<Sequenced> {
        let (event, position) = event(n, prev);
        feed.take(event, position).map(|(step, _)| step)
    }

    #[test]
    fn what_is_beyond_a_hole_waits_until_it_is_filled() {
        let mut feed = ReorderBuffer::new(GapDetector::after(10, 10));
        assert_eq!(take(&mut feed, 14, 12), None);
        assert_eq!(take(&mut feed, 16, 14), None);
        assert!(feed.ask.is_wanted() && !feed.is_whole());
        assert!(feed.next().is_none());
        assert_eq!(take(&mut feed, 12, 10), Some(Sequenced::Next));
        assert_eq!(feed.next(), Some(event(14, 12).0));
        assert_eq!(feed.next(), Some(event(16, 14).0));
        assert_eq!((feed.next(), feed.reach()), (None, 16));
    }

    #[test]
    fn what_a_snapshot_has_is_not_applied_again() {
        let mut feed = ReorderBuffer::new(GapDetector::after(10, 10));
        take(&mut feed, 14, 12);
        take(&mut feed, 16, 14);
        feed.reset(15, 14);
        assert_eq!(feed.next(), Some(event(16, 14).0));
        assert!(feed.is_whole());
    }

    #[test]
    fn as_many_wait_as_the_limit_says_and_the_rest_is_a_hole_again() {
        for many in [BEYOND_MAX - 1, BEYOND_MAX, BEYOND_MAX + 1].map(|many| many as u64) {
            let mut feed = ReorderBuffer::new(GapDetector::after(1, 1));
            for n in 10..10 + many {
                take(&mut feed, n, n - 1);
            }
            assert_eq!(feed.beyond.len(), BEYOND_MAX.min(many as usize));
            feed.ask = PendingRequest::Idle;
            assert_eq!(take(&mut feed, 9, 1), Some(Sequenced::Next));
            let applied = std::iter::from_fn(|| feed.next()).count();
            assert_eq!(applied, BEYOND_MAX.min(many as usize));
            let is_over = many > BEYOND_MAX as u64;
            assert_eq!((feed.has_hole(), feed.is_whole()), (is_over, !is_over));
            feed.disconnected();
            assert!(feed.is_whole(), "the next connection brings it");
        }
    }

    #[test]
    fn a_hole_beyond_a_snapshot_is_asked_for() {
        for (as_of, wanted) in [(15, true), (18, false), (20, false)] {
            let mut feed = ReorderBuffer::new(GapDetector::after(1, 1));
            for (n, prev) in [(12, 11), (20, 18)] {
                take(&mut feed, n, prev);
            }
            feed.reset(as_of, as_of);
            while feed.next().is_some() {}
            feed.want_missing();
            assert_eq!((feed.ask.is_wanted(), feed.is_whole()), (wanted, !wanted), "{as_of}");
        }
    }

    #[test]
    fn what_was_dropped_and_is_not_in_a_snapshot_is_asked_for() {
        let last = 9 + BEYOND_MAX as u64 + 1;
        for (as_of, wanted) in [(last - 1, true), (last, false), (last + 1, false)] {
            let mut feed = ReorderBuffer::new(GapDetector::after(1, 1));
            for n in 10..=last {
                take(&mut feed, n, n - 1);
            }
            feed.reset(as_of, as_of.min(last));
            assert_eq!((feed.next(), feed.ask.is_wanted(), feed.is_whole()), (None, wanted, !wanted));
        }
    }
}
