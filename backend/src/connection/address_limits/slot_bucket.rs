//! A rate whose refusals say when to come back, each later than the one before.
//!
//! If all refused callers got the same time, they would come back together and be refused again. So each gets a
//! slot of its own. A slot is no right: whoever comes while there is a unit gets it.

use crate::limits::RETRY_AFTER_MS_MAX;
use hub::rate::{Bucket, Rate};

/// Token bucket with slots for refused callers. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotBucket {
    bucket: Bucket,
    /// Earliest slot of the next refused caller.
    next_slot: u64,
}

impl SlotBucket {
    pub(super) fn full(rate: Rate, now: u64) -> Self {
        SlotBucket { bucket: Bucket::full(rate, now), next_slot: 0 }
    }

    /// Takes `cost` units.
    ///
    /// # Errors
    ///
    /// The milliseconds after which the caller should try again.
    pub(super) fn try_take(&mut self, rate: Rate, cost: u32, now: u64) -> Result<(), u64> {
        if self.bucket.try_take(rate, cost, now) {
            return Ok(());
        }
        let mut bucket = self.bucket;
        // A rate may be so slow that nobody would wait for the next unit.
        let first = now + bucket.take(rate, cost, now).min(RETRY_AFTER_MS_MAX);
        let mut slot = self.next_slot.max(first);
        if slot > now + RETRY_AFTER_MS_MAX {
            // Callers that never come back must not send the others away for longer. Begin again.
            slot = first;
        }
        self.next_slot = slot + (1_000 * u64::from(cost)).div_ceil(u64::from(rate.per_s));
        Err(slot - now)
    }

    /// Returns `cost` units that had no effect.
    pub(super) fn give_back(&mut self, rate: Rate, cost: u32, now: u64) {
        self.bucket.give_back(rate, cost, now);
    }

    /// How often `cost` units are missing. Counts a begun unit whole, since units come back with time.
    #[cfg(test)]
    pub(super) fn charged(&self, rate: Rate, cost: u32, now: u64) -> u32 {
        let mut bucket = self.bucket;
        let left = (0..).take_while(|_| bucket.try_take(rate, cost, now)).count();
        rate.burst / cost - u32::try_from(left).unwrap_or(u32::MAX)
    }

    pub(super) fn is_full(&self, rate: Rate, now: u64) -> bool {
        self.bucket.is_full(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_s: 1, burst: 60 };

    #[test]
    fn a_class_gets_in_by_itself_within_a_minute() {
        for (students, over_ms) in [(61, 0), (100, 0), (100, 5_000)] {
            let mut bucket = SlotBucket::full(RATE, 0);
            let mut arrivals: Vec<u64> = (0..students).map(|at| at * over_ms / students).collect();
            let (mut is_in, mut refused, mut end) = (0, 0, 0);
            while let Some(next) = (0..arrivals.len()).min_by_key(|at| arrivals[*at]) {
                let now = arrivals.swap_remove(next);
                match bucket.try_take(RATE, 1, now) {
                    Ok(()) => (is_in, end) = (is_in + 1, now),
                    Err(wait) => {
                        refused += 1;
                        // The header has whole seconds.
                        arrivals.push(now + wait.div_ceil(1_000) * 1_000);
                    }
                }
            }
            assert_eq!(is_in, students);
            assert!(end <= 60_000, "{students} in {over_ms} ms: the last comes in after {end} ms");
            assert!(refused <= students - 60, "{refused} refusals: nobody is refused twice");
        }
    }

    #[test]
    fn refused_callers_are_spread_and_never_sent_away_for_long() {
        let mut bucket = SlotBucket::full(RATE, 0);
        (0..60).for_each(|_| bucket.try_take(RATE, 1, 0).unwrap());
        let waits: Vec<u64> = (0..200).map(|_| bucket.try_take(RATE, 1, 0).unwrap_err()).collect();
        let slots = usize::try_from(RETRY_AFTER_MS_MAX / 1_000).unwrap();
        for (at, wait) in waits.iter().enumerate() {
            assert_eq!(*wait, (at % slots) as u64 * 1_000 + 1_000, "{at}");
        }
    }

    #[test]
    fn a_unit_that_had_no_effect_comes_back() {
        let mut bucket = SlotBucket::full(RATE, 0);
        for _ in 0..1_000 {
            bucket.try_take(RATE, 1, 0).unwrap();
            bucket.give_back(RATE, 1, 0);
        }
        assert!(bucket.is_full(RATE, 0));
    }
}
