//! The time at which a core handles an input.

/// Two clocks, read at the same moment. A core receives them with each input and reads no clock itself.
///
/// The two have no common zero: compare a reading only with other readings of the same clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never steps, from a start that the shell chooses, such as the start of the
    /// process or the page. For every timer, rate, pause and deadline.
    pub mono: u64,
    /// Milliseconds since 1970, UTC, by the device's clock. The clock may be wrong and may step in either
    /// direction. For times that people read, and for what outlives the process or the page.
    pub wall: u64,
}

impl Now {
    /// Returns this time `ms` milliseconds later, by both clocks.
    #[must_use]
    pub fn after(self, ms: u64) -> Now {
        Now { mono: self.mono.saturating_add(ms), wall: self.wall.saturating_add(ms) }
    }
}
