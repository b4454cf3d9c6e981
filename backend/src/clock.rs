//! The server's clocks.

use shared::Now;
use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Reading of the monotonic clock at its first use, which is its zero.
static START: LazyLock<Duration> = LazyLock::new(monotonic);

/// Reads both clocks, for a core.
pub fn now() -> Now {
    Now { mono: mono_ms(), wall: wall_ms() }
}

/// Milliseconds since the first use of this clock in this process. They never step. The time for which the
/// computer was suspended counts where the system can tell, so that the wall clock is not ahead afterwards.
pub fn mono_ms() -> u64 {
    ms(monotonic().saturating_sub(*START))
}

/// Milliseconds since 1970 by the computer's clock, which may step in either direction.
pub fn wall_ms() -> u64 {
    ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Time since some moment before the start of the process.
#[cfg(unix)]
fn monotonic() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // `std::time::Instant` stands still while the computer sleeps, on Linux and on macOS.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Time since the first call.
#[cfg(not(unix))]
fn monotonic() -> Duration {
    static FIRST: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    FIRST.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_counts_from_the_start_of_the_process() {
        let first = mono_ms();
        std::thread::sleep(Duration::from_millis(20));
        let elapsed = mono_ms() - first;
        assert!((19..600_000).contains(&elapsed), "{elapsed} ms");
        assert!(mono_ms() < wall_ms() / 100, "it does not count from 1970");
    }
}
