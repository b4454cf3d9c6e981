//! Grouping of rows: one byline for successive messages of one author, and a line between two days.

use client::view::{Row, RowKey, RowState};
use std::rc::Rc;

/// Longest time between two messages of one author under one byline, in milliseconds.
pub const GROUP_GAP_MS: u64 = 5 * 60 * 1000;

/// One entry of the message list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Line above the first message of a day.
    Day {
        /// Number of the day (see [`crate::calendar::local_day`]), unique in the list.
        day: i64,
        /// Time of the day's first message, in milliseconds since 1970.
        at: u64,
    },
    /// Message, with or without a byline.
    Row {
        /// The view's own row, not a copy, so that an unchanged message is not rendered again.
        row: Rc<Row>,
        /// Whether the message shows its byline, the author and the time, above its text.
        has_byline: bool,
    },
}

/// Groups rows, and remembers the time under which each unsettled row was first grouped.
///
/// Until the server has settled a row, its time is that of the page's clock. If the row were regrouped by the
/// server's time, a difference between the clocks could add or remove a byline, and the list would move.
#[derive(Debug, Default)]
pub struct Grouping {
    /// Rows of the last list that were once unsettled. There are few, because history arrives settled.
    first_seen: Vec<(RowKey, u64)>,
}

impl Grouping {
    /// Returns the rows, oldest first, with their bylines and the lines between days. `day_of` returns the
    /// day's number for a time in milliseconds since 1970.
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
            // Days only go forward: a clock that is behind must not repeat an earlier day's line.
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
            items.push(Item::Row { row: row.clone(), has_byline: new_day || !joins });
            before = Some((row, at));
        }
        self.first_seen = first_seen;
        items
    }
}

#[cfg(test)]
mod tests;
