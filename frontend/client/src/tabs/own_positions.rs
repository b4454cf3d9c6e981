//! Positions of the log that this tab knows by requests of its own: the first poll of a follower, and commands.
//!
//! The tab's events come by another reading: the leader's frames, or a chain of polls. A server may have started with
//! an older copy of its log between the two. Then the log has lost what the tab holds, and the reading passes the
//! position without an error. So a position must be **proved** before the reading passes it: the reading names
//! it with its mark, or the server confirms it in a request that names it (`held`).

use shared::event::EventFrame;
use shared::limits::HELD_MAX;
use shared::{Cursor, Epoch, Mark};

/// The positions that are not proved yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnPositions {
    unproved: Vec<Cursor>,
    /// The greatest position of the reading.
    read_through: u64,
}

impl OwnPositions {
    /// Adds a position that a request told, unless it has no mark or the reading has passed it. Past the limit of a
    /// request, the oldest is dropped.
    pub(crate) fn add(&mut self, own: Cursor) {
        if own.mark.is_some() && own.n > self.read_through && !self.unproved.contains(&own) {
            self.unproved.push(own);
            if self.unproved.len() > HELD_MAX {
                self.unproved.remove(0);
            }
        }
    }

    /// Takes out all positions, for a request that names them.
    pub(crate) fn take(&mut self) -> Vec<Cursor> {
        std::mem::take(&mut self.unproved)
    }

    /// Records that the reading names this position. Returns true if it passes one that is not proved.
    pub(crate) fn note_read(&mut self, read: Cursor) -> bool {
        self.read_through = self.read_through.max(read.n);
        self.unproved.retain(|own| *own != read);
        self.unproved.iter().any(|own| own.n < read.n)
    }
}

/// The position that a frame of a log with this epoch names; `None` if it names none.
pub(crate) fn position_of(frame: &EventFrame, epoch: Epoch) -> Option<Cursor> {
    let mark = frame.mark.map(|Mark(mark)| mark);
    frame.held.or_else(|| frame.event.position().map(|position| Cursor { epoch, n: position.n, mark }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(n: u64, mark: u32) -> Cursor {
        Cursor { epoch: Epoch(1), n, mark: Some(mark) }
    }

    #[test]
    fn a_position_is_proved_when_the_reading_names_it_with_its_mark() {
        for (read, is_passed) in [
            (told(7, 7), false),
            (told(8, 8), false),
            (told(8, 9), false),
            (told(9, 9), true),
            (told(9, 9).unmarked(), true),
        ] {
            let mut own = OwnPositions::default();
            own.add(told(8, 8));
            assert_eq!(own.note_read(read), is_passed, "{read}");
            assert_eq!(own.note_read(told(10, 10)), read != told(8, 8), "{read}");
        }
    }

    #[test]
    fn a_position_is_not_added_when_it_was_read_or_has_no_mark() {
        let mut own = OwnPositions::default();
        own.note_read(told(8, 8));
        for position in [told(7, 7), told(8, 8), told(9, 9).unmarked()] {
            own.add(position);
        }
        assert_eq!(own.take(), []);
        own.add(told(9, 9));
        assert_eq!((own.take(), own.take()), (vec![told(9, 9)], vec![]));
    }

    #[test]
    fn the_oldest_position_is_dropped_past_the_limit() {
        for count in [HELD_MAX - 1, HELD_MAX, HELD_MAX + 1] {
            let mut own = OwnPositions::default();
            for n in 1..=count as u64 {
                own.add(told(n, 1));
                own.add(told(n, 1));
            }
            let positions = own.take();
            assert_eq!(positions.len(), count.min(HELD_MAX));
            assert_eq!(positions.last(), Some(&told(count as u64, 1)));
        }
    }
}
