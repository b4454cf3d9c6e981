//! Names that members have given up: for [`NAME_REST_MS`] nobody else can take one, so that nobody is
//! mistaken for its former holder.

use super::names::NameKey;
use super::undo_map::{Savepoint, UndoMap};
use crate::limits::{NAME_REST_MS, RESTING_NAMES_MAX};
use shared::MemberId;
use std::collections::{BTreeMap, HashMap};

/// Member who gave up a name, and the time of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    former: MemberId,
    /// Milliseconds since 1970.
    freed_at: u64,
}

/// Names that were given up within the last [`NAME_REST_MS`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestingNames {
    by_key: UndoMap<HashMap<NameKey, Rest>>,
    /// The same names in the order of their times.
    by_time: UndoMap<BTreeMap<(u64, NameKey), ()>>,
}

impl RestingNames {
    /// Adds a name that `former` gave up at `freed_at` (milliseconds since 1970). Names that have rested long
    /// enough by then are forgotten, and beyond [`RESTING_NAMES_MAX`] the one that has rested longest.
    pub fn insert(&mut self, key: NameKey, former: MemberId, freed_at: u64) {
        self.remove(&key);
        self.by_time.insert((freed_at, key.clone()), ());
        self.by_key.insert(key, Rest { former, freed_at });
        while let Some((first, key)) = self.by_time.keys().next().cloned()
            && (!is_resting(first, freed_at) || self.by_key.len() > RESTING_NAMES_MAX)
        {
            self.remove(&key);
        }
    }

    /// Whether a name rests at the time `at` (milliseconds since 1970) for everyone but its former holder.
    pub fn is_resting(&self, key: &NameKey, at: u64, member: Option<MemberId>) -> bool {
        self.by_key.get(key).is_some_and(|rest| is_resting(rest.freed_at, at) && Some(rest.former) != member)
    }

    /// Iterates over the names that rest at the time `at`, in the order of the times at which they were given
    /// up. With each come its former holder and that time, in milliseconds since 1970.
    pub fn at(&self, at: u64) -> impl Iterator<Item = (&NameKey, MemberId, u64)> {
        self.by_time.keys().filter(move |(freed_at, _)| is_resting(*freed_at, at)).filter_map(|(_, key)| {
            let Rest { former, freed_at } = self.by_key.get(key)?;
            Some((key, *former, *freed_at))
        })
    }

    /// Returns the parts that go back to a savepoint.
    pub(super) fn parts(&mut self) -> [&mut dyn Savepoint; 2] {
        let RestingNames { by_key, by_time } = self;
        [by_key, by_time]
    }

    /// Removes a name that a member has taken.
    pub(super) fn remove(&mut self, key: &NameKey) {
        if let Some(rest) = self.by_key.remove(key) {
            self.by_time.remove(&(rest.freed_at, key.clone()));
        }
    }
}

fn is_resting(freed_at: u64, at: u64) -> bool {
    at < freed_at.saturating_add(NAME_REST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::names::Name;

    fn key(text: &str) -> NameKey {
        Name::from_log(text).key().clone()
    }

    #[test]
    fn a_name_rests_for_a_day_but_for_its_former_holder() {
        let mut names = RestingNames::default();
        names.insert(key("Wei"), MemberId(1), 1_000);
        for (after, rests) in [(0, true), (NAME_REST_MS - 1, true), (NAME_REST_MS, false)] {
            assert_eq!(names.is_resting(&key("wei"), 1_000 + after, None), rests, "{after}");
            assert_eq!(names.is_resting(&key("wei"), 1_000 + after, Some(MemberId(2))), rests, "{after}");
            assert!(!names.is_resting(&key("wei"), 1_000 + after, Some(MemberId(1))));
        }
        assert!(!names.is_resting(&key("Lin"), 1_000, None));
    }

    #[test]
    fn a_name_rests_from_the_last_time_it_was_given_up() {
        let mut names = RestingNames::default();
        names.insert(key("Wei"), MemberId(1), 0);
        names.insert(key("Wei"), MemberId(2), 5_000);
        assert!(names.is_resting(&key("Wei"), NAME_REST_MS + 4_999, Some(MemberId(1))));
        assert_eq!((names.by_key.len(), names.by_time.len()), (1, 1));
    }

    #[test]
    fn rested_names_are_forgotten_when_another_begins_to_rest() {
        let mut names = RestingNames::default();
        names.insert(key("Wei"), MemberId(1), 0);
        names.insert(key("Lin"), MemberId(2), NAME_REST_MS);
        assert_eq!((names.by_key.len(), names.by_time.len()), (1, 1));
    }

    #[test]
    fn the_name_that_has_rested_longest_is_free_beyond_the_limit() {
        let mut names = RestingNames::default();
        for (number, first_rests) in
            [(RESTING_NAMES_MAX - 1, true), (RESTING_NAMES_MAX, true), (RESTING_NAMES_MAX + 1, false)]
        {
            for id in names.by_key.len()..number {
                names.insert(key(&format!("n{}", id * 7 + 2)), MemberId(1), id as u64);
            }
            assert_eq!(names.is_resting(&key("n2"), 0, None), first_rests, "{number}");
            assert_eq!(names.by_key.len(), names.by_time.len());
        }
    }
}
