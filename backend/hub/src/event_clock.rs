//! The clock of events. It gives each new event its time `at` from the wall clock, which may step.
//!
//! * `at` is never smaller than the last `at` of the log.
//! * A step ahead by more than [`CLOCK_JUMP_MS`] has no effect until it has lasted for [`CLOCK_TRUST_MS`].
//!   Until then the time goes on from what the wall clock showed before. So a short false step never enters
//!   the log.
//! * While the wall clock is behind the last `at`, the time runs at half the speed of the monotonic clock,
//!   from the last `at` on. So times grow, and the wall clock catches up after twice the time that it was
//!   behind at the latest.
//!
//! The first reading of a process is believed, because nothing contradicts it.

use crate::limits::{CLOCK_CHECK_MS, CLOCK_JUMP_MS, CLOCK_TRUST_MS};
use shared::Now;

/// Difference of the clocks: milliseconds by which the wall clock is ahead of the monotonic one.
type Offset = i128;

/// The clock of one process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventClock {
    /// Offset that is believed; none before the first reading.
    believed: Option<Offset>,
    /// Offset after a step ahead that is not believed yet, and the monotonic time at which it was first seen.
    jump: Option<(Offset, u64)>,
    /// Monotonic time of the last event.
    last_event: u64,
    /// The last `at`, and the monotonic time of that event, since which the time runs at half speed.
    half_speed_since: Option<(u64, u64)>,
    /// Monotonic time of the next reading, if no input comes before.
    check_at: u64,
}

impl EventClock {
    /// Compares the clocks.
    pub(crate) fn observe(&mut self, now: Now) {
        if now.mono >= self.check_at {
            self.check_at = now.mono.saturating_add(CLOCK_CHECK_MS);
        }
        let offset = Offset::from(now.wall) - Offset::from(now.mono);
        let tolerance = Offset::from(CLOCK_JUMP_MS);
        if self.believed.is_none_or(|believed| offset <= believed + tolerance) {
            (self.believed, self.jump) = (Some(offset), None);
            return;
        }
        let same = self.jump.filter(|(seen, _)| (seen - offset).abs() <= tolerance);
        let (_, since) = *self.jump.insert(same.unwrap_or((offset, now.mono)));
        if now.mono.saturating_sub(since) >= CLOCK_TRUST_MS {
            (self.believed, self.jump) = (Some(offset), None);
        }
    }

    /// Returns the time of an event at `now`, in milliseconds since 1970. `last_at` is the time of the last
    /// event in the log.
    pub(crate) fn event_time(&mut self, now: Now, last_at: u64) -> u64 {
        self.observe(now);
        let last_event = std::mem::replace(&mut self.last_event, now.mono);
        let believed = Offset::from(now.mono) + self.believed.unwrap_or_default();
        let believed = u64::try_from(believed.max(0)).unwrap_or(u64::MAX);
        let slowed = |(at, since): (u64, u64)| at.saturating_add(now.mono.saturating_sub(since) / 2);
        let is_slow = self.half_speed_since.is_some_and(|from| slowed(from) >= last_at);
        if !is_slow {
            self.half_speed_since = (believed < last_at).then_some((last_at, last_event));
        }
        match self.half_speed_since.map(slowed) {
            Some(at) if believed < at => at,
            _ => {
                self.half_speed_since = None;
                believed
            }
        }
    }

    /// Returns the monotonic time at which [`EventClock::observe`] is due.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.believed.map(|_| self.check_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    /// Wall clock at the start of the process.
    const START: u64 = 1_790_000_000_000;

    /// The clock of a process with its log's last `at`.
    #[derive(Default)]
    struct Log {
        clock: EventClock,
        at: u64,
    }

    impl Log {
        /// Appends an event when the monotonic clock shows `mono`, and returns its time since `START`.
        fn append(&mut self, mono: u64, wall_ahead: i64) -> i64 {
            let at = self.clock.event_time(at(mono, wall_ahead), self.at);
            assert!(at >= self.at, "{at} after {}", self.at);
            self.at = at;
            i64::try_from(at).unwrap() - i64::try_from(START).unwrap()
        }

        /// The same log in another process.
        fn restart(&mut self) {
            self.clock = EventClock::default();
        }
    }

    /// Reading of a wall clock that is this far ahead of the true time.
    fn at(mono: u64, ahead: i64) -> Now {
        Now { mono, wall: (START + mono).saturating_add_signed(ahead) }
    }

