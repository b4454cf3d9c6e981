//! Percentiles of many times, and medians of a few figures.

use std::time::Duration;

/// Buckets for each doubling of the time, as a power of two: 256, so that a percentile is exact within 0.4 %.
const PRECISION_BITS: u32 = 8;
/// Bits of the longest time. Longer times count as 2^40 ns, which is 18 minutes.
const VALUE_BITS_MAX: u32 = 40;

/// Counts of times in nanoseconds, in buckets whose width grows with the time.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// A histogram without times.
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; bucket((1 << VALUE_BITS_MAX) - 1) + 1], total: 0 }
    }

    /// Records one time.
    pub(crate) fn record(&mut self, nanoseconds: u64) {
        if let Some(count) = self.counts.get_mut(bucket(nanoseconds)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Records one time, and the times that were not measured because of it (coordinated omission).
    ///
    /// A sender that waits for one message omits those that were due every `interval` meanwhile. Each of them
    /// would have waited one interval less than the one before. An `interval` of 0 adds none.
    pub(crate) fn record_with_omitted(&mut self, nanoseconds: u64, interval: u64) {
        let mut time = nanoseconds.min(1 << VALUE_BITS_MAX);
        self.record(time);
        while interval > 0 && time >= 2 * interval {
            time -= interval;
            self.record(time);
        }
    }

    /// Removes all times.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// Smallest time in nanoseconds that at least `percent` of all times do not exceed (nearest rank); 0
    /// without times.
    pub(crate) fn percentile(&self, percent: u64) -> u64 {
        let rank = self.total.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(at);
            }
        }
        0
    }

    /// Count of the times.
    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    /// Records one duration.
    pub(crate) fn record_duration(&mut self, time: Duration) {
        self.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// As [`Histogram::percentile`], in milliseconds.
    pub(crate) fn milliseconds(&self, percent: u64) -> f64 {
        self.percentile(percent) as f64 / 1e6
    }

    /// Text of these percentiles in milliseconds, such as `0.21, 1.40 ms`.
    pub(crate) fn format_milliseconds<const N: usize>(&self, percents: [u64; N]) -> String {
        let texts = percents.map(|percent| format!("{:.2}", self.milliseconds(percent)));
        format!("{} ms", texts.join(", "))
    }
}

fn bucket(value: u64) -> usize {
    let value = value.min((1 << VALUE_BITS_MAX) - 1);
    let bits = u64::BITS - value.leading_zeros();
    let shift = bits.saturating_sub(PRECISION_BITS + 1);
    // Below 2^9 each value has its own bucket; each doubling adds 2^8 buckets.
    let at = (u64::from(shift) << PRECISION_BITS) + (value >> shift);
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// Middle of a bucket's values.
fn middle(at: usize) -> u64 {
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    let shift = (at >> PRECISION_BITS).saturating_sub(1);
    let first = (at - (shift << PRECISION_BITS)) << shift;
    first + ((1 << shift) >> 1)
}

/// Minimum, median and maximum of a few figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// Minimum of the figures.
    pub(crate) min: f64,
    /// Median; of an even count, the mean of the two in the middle.
    pub(crate) median: f64,
    /// Maximum of the figures.
    pub(crate) max: f64,
}

impl Spread {
    /// Spread of `figures`. Without figures all three are NaN, for which no bound holds.
    pub(crate) fn of(figures: &[f64]) -> Self {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Self { min: f64::NAN, median: f64::NAN, max: f64::NAN };
        };
        let upper = sorted.len() / 2;
        let lower = (sorted.len() - 1) / 2;
        Self { min, median: f64::midpoint(sorted[lower], sorted[upper]), max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_times_are_exact() {
        let mut times = Histogram::new();
        for value in 1..=100 {
            times.record(value);
        }
        assert_eq!(times.percentile(50), 50);
        assert_eq!(times.percentile(99), 99);
        assert_eq!(times.percentile(100), 100);
        times.clear();
        assert_eq!(times.percentile(99), 0);
    }

    #[test]
    fn p99_excludes_one_late_time_in_a_hundred() {
        let mut times = Histogram::new();
        for _ in 0..99 {
            times.record(10);
        }
        times.record(500);
        assert_eq!(times.percentile(99), 10);
        assert_eq!(times.percentile(100), 500);
    }

    #[test]
    fn omitted_times_are_added_when_one_is_late() {
        let count = |time, interval| {
            let mut times = Histogram::new();
            times.record_with_omitted(time, interval);
            times.total
        };
        assert_eq!(count(100, 0), 1);
        assert_eq!(count(19, 10), 1);
        assert_eq!(count(20, 10), 2);
        let mut times = Histogram::new();
        times.record_with_omitted(35, 10); // and 25, 15
        assert_eq!([34, 67, 100].map(|percent| times.percentile(percent)), [25, 35, 35]);
        assert_eq!(times.percentile(33), 15);
    }

    #[test]
    fn large_times_are_exact_within_four_thousandths() {
        for value in [511, 512, 513, 1_023, 1_024, 999_999, 123_456_789, 1 << 39] {
            let mut times = Histogram::new();
            times.record(value);
            let found = times.percentile(50);
            assert!(found.abs_diff(value) * 250 <= value, "{value} became {found}");
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut last = bucket(0);
        for value in 1..(1 << 14) {
            let at = bucket(value);
            assert!(at == last || at == last + 1, "{value}");
            last = at;
        }
    }

    #[test]
    fn times_past_the_highest_count_as_the_highest() {
        let mut times = Histogram::new();
        times.record(u64::MAX);
        times.record((1 << VALUE_BITS_MAX) - 1);
        times.record(1 << VALUE_BITS_MAX);
        assert_eq!(times.total, 3);
        assert!(times.percentile(1) > 1 << (VALUE_BITS_MAX - 1));
    }

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_two() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]).median, 2.0);
        let even = Spread::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!((even.min, even.median, even.max), (1.0, 2.5, 4.0));
        assert!(Spread::of(&[]).median.is_nan());
    }
}
