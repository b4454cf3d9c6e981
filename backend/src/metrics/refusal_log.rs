//! Tells the operator in the log that limits refuse somebody: at most one line in [`REPEAT_EVERY`] for each reason,
//! however many are refused.

use super::refusal_reason::RefusalReason;
use super::worker_counts::REASONS;
use crate::limits::REPEAT_EVERY;
use std::time::Duration;

/// What the log was told.
#[derive(Debug, Default)]
pub struct RefusalLog {
    told: [Told; REASONS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// Refusals until the last line.
    count: u64,
    /// Time of the last line.
    at: Option<Duration>,
}

impl RefusalLog {
    /// The lines that are due: each reason, and the number of refusals since its last line. `now` is the time since
    /// any fixed moment, and `totals` has the refusals until now, in the order of [`RefusalReason::ALL`].
    pub fn due(&mut self, now: Duration, totals: [u64; REASONS]) -> Vec<(RefusalReason, u64)> {
        let mut due = Vec::new();
        for ((reason, told), total) in RefusalReason::ALL.iter().zip(&mut self.told).zip(totals) {
            let is_time = told.at.is_none_or(|at| now.saturating_sub(at) >= REPEAT_EVERY);
            if reason.is_logged() && is_time && total > told.count {
                due.push((*reason, total - told.count));
                *told = Told { count: total, at: Some(now) };
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(joins: u64, heads: u64) -> [u64; REASONS] {
        let mut totals = [0; REASONS];
        (totals[RefusalReason::Joins as usize], totals[RefusalReason::HeadBytes as usize]) = (joins, heads);
        totals
    }

    #[test]
    fn a_reason_has_at_most_one_line_in_a_minute() {
        let (mut log, ms) = (RefusalLog::default(), Duration::from_millis(1));
        assert_eq!(log.due(ms, totals(0, 0)), []);
        assert_eq!(log.due(2 * ms, totals(5, 0)), [(RefusalReason::Joins, 5)]);
        assert_eq!(log.due(3 * ms, totals(9, 0)), []);
        assert_eq!(log.due(REPEAT_EVERY + ms, totals(90, 0)), [], "a moment too early");
        assert_eq!(log.due(REPEAT_EVERY + 2 * ms, totals(95, 0)), [(RefusalReason::Joins, 90)]);
        assert_eq!(log.due(3 * REPEAT_EVERY, totals(95, 0)), [], "nobody was refused since");
    }

    #[test]
    fn a_malformed_request_is_no_news() {
        assert_eq!(RefusalLog::default().due(REPEAT_EVERY, totals(0, 1_000)), []);
    }
}
