//! Random numbers from a seed. The seed that a run prints gives the same choices again, though not at the
//! same times of the machine.

/// A splitmix64 generator.
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The sequence of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A new sequence for a part of the run.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// The next number of the sequence.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        match (high - low).checked_add(1) {
            Some(values) => low + self.next() % values,
            None => self.next(),
        }
    }

    /// Whether a chance of one in `times` came up.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times.max(1))
    }

    /// One of the elements; `None` if there is none.
    pub(crate) fn pick<'a, T>(&mut self, choice: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(choice.len()).ok()?.checked_sub(1)?;
        choice.get(usize::try_from(self.between(0, last)).ok()?)
    }

    /// Sixteen bytes, as the system would give them to a page.
    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_sequence() {
        let draw = |seed| {
            let mut rng = Rng::new(seed);
            [(); 4].map(|()| rng.next())
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn between_reaches_both_ends_and_exceeds_none() {
        let mut rng = Rng::new(3);
        let mut seen = [0; 3];
        for _ in 0..300 {
            seen[usize::try_from(rng.between(5, 7)).unwrap() - 5] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
        assert_eq!(rng.between(9, 9), 9);
        rng.between(0, u64::MAX);
        assert_eq!(rng.pick(&[] as &[u8]), None);
        assert_eq!(rng.pick(&[4]), Some(&4));
        assert!(rng.one_in(1));
    }
}
