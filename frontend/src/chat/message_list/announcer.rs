//! The messages that a screen reader announces: new ones of other people, each with its author.
//!
//! The list itself is no live region, because it also changes when messages load. Messages that arrived while the
//! page was cut off, hidden or scrolled up are announced by their number.

use client::view::{Row, RowKey, RowState};
use std::rc::Rc;

/// Greatest number of messages that are announced one by one. If more arrive at once, their number is announced.
const SINGLE_MAX: usize = 3;

/// Text that only a screen reader gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Announcement {
    /// A new message.
    Message(Rc<Row>),
    /// Number of messages that arrived since the last announcement, and the key of the newest one.
    Count(usize, RowKey),
}

/// Decides what is announced in one room.
#[derive(Debug, Default)]
pub(super) struct Announcer {
    /// Key and time of the newest message of somebody else that was announced or was there at the beginning; `None`
    /// before the room was loaded.
    last: Option<Option<(RowKey, u64)>>,
    was_current: bool,
    /// The newest announcements, which stay in the document until the next ones.
    newest: Vec<Announcement>,
}

impl Announcer {
    /// Takes the rows of the room, oldest first, and returns the newest announcements. `is_current` says whether the
    /// rows end at the end of the room and nothing is missing.
    pub(super) fn take(&mut self, rows: &[Rc<Row>], is_current: bool) -> &[Announcement] {
        let was_current = std::mem::replace(&mut self.was_current, is_current);
        if !is_current {
            return &self.newest;
        }
        let others = || rows.iter().filter(|row| !row.mine && row.state == RowState::Settled);
        let newest = others().next_back().map(|row| (row.key, row.at));
        let Some(last) = self.last.replace(newest) else { return &self.newest };
        if last == newest {
            return &self.newest;
        }
        // After a reset, the last message may not be there any more.
        let is_known = last.is_some_and(|(key, _)| others().any(|row| row.key == key));
        let is_new = |row: &&Rc<Row>| match last {
            Some((key, _)) if is_known => row.key != key,
            Some((_, at)) => row.at > at,
            None => true,
        };
        let new: Vec<_> = others().rev().take_while(is_new).cloned().collect();
        if let Some(row) = new.first() {
            self.newest = if was_current && new.len() <= SINGLE_MAX {
                new.into_iter().rev().map(Announcement::Message).collect()
            } else {
                vec![Announcement::Count(new.len(), row.key)]
            };
        }
        &self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{ClientId, MemberId};

    fn row(number: u8, mine: bool) -> Rc<Row> {
        let author = MemberId(if mine { 1 } else { 2 });
        Rc::new(Row {
            key: RowKey { author, client_id: ClientId([number; 16]) },
            name: "Mei".into(),
            tag: None,
            mine,
            text: "tea".into(),
            at: 1_000 * u64::from(number),
            state: RowState::Settled,
        })
    }

    fn rows(numbers: impl IntoIterator<Item = u8>) -> Vec<Rc<Row>> {
        numbers.into_iter().map(|number| row(number, false)).collect()
    }

    fn count(many: usize, newest: u8) -> [Announcement; 1] {
        [Announcement::Count(many, row(newest, false).key)]
    }

    fn single(numbers: impl IntoIterator<Item = u8>) -> Vec<Announcement> {
        rows(numbers).into_iter().map(Announcement::Message).collect()
    }

    #[test]
    fn loaded_messages_are_not_announced() {
        let mut announcer = Announcer::default();
        assert_eq!(announcer.take(&[], false), []);
        assert_eq!(announcer.take(&rows(50..100), true), []);
        // Older pages do not count either.
        assert_eq!(announcer.take(&rows(0..100), true), []);
    }

    #[test]
    fn a_new_message_of_somebody_else_is_announced_once() {
        let mut announcer = Announcer::default();
        announcer.take(&rows(0..2), true);
        let mut held = rows(0..2);
        held.push(row(9, true));
        assert_eq!(announcer.take(&held, true), []);
        held.insert(2, row(3, false));
        assert_eq!(announcer.take(&held, true), single([3]));
        held.push(row(10, true));
        assert_eq!(announcer.take(&held, true), single([3]), "the text in the document stays the same");
        held.push(row(11, false));
        assert_eq!(announcer.take(&held, true), single([11]));
    }

    #[test]
    fn the_first_message_of_an_empty_room_is_announced() {
        let mut announcer = Announcer::default();
        announcer.take(&[], true);
        assert_eq!(announcer.take(&rows([1]), true), single([1]));
    }

    #[test]
    fn many_messages_at_once_are_counted() {
        for (many, counted) in [(2, false), (3, false), (4, true)] {
            let mut announcer = Announcer::default();
            announcer.take(&rows(0..5), true);
            let end = 5 + many;
            let wanted = if counted { count(usize::from(many), end - 1).to_vec() } else { single(5..end) };
            assert_eq!(announcer.take(&rows(0..end), true), wanted);
        }
    }

    #[test]
    fn missed_messages_are_counted_once_when_all_are_there() {
        let mut announcer = Announcer::default();
        announcer.take(&rows(0..5), true);
        announcer.take(&rows(0..5), false);
        for until in 6..30 {
            assert_eq!(announcer.take(&rows(0..until), false), []);
        }
        assert_eq!(announcer.take(&rows(0..30), true), count(25, 29));
        assert_eq!(announcer.take(&rows(0..30), true), count(25, 29));
    }

    #[test]
    fn messages_are_counted_by_their_time_after_a_reset() {
        let mut announcer = Announcer::default();
        announcer.take(&rows(0..5), true);
        announcer.take(&[], false);
        assert_eq!(announcer.take(&rows(40..100), true), count(60, 99));
        // The reset may also bring nothing that is newer.
        announcer.take(&[], false);
        assert_eq!(announcer.take(&rows(20..90), true), count(60, 99));
    }
}
