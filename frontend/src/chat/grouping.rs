//! Which rows stand together: one head for what one author said in a row, and
//! a line between two days.

use client::view::{Row, RowKey, RowState};
use std::rc::Rc;

/// Milliseconds between two messages of one author from which the second gets
/// a head of its own.
pub const GROUP_GAP_MS: u64 = 5 * 60 * 1000;

/// One thing in the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A new day begins.
    Day {
        /// Its number, unique in the list.
        day: i64,
        /// A moment of it: milliseconds since 1970.
        at: u64,
    },
    /// A message.
    Row {
        /// Which.
        row: Rc<Row>,
        /// Whether it shows its author and time.
        head: bool,
    },
}

/// Groups rows, and remembers when it first saw those that were not settled.
///
/// A row's time is the page's until the server has settled it. Were it grouped
/// by its new time then, clocks that differ would give or take a head, and the
/// list would move.
#[derive(Debug, Default)]
pub struct Grouping {
    /// At most the rows of the last list; few, for history comes settled.
    first_seen: Vec<(RowKey, u64)>,
}

impl Grouping {
    /// The rows with their heads and days. `day_of` numbers the reader's days.
    pub fn items(&mut self, rows: &[Rc<Row>], day_of: impl Fn(u64) -> i64) -> Vec<Item> {
        let mut first_seen = Vec::new();
        let mut items = Vec::with_capacity(rows.len() + 1);
        let mut last_day = i64::MIN;
        let mut before: Option<(&Row, u64)> = None;
        for row in rows {
            let seen = self.first_seen.iter().find(|(key, _)| *key == row.key).map(|(_, at)| *at);
            let unsettled = row.state != RowState::Settled;
            let at = seen.unwrap_or(row.at);
            if unsettled || seen.is_some() {
                first_seen.push((row.key, at));
            }
            // Only forward: a clock that is behind must not bring a day back.
            let day = day_of(at);
            let new_day = day > last_day;
            if new_day {
                items.push(Item::Day { day, at });
                last_day = day;
            }
            let joins = before.is_some_and(|(other, then)| {
                (other.key.author, other.tag) == (row.key.author, row.tag)
                    && at.abs_diff(then) <= GROUP_GAP_MS
            });
            items.push(Item::Row { row: row.clone(), head: new_day || !joins });
            before = Some((row, at));
        }
        self.first_seen = first_seen;
        items
    }
}

#[cfg(test)]
mod tests;
