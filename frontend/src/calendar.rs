//! Days in the person's time zone: the day that a time falls on, and the day's name.

use crate::clock;
use crate::language::{Language, tr};
use yew::AttrValue;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Number of the day on which `at` (milliseconds since 1970) falls, counted from 1970-01-01, which is 0.
///
/// `west_minutes` is how far the zone's clocks are behind UTC, as `Date.getTimezoneOffset` returns it.
pub fn day_number(at: u64, west_minutes: i32) -> i64 {
    let local = i64::try_from(at).unwrap_or(i64::MAX).saturating_sub(i64::from(west_minutes) * MINUTE_MS);
    local.div_euclid(DAY_MS)
}

/// Number of the day on which `at` (milliseconds since 1970) falls in the person's time zone.
pub fn local_day(at: u64) -> i64 {
    day_number(at, clock::minutes_behind_utc(at))
}

/// Form of a day's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayName {
    /// The text for the current day.
    Today,
    /// The text for the day before the current one.
    Yesterday,
    /// The date, for every other day; also for a later one, which only clocks that differ can produce.
    Date,
}

/// Chooses the form of the name of `day` when the current day is `today`.
pub fn day_name(day: i64, today: i64) -> DayName {
    match today.saturating_sub(day) {
        0 => DayName::Today,
        1 => DayName::Yesterday,
        _ => DayName::Date,
    }
}

/// Text of the line above a day's messages, with the year of a day of another year. `at` is any time on that day,
/// in milliseconds since 1970.
pub fn day_label(language: Language, day: i64, at: u64, today: i64) -> AttrValue {
    match day_name(day, today) {
        DayName::Today => tr!(language, "day.today"),
        DayName::Yesterday => tr!(language, "day.yesterday"),
        DayName::Date => {
            let has_year = clock::year_of_day(day) != clock::year_of_day(today);
            clock::date(language, at, has_year).into()
        }
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
    fn only_today_and_yesterday_have_names() {
        let names = [9, 8, 7, 10].map(|day| day_name(day, 9));
        assert_eq!(names, [DayName::Today, DayName::Yesterday, DayName::Date, DayName::Date]);
    }
}
