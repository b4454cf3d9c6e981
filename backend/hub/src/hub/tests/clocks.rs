//! Steps of the wall clock.

use super::*;
use crate::limits::{CLOCK_CHECK_MS, CLOCK_TRUST_MS, POLL_LINGER_MS};

const HOUR: u64 = 3_600_000;

/// Steps of the wall clock, in milliseconds.
const STEPS: [i64; 4] = [-(HOUR as i64), -2_000, 2_000, HOUR as i64];

impl TestHub {
    fn step_wall_clock(&mut self, by: i64) {
        self.now.wall = self.now.wall.saturating_add_signed(by);
    }

    /// Posts a message and returns its time.
    fn post_for_time(&mut self, number: u8) -> u64 {
        let out = self.post(1, number, "tea");
        let posted = out.iter().find_map(|output| match output {
            Output::Publish(_, Event::Posted(posted), _) => Some(posted.at),
            _ => None,
        });
        posted.unwrap_or_else(|| panic!("{out:?}"))
    }
}

#[test]
fn a_hello_is_awaited_for_its_time_when_the_wall_clock_steps() {
    for by in STEPS {
        let mut test = TestHub::with_members(&["Wei"]);
        let session = SessionId(1);
        test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
        test.step_wall_clock(by);
        test.now = test.now.after(HELLO_MS - 1);
        assert_eq!(test.give(Input::Tick), [], "{by}");
        test.now = test.now.after(1);
        assert_eq!(test.give(Input::Tick), [Output::Close(session, CloseCode::Hello)], "{by}");
    }
}

#[test]
fn presence_is_published_in_time_when_the_wall_clock_steps() {
    for by in STEPS {
        let mut test = TestHub::with_members(&["Wei"]);
        test.connect(1, 1);
        let revision = test.hub.presence_revision();
        test.step_wall_clock(by);
        test.give(Input::Closed(SessionId(1)));
        assert_eq!(test.hub.next_wake(), Some(test.now.mono + 1_000), "{by}");
        test.now = test.now.after(1_000);
        let out = test.give(Input::Tick);
        assert!(matches!(&out[..], [Output::Publish(_, Event::Gone(_), _)]), "{by}: {out:?}");
        assert!(test.hub.presence_revision() > revision, "{by}");
    }
}

#[test]
fn a_polling_member_lingers_for_its_time_when_the_wall_clock_steps() {
    for by in STEPS {
        let mut test = TestHub::with_members(&["Wei"]);
        let device = Some(DeviceKey([1; 32]));
        let poll = crate::input::Poll {
            hello: Hello { reference: 0, build: String::new(), cursor: None, held: vec![], room: None },
            is_first: true,
            presence_revision: 0,
            markers: None,
            identity: crate::input::ExpectedIdentity::default(),
            away: false,
        };
        test.give(Input::Polled { session: SessionId(1), device, poll });
        test.step_wall_clock(by);
        test.give(Input::Closed(SessionId(1)));
        test.step_wall_clock(-by);
        for (ms, count) in [(POLL_LINGER_MS - 1, 1), (1, 0)] {
            test.now = test.now.after(ms);
            test.give(Input::Tick);
            assert_eq!(test.hub.presence.count(), count, "{by}");
        }
    }
}

#[test]
fn a_member_who_posts_too_fast_is_paused_for_the_debt_when_the_wall_clock_steps() {
    for by in STEPS {
        let mut test = TestHub::with_members(&["Wei"]);
        test.connect(1, 1);
        let burst = u8::try_from(POSTS_PER_S * POST_BURST_S).unwrap();
        (1..=burst).for_each(|number| drop(test.post(1, number, "tea")));
        test.step_wall_clock(by);
        assert_eq!(test.post(1, burst + 1, "tea")[0], Output::Pause(SessionId(1), 50), "{by}");
    }
}

#[test]
fn a_false_step_ahead_of_the_wall_clock_never_enters_the_log() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let before = test.post_for_time(1);
    test.step_wall_clock(24 * HOUR as i64);
    test.now = test.now.after(1_000);
    assert_eq!(test.post_for_time(2), before + 1_000);
    test.step_wall_clock(-24 * (HOUR as i64));
    test.now = test.now.after(1_000);
    assert_eq!(test.post_for_time(3), before + 2_000);
}

#[test]
fn a_step_ahead_that_lasts_is_seen_while_the_house_is_silent() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let before = test.post_for_time(1);
    test.step_wall_clock(HOUR as i64);
    // Nobody writes, and the hub wakes by itself.
    let until = test.now.after(CLOCK_TRUST_MS + CLOCK_CHECK_MS);
    while let Some(wake) = test.hub.next_wake().filter(|wake| *wake <= until.mono) {
        test.now = test.now.after(wake - test.now.mono);
        test.give(Input::Tick);
    }
    assert_eq!(test.post_for_time(2), before + HOUR + (test.now.mono - START.mono));
}

#[test]
fn times_grow_after_a_restart_when_the_last_event_lies_in_the_future() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.step_wall_clock(HOUR as i64);
    test.now = test.now.after(CLOCK_TRUST_MS);
    test.give(Input::Tick);
    test.now = test.now.after(CLOCK_TRUST_MS);
    let future = test.post_for_time(1);
    assert!(future >= START.wall + HOUR, "the step has lasted");
    // The clock is put right, and the server starts again.
    let hub = Hub::new(Settings::default(), Epoch(1), test.log.house().clone());
    let mut test =
        TestHub { hub, log: test.log, now: Now { mono: 0, wall: START.wall + 2 * CLOCK_TRUST_MS } };
    test.connect(1, 1);
    let times = [2, 3, 4].map(|number| {
        test.now = test.now.after(10);
        test.post_for_time(number)
    });
    assert_eq!(times, [5, 10, 15].map(|ms| future + ms), "at half speed, until the clock has caught up");
    test.now = test.now.after(2 * HOUR);
    assert_eq!(test.post_for_time(5), test.now.wall);
}
