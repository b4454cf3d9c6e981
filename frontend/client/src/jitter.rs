//! Pseudo-random numbers for the spread of waits.
//!
//! They can be guessed, so nothing else may use them. Ids and tokens come from the system, inside
//! inputs.

/// A splitmix64 generator.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Jitter(seed)
    }

    /// Draws a number between 0 and `most`, both included, with equal probability.
    pub(crate) fn draw_up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        most.checked_add(1).map_or(z, |values| z % values)
    }
}

#[cfg(test)]
mod tests {
    use super::Jitter;

    #[test]
    fn numbers_stay_within_the_bound_and_reach_it() {
        let mut jitter = Jitter::new(7);
        let mut counts = [0_u32; 4];
        for _ in 0..4_000 {
            counts[jitter.draw_up_to(3) as usize] += 1;
        }
        assert!(counts.iter().all(|times| (800..1_200).contains(times)), "{counts:?}");
        assert_eq!(jitter.draw_up_to(0), 0);
        jitter.draw_up_to(u64::MAX);
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let mut jitter = Jitter::new(seed);
            [(); 8].map(|()| jitter.draw_up_to(1_000_000))
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
