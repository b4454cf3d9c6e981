//! Chance, by seed.

/// A splitmix64 generator.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// 0 to `sides` - 1; 0 for none.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides.max(1)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, choice: &[T]) -> Option<T> {
        let count = u64::try_from(choice.len()).unwrap_or(u64::MAX);
        usize::try_from(self.below(count)).ok().and_then(|index| choice.get(index)).cloned()
    }

    /// 16 bytes, as the system would give them to a page.
    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        let [high, low] = [(); 2].map(|()| u128::from(self.below(u64::MAX)));
        (high << 64 | low).to_be_bytes()
    }
}
