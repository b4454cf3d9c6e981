//! The reader's days: which day a moment is on, and how to name it.

use crate::clock;
use crate::language::{Language, tr};
use yew::AttrValue;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The number of the day that a moment (milliseconds since 1970) is on where
/// clocks are `west_minutes` behind UTC, as `Date.getTimezoneOffset` has it.
pub fn day_number(at: u64, west_minutes: i32) -> i64 {
    let local = i64::try_from(at).unwrap_or(i64::MAX).saturating_sub(i64::from(west_minutes) * MINUTE_MS);
    local.div_euclid(DAY_MS)
}

/// The number of the reader's day that `at` is on.
pub fn local_day(at: u64) -> i64 {
    day_number(at, clock::minutes_behind_utc(at))
}

/// How a day is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayName {
    /// The reader's own.
    Today,
    /// The one before.
    Yesterday,
    /// Any other, by its date.
    Date,
}

/// How to call `day` on the day `today`.
pub fn day_name(day: i64, today: i64) -> DayName {
    match today.saturating_sub(day) {
        0 => DayName::Today,
        1 => DayName::Yesterday,
        _ => DayName::Date,
    }
}

/// The day's name for the line above it. `at` is a moment of it.
pub fn day_label(language: Language, day: i64, at: u64, today: i64) -> AttrValue {
    match day_name(day, today) {
        DayName::Today => tr!(language, "day.today"),
        DayName::Yesterday => tr!(language, "day.yesterday"),
        DayName::Date => clock::date(language, at).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_the_readers_midnight() {
        let midnight = 20_000 * DAY_MS as u64;
        assert_eq!(day_number(midnight - 1, 0), 19_999);
        assert_eq!(day_number(midnight, 0), 20_000);
        // Shanghai is 480 minutes ahead, so its day began eight hours before.
        assert_eq!(day_number(midnight - 8 * 3_600_000 - 1, -480), 19_999);
        assert_eq!(day_number(midnight - 8 * 3_600_000, -480), 20_000);
        assert_eq!(day_number(midnight, 300), 19_999);
        assert_eq!(day_number(0, 60), -1);
        assert_eq!(day_number(u64::MAX, 0), i64::MAX / DAY_MS);
    }

    #[test]
    fn only_two_days_have_names() {
        let names = [9, 8, 7, 10].map(|day| day_name(day, 9));
        assert_eq!(names, [DayName::Today, DayName::Yesterday, DayName::Date, DayName::Date]);
    }
}
