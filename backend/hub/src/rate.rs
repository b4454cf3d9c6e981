//! A token bucket that goes into debt: what comes is always taken, and the
//! answer says how long to wait before the next. So nothing is dropped, and
//! over time the rate holds.

/// How fast, and how much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second; 0 is no limit.
    pub per_s: u32,
    /// Units that may come at once after a rest.
    pub burst: u32,
}

impl Rate {
    /// No limit.
    pub const NONE: Rate = Rate { per_s: 0, burst: 0 };
}

/// One bucket. Levels are in thousandths of a unit, so that `per_s` is what one
/// millisecond adds.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    level: i64,
    at: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(rate: Rate, now: u64) -> Self {
        Bucket { level: i64::from(rate.burst) * 1000, at: now }
    }

    /// Takes `cost` units and returns for how many milliseconds nothing more
    /// should be taken: 0 while the bucket is not in debt.
    pub fn take(&mut self, rate: Rate, cost: u32, now: u64) -> u64 {
        if rate.per_s == 0 {
            return 0;
        }
        self.refill(rate, now);
        self.level = self.level.saturating_sub(i64::from(cost) * 1000);
        let debt = u64::try_from(-self.level).unwrap_or(0);
        debt.div_ceil(u64::from(rate.per_s))
    }

    /// Takes `cost` units if they are there, and says whether they were: for
    /// what is refused rather than delayed.
    pub fn try_take(&mut self, rate: Rate, cost: u32, now: u64) -> bool {
        self.refill(rate, now);
        let is_there = rate.per_s == 0 || self.level >= i64::from(cost) * 1000;
        if is_there {
            self.take(rate, cost, now);
        }
        is_there
    }

    /// Whether the bucket would be full again by `now`: then it need not be remembered.
    pub fn is_full(&self, rate: Rate, now: u64) -> bool {
        let mut later = *self;
        later.refill(rate, now);
        later.level >= i64::from(rate.burst) * 1000
    }

    /// A clock that steps back adds nothing; it does not take away either.
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
    fn a_burst_passes_and_the_next_waits_for_its_share() {
        let mut bucket = Bucket::full(RATE, 0);
        for i in 1..=60 {
            assert_eq!(bucket.take(RATE, 1, 0), 0, "{i}");
        }
        assert_eq!(bucket.take(RATE, 1, 0), 50, "one message at 20 a second");
        assert_eq!(bucket.take(RATE, 1, 50), 50, "the debt was paid, a new one made");
    }

    #[test]
    fn the_rate_holds_over_time() {
        let mut bucket = Bucket::full(RATE, 0);
        let (mut now, mut taken) = (0, 0);
        while now < 60_000 {
            now += bucket.take(RATE, 1, now);
            taken += 1;
        }
        assert_eq!(taken, 60 + 60 * 20);
    }

    #[test]
    fn what_is_refused_costs_nothing() {
        let mut bucket = Bucket::full(RATE, 0);
        let taken = (0..100).filter(|_| bucket.try_take(RATE, 1, 0)).count();
        assert_eq!(taken, 60);
        assert!(!bucket.try_take(RATE, 1, 49));
        assert!(bucket.try_take(RATE, 1, 50));
        assert!(Bucket::full(Rate::NONE, 0).try_take(Rate::NONE, 9, 0));
    }

    #[test]
    fn no_limit_never_waits_and_a_clock_may_step_back() {
        let mut bucket = Bucket::full(Rate::NONE, 0);
        assert_eq!(bucket.take(Rate::NONE, u32::MAX, 0), 0);
        let mut bucket = Bucket::full(RATE, 1_000);
        assert_eq!(bucket.take(RATE, 1, 0), 0);
        assert!(!bucket.is_full(RATE, 0));
        assert!(bucket.is_full(RATE, 50));
    }
}