    #[test]
    fn at_is_the_wall_clock_when_it_does_not_step() {
        let mut log = Log::default();
        assert_eq!(log.append(0, 0), 0);
        assert_eq!(log.append(5, 0), 5);
        assert_eq!(log.append(5, 0), 5);
        assert_eq!(log.append(100 * HOUR, 7), 360_000_007, "a clock that drifts is followed");
    }

    #[test]
    fn a_step_ahead_is_followed_at_once_up_to_the_limit() {
        for (ahead, expected) in [
            (CLOCK_JUMP_MS - 1, CLOCK_JUMP_MS + 9),
            (CLOCK_JUMP_MS, CLOCK_JUMP_MS + 10),
            (CLOCK_JUMP_MS + 1, 10),
        ] {
            let mut log = Log::default();
            log.append(0, 0);
            let at = log.append(10, i64::try_from(ahead).unwrap());
            assert_eq!(at, i64::try_from(expected).unwrap(), "{ahead}");
        }
    }

    #[test]
    fn a_short_false_step_ahead_never_enters_the_log() {
        let mut log = Log::default();
        log.append(0, 0);
        let day = 24 * 3_600_000;
        for mono in [1_000, 2_000, CLOCK_TRUST_MS + 999] {
            assert_eq!(log.append(mono, day), i64::try_from(mono).unwrap());
        }
        assert_eq!(log.append(CLOCK_TRUST_MS + 1_000, 0), i64::try_from(CLOCK_TRUST_MS + 1_000).unwrap());
        assert_eq!(log.append(2 * CLOCK_TRUST_MS, day), i64::try_from(2 * CLOCK_TRUST_MS).unwrap(), "again");
    }

    #[test]
    fn a_step_ahead_is_believed_after_it_has_lasted() {
        for (lasted, is_believed) in
            [(CLOCK_TRUST_MS - 1, false), (CLOCK_TRUST_MS, true), (CLOCK_TRUST_MS + 1, true)]
        {
            let mut log = Log::default();
            log.append(0, 0);
            log.clock.observe(at(1_000, 3_600_000));
            let at = log.append(1_000 + lasted, 3_600_000);
            assert_eq!(at >= 3_600_000, is_believed, "{lasted}");
        }
        let mut log = Log::default();
        log.append(0, 0);
        log.clock.observe(at(1_000, 3_600_000));
        log.clock.observe(at(2_000, 7_200_000));
        assert!(log.append(1_000 + CLOCK_TRUST_MS, 7_200_000) < 3_600_000, "another step begins again");
    }

    #[test]
    fn at_runs_at_half_speed_after_a_step_back_until_the_clock_has_caught_up() {
        let mut log = Log::default();
        assert_eq!(log.append(1_000, 0), 1_000);
        assert_eq!(log.append(1_100, -10_000), 1_050);
        // Many events in little time do not outrun the clock.
        for mono in 1_101..20_998 {
            assert_eq!(log.append(mono, -10_000), 1_000 + i64::try_from((mono - 1_000) / 2).unwrap());
        }
        assert_eq!(log.append(21_000, -10_000), 11_000, "caught up");
        assert_eq!(log.append(21_001, -10_000), 11_001);
        assert_eq!(log.append(21_101, -20_000), 11_051, "again");
        assert_eq!(log.append(41_000, -20_000), 21_000, "an idle log waits for the clock to reach it only");
    }

    #[test]
    fn at_is_not_pinned_by_a_time_in_the_future_when_the_server_restarts() {
        let mut log = Log { clock: EventClock::default(), at: START + HOUR };
        let hour = i64::try_from(HOUR).unwrap();
        assert_eq!(log.append(200, 0), hour + 100);
        log.restart();
        assert_eq!(log.append(50, 0), hour + 125);
        assert_eq!(log.append(HOUR, 0), hour + 100 + hour / 2);
        let caught_up = log.append(2 * HOUR + 1_000, 0);
        assert_eq!(caught_up, 2 * hour + 1_000, "the clock has caught up");
    }

    #[test]
    fn extreme_readings_do_not_panic() {
        let mut clock = EventClock::default();
        let extremes = [0, 1, u64::MAX - 1, u64::MAX];
        for (mono, wall) in extremes.into_iter().flat_map(|mono| extremes.map(|wall| (mono, wall))) {
            for last_at in extremes {
                assert!(clock.event_time(Now { mono, wall }, last_at) >= last_at);
            }
        }
    }
}
