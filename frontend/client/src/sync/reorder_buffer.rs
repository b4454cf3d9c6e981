//! The events of one address: the gap detector, and the events buffered behind a gap.

use crate::limits::BUFFERED_EVENTS_MAX;
use crate::sorted::Map;
use crate::sync::gap_detector::{GapDetector, Sequenced};
use shared::Event;
use shared::event::Position;

/// The events of one address.
#[derive(Debug)]
pub(crate) struct ReorderBuffer {
    detector: GapDetector,
    /// Events behind a gap, by position.
    buffered: Map<u64, Event>,
    /// The newest event that was dropped because the buffer was full; 0 if there is none.
    dropped_through: u64,
}

impl ReorderBuffer {
    /// Continues from the position of `detector`.
    pub(crate) fn new(detector: GapDetector) -> Self {
        ReorderBuffer { detector, buffered: Map::new(), dropped_through: 0 }
    }

    /// Takes an event. Returns it with the result of the check, or `None` if it was buffered: then the
    /// caller requests the missing events.
    pub(crate) fn receive(&mut self, event: Event, position: Position) -> Option<(Sequenced, Event)> {
        match self.detector.check(position.n, position.prev) {
            Sequenced::Gap => {
                if self.buffered.len() < BUFFERED_EVENTS_MAX {
                    self.buffered.insert(position.n, event);
                } else {
                    self.dropped_through = self.dropped_through.max(position.n);
                }
                None
            }
            checked => Some((checked, event)),
        }
    }

    /// Removes and returns the next buffered event, if it follows now.
    pub(crate) fn pop_next(&mut self) -> Option<Event> {
        loop {
            let (_, first) = self.buffered.first()?;
            let position = first.position()?;
            let checked = self.detector.check(position.n, position.prev);
            if checked == Sequenced::Gap {
                return None;
            }
            let (_, first) = self.buffered.pop_first()?;
            if checked == Sequenced::Next {
                return Some(first);
            }
        }
    }

    /// The position up to which everything is held.
    pub(crate) fn held_through(&self) -> u64 {
        self.detector.held_through()
    }

    /// Whether events are buffered behind a gap, or were dropped and are a gap themselves.
    pub(crate) fn has_gap(&self) -> bool {
        !self.buffered.is_empty() || self.dropped_through > self.held_through()
    }

    /// Continues from a snapshot, which replaces the events up to `as_of`.
    pub(crate) fn reset(&mut self, as_of: u64, last: u64) {
        self.detector = GapDetector::after(as_of, last);
    }

    /// Forgets the buffered events, because the next session replays everything that is missing.
    pub(crate) fn disconnected(&mut self) {
        self.buffered.clear();
        self.dropped_through = 0;
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

    fn take(buffer: &mut ReorderBuffer, n: u64, prev: u64) -> Option<Sequenced> {
        let (event, position) = event(n, prev);
        buffer.receive(event, position).map(|(checked, _)| checked)
    }

    #[test]
    fn events_behind_a_gap_are_buffered_until_it_is_filled() {
        let mut buffer = ReorderBuffer::new(GapDetector::after(10, 10));
        assert_eq!(take(&mut buffer, 14, 12), None);
        assert_eq!(take(&mut buffer, 16, 14), None);
        assert!(buffer.has_gap());
        assert!(buffer.pop_next().is_none());
        assert_eq!(take(&mut buffer, 12, 10), Some(Sequenced::Next));
        assert_eq!(buffer.pop_next(), Some(event(14, 12).0));
        assert_eq!(buffer.pop_next(), Some(event(16, 14).0));
        assert_eq!((buffer.pop_next(), buffer.held_through()), (None, 16));
    }

    #[test]
    fn buffered_events_of_a_snapshot_are_not_applied() {
        let mut buffer = ReorderBuffer::new(GapDetector::after(10, 10));
        take(&mut buffer, 14, 12);
        take(&mut buffer, 16, 14);
        buffer.reset(15, 14);
        assert_eq!(buffer.pop_next(), Some(event(16, 14).0));
        assert!(!buffer.has_gap());
    }

    #[test]
    fn events_past_the_buffer_limit_are_a_new_gap() {
        for many in
            [BUFFERED_EVENTS_MAX - 1, BUFFERED_EVENTS_MAX, BUFFERED_EVENTS_MAX + 1].map(|many| many as u64)
        {
            let mut buffer = ReorderBuffer::new(GapDetector::after(1, 1));
            for n in 10..10 + many {
                take(&mut buffer, n, n - 1);
            }
            assert_eq!(buffer.buffered.len(), BUFFERED_EVENTS_MAX.min(many as usize));
            assert_eq!(take(&mut buffer, 9, 1), Some(Sequenced::Next));
            let applied = std::iter::from_fn(|| buffer.pop_next()).count();
            assert_eq!(applied, BUFFERED_EVENTS_MAX.min(many as usize));
            let is_over = many > BUFFERED_EVENTS_MAX as u64;
            assert_eq!(buffer.has_gap(), is_over);
            buffer.disconnected();
            assert!(!buffer.has_gap(), "the next connection brings it");
        }
    }

    #[test]
    fn a_snapshot_can_leave_a_gap() {
        for (as_of, wanted) in [(15, true), (18, false), (20, false)] {
            let mut buffer = ReorderBuffer::new(GapDetector::after(1, 1));
            for (n, prev) in [(12, 11), (20, 18)] {
                take(&mut buffer, n, prev);
            }
            buffer.reset(as_of, as_of);
            while buffer.pop_next().is_some() {}
            assert_eq!(buffer.has_gap(), wanted, "{as_of}");
        }
    }

    #[test]
    fn dropped_events_after_a_snapshot_are_a_gap() {
        let last = 9 + BUFFERED_EVENTS_MAX as u64 + 1;
        for (as_of, wanted) in [(last - 1, true), (last, false), (last + 1, false)] {
            let mut buffer = ReorderBuffer::new(GapDetector::after(1, 1));
            for n in 10..=last {
                take(&mut buffer, n, n - 1);
            }
            buffer.reset(as_of, as_of.min(last));
            assert_eq!((buffer.pop_next(), buffer.has_gap()), (None, wanted));
        }
    }
}
