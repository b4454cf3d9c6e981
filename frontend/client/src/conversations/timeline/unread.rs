//! The unread part of a timeline: which held messages follow a number, and how many others wrote.

use super::*;

impl Timeline {
    /// Counts the messages of others after this number. `None` if some of the messages are not held.
    pub(crate) fn count_others_after(&self, seq: u64) -> Option<u32> {
        let newest = &self.newest;
        let is_held = newest.start().is_some_and(|start| start <= seq.saturating_add(1));
        is_held.then(|| count_others(newest.iter().rev().take_while(|held| held.seq > seq)))
    }

    /// Counts the messages after this number that are of others, or not held.
    pub(crate) fn estimate_others_after(&self, seq: u64) -> u32 {
        let start = self.newest.start().unwrap_or(0).saturating_sub(1).max(seq);
        let missing = u32::try_from(start - seq).unwrap_or(u32::MAX);
        self.count_others_after(start).map_or(0, |held| held.saturating_add(missing))
    }

    /// Counts the messages of others after `seq`, up to `end`. `None` if some of the messages are not held.
    pub(crate) fn count_others_between(&self, seq: u64, end: u64) -> Option<u32> {
        let covers = |segment: &&Segment| {
            segment.start().is_some_and(|start| start <= seq.saturating_add(1)) && segment.end() >= Some(end)
        };
        let segment = [Some(&self.newest), self.past.as_ref()].into_iter().flatten().find(covers)?;
        let between = segment.iter().rev().skip_while(|held| held.seq > end);
        Some(count_others(between.take_while(|held| held.seq > seq)))
    }

    /// The number of the last message up to position `n`, if the newest segment holds it.
    pub(crate) fn seq_at(&self, n: u64) -> Option<u64> {
        let index = self.newest.index_after(n).checked_sub(1)?;
        self.newest.get(index).map(|held| held.seq)
    }

    /// The position and number of a held message of the window's segment.
    pub(crate) fn place_of(&self, key: RowKey) -> Option<(u64, u64)> {
        let held = self.segment().iter().rfind(|held| held.row.key == key)?;
        Some((held.n, held.seq))
    }

    /// The first message of others after position `n`, if the window's segment holds it and what is before it up to
    /// `n`.
    pub(crate) fn first_of_others_after(&self, n: u64) -> Option<&HeldMessage> {
        let segment = self.segment();
        let is_held =
            !segment.has_older || segment.first().is_some_and(|first| first.n <= n.saturating_add(1));
        let index = segment.index_after(n);
        // A message right before it, or the end of the room on that side, shows that nothing is missing.
        let is_first = is_held || index > 0;
        let mut after = (index..segment.len()).filter_map(|index| segment.get(index));
        after.find(|held| !held.row.mine).filter(|_| is_first)
    }

    /// Shows the part of the window's segment around the message at this position.
    pub(crate) fn show_from(&mut self, n: u64) {
        let index = self.segment().index_from(n);
        if !self.window().contains(&index) {
            self.show_position(n);
        }
    }
}

fn count_others<'a>(messages: impl Iterator<Item = &'a HeldMessage>) -> u32 {
    u32::try_from(messages.filter(|held| !held.row.mine).count()).unwrap_or(u32::MAX)
}
