//! A histogram of durations with fixed buckets. To observe costs two atomic additions.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A histogram of durations.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds of the buckets in seconds, ascending. The last bucket has none.
    bounds: &'static [f64],
    counts: Box<[AtomicU64]>,
    sum_ns: AtomicU64,
}

impl Histogram {
    /// A histogram with buckets of these upper bounds in seconds, in ascending order.
    pub fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::default()).collect();
        Histogram { bounds, counts, sum_ns: AtomicU64::default() }
    }

    /// Counts a duration.
    pub fn observe(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = self.bounds.iter().take_while(|bound| seconds > **bound).count();
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Each bucket's upper bound and own count, and the sum in seconds. The last bucket has no bound.
    pub(super) fn read(&self) -> (Vec<(Option<f64>, u64)>, f64) {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let sum = Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed));
        (bounds.zip(counts).collect(), sum.as_secs_f64())
    }
}
