//! Token buckets that may go into debt. A bucket always takes the cost and returns the wait before the next
//! one. So nothing is dropped, and the rate holds over time.

/// Rate of a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units per second; 0 for no limit.
    pub per_s: u32,
    /// Units that may come at once when the bucket is full.
    pub burst: u32,
}

impl Rate {
    /// Rate without a limit.
    pub const NONE: Rate = Rate { per_s: 0, burst: 0 };
}

/// Token bucket, in the time of a monotonic clock. The level is in thousandths of a unit, so that a millisecond adds `per_s`.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    level: i64,
    at: u64,
}

impl Bucket {
    /// Makes a full bucket at time `now` (milliseconds).
    pub fn full(rate: Rate, now: u64) -> Self {
        Bucket { level: i64::from(rate.burst) * 1000, at: now }
    }

    /// Takes `cost` units and returns the milliseconds until the debt is paid; 0 without debt.
    pub fn take(&mut self, rate: Rate, cost: u32, now: u64) -> u64 {
        if rate.per_s == 0 {
            return 0;
        }
        self.refill(rate, now);
        self.level = self.level.saturating_sub(i64::from(cost) * 1000);
        let debt = u64::try_from(-self.level).unwrap_or(0);
        debt.div_ceil(u64::from(rate.per_s))
    }

    /// Takes `cost` units if the bucket has them. False if it has not; then the caller refuses.
    pub fn try_take(&mut self, rate: Rate, cost: u32, now: u64) -> bool {
        self.refill(rate, now);
        let has_units = rate.per_s == 0 || self.level >= i64::from(cost) * 1000;
        if has_units {
            self.take(rate, cost, now);
        }
        has_units
    }

    /// Gives back `cost` units that were taken for nothing. The bucket holds no more than its burst.
    pub fn give_back(&mut self, rate: Rate, cost: u32, now: u64) {
        self.refill(rate, now);
        self.level = self.level.saturating_add(i64::from(cost) * 1000).min(i64::from(rate.burst) * 1000);
    }

    /// Gives back `cost` units without regard to the time since the last call.
    pub fn give_back_now(&mut self, rate: Rate, cost: u32) {
        self.give_back(rate, cost, self.at);
    }

    /// Whether the bucket is full at `now`, so that it need not be kept.
    pub fn is_full(&self, rate: Rate, now: u64) -> bool {
        let mut later = *self;
        later.refill(rate, now);
        later.level >= i64::from(rate.burst) * 1000
    }

    /// Adds units for the time since the last call. A time before it adds nothing and takes nothing.
    fn refill(&mut self, rate: Rate, now: u64) {
        let elapsed = i64::try_from(now.saturating_sub(self.at)).unwrap_or(i64::MAX);
        let added = elapsed.saturating_mul(i64::from(rate.per_s));
        let full = i64::from(rate.burst) * 1000;
        self.level = self.level.saturating_add(added).min(full.max(self.level));
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_s: 20, burst: 60 };

    #[test]
    fn a_unit_waits_when_the_burst_is_used_up() {
        let mut bucket = Bucket::full(RATE, 0);
        for i in 1..=60 {
            assert_eq!(bucket.take(RATE, 1, 0), 0, "{i}");
        }
        assert_eq!(bucket.take(RATE, 1, 0), 50, "one message at 20 a second");
        assert_eq!(bucket.take(RATE, 1, 50), 50, "the debt was paid, a new one made");
    }

    #[test]
    fn the_rate_holds_over_a_minute() {
        let mut bucket = Bucket::full(RATE, 0);
        let (mut now, mut taken) = (0, 0);
        while now < 60_000 {
            now += bucket.take(RATE, 1, now);
            taken += 1;
        }
        assert_eq!(taken, 60 + 60 * 20);
    }

    #[test]
    fn a_refused_unit_costs_nothing() {
        let mut bucket = Bucket::full(RATE, 0);
        let taken = (0..100).filter(|_| bucket.try_take(RATE, 1, 0)).count();
        assert_eq!(taken, 60);
        assert!(!bucket.try_take(RATE, 1, 49));
        assert!(bucket.try_take(RATE, 1, 50));
        assert!(Bucket::full(Rate::NONE, 0).try_take(Rate::NONE, 9, 0));
    }

    #[test]
    fn units_that_are_given_back_can_be_taken_again() {
        let mut bucket = Bucket::full(RATE, 0);
        bucket.give_back(RATE, 5, 0);
        assert_eq!((0..100).filter(|_| bucket.try_take(RATE, 1, 0)).count(), 60, "never more than the burst");
        bucket.give_back(RATE, 2, 0);
        assert_eq!((0..100).filter(|_| bucket.try_take(RATE, 1, 0)).count(), 2);
    }

    #[test]
    fn a_bucket_never_waits_when_there_is_no_limit_or_an_older_time_comes() {
        let mut bucket = Bucket::full(Rate::NONE, 0);
        assert_eq!(bucket.take(Rate::NONE, u32::MAX, 0), 0);
        let mut bucket = Bucket::full(RATE, 1_000);
        assert_eq!(bucket.take(RATE, 1, 0), 0);
        assert!(!bucket.is_full(RATE, 0));
        assert!(bucket.is_full(RATE, 50));
    }
}
