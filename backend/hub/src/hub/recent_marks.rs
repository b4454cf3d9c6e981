//! The marks of the newest commits, so that the hub knows at once whether a cursor is a position of its log.
//!
//! Almost every cursor is one of these: a poll returns the cursor of the answer before, and a client reconnects
//! within seconds. For an older cursor the hub asks the store.

use crate::house::mark::MarkAt;
use crate::limits::RECENT_MARKS_MAX;
use std::collections::VecDeque;

/// Marks of the newest commits.
#[derive(Debug)]
pub(super) struct RecentMarks {
    /// Last position and mark of each commit, oldest first.
    marks: VecDeque<(u64, u32)>,
}

impl RecentMarks {
    /// Begins with the mark at the head of the log.
    pub(super) fn new(head: u64, mark: u32) -> Self {
        RecentMarks { marks: VecDeque::from([(head, mark)]) }
    }

    /// Records the mark of a commit, and forgets the oldest beyond [`RECENT_MARKS_MAX`].
    pub(super) fn record(&mut self, last: u64, mark: u32) {
        if self.marks.len() >= RECENT_MARKS_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back((last, mark));
    }

    /// Returns the mark at a position; none if the position is older than every mark here.
    pub(super) fn find(&self, n: u64) -> Option<MarkAt> {
        if self.marks.front().is_none_or(|(oldest, _)| n < *oldest) {
            return None;
        }
        let found = self.marks.binary_search_by_key(&n, |(last, _)| *last).ok();
        let mark = found.and_then(|index| self.marks.get(index)).map(|(_, mark)| *mark);
        Some(mark.map_or(MarkAt::NoCommit, MarkAt::of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_at_the_end_of_its_commit_only() {
        let mut marks = RecentMarks::new(4, 40);
        marks.record(7, 70);
        assert_eq!(
            [3, 4, 5, 7, 8].map(|n| marks.find(n)),
            [
                None,
                Some(MarkAt::Known(40)),
                Some(MarkAt::NoCommit),
                Some(MarkAt::Known(70)),
                Some(MarkAt::NoCommit),
            ]
        );
    }

    #[test]
    fn the_oldest_mark_is_forgotten_beyond_the_limit() {
        let mut marks = RecentMarks::new(0, 9);
        (1..RECENT_MARKS_MAX as u64).for_each(|n| marks.record(n, 9));
        assert_eq!(marks.find(0), Some(MarkAt::Known(9)));
        marks.record(RECENT_MARKS_MAX as u64, 9);
        assert_eq!([marks.find(0), marks.find(1)], [None, Some(MarkAt::Known(9))]);
    }
}
