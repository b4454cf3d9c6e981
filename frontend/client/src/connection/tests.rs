use super::*;
use crate::limits::{
    CLOSING_MS, CONNECT_MS, LIVENESS_MS, PROBE_AFTER_MS, PROBE_MS, PROBE_NOTICE_MS, SETTLE_MS, STALE_MS,
    UPGRADE_CEILING_MS, WELCOME_MS,
};
use crate::test_clock::at;
use crate::timer::Timer;
use crate::transport::Transport;
use shared::limits::SILENCE_MS;

/// A connection and its clock, with a method for each event.
struct ConnectionFixture {
    connection: Connection,
    jitter: Jitter,
    now: u64,
}

fn open(number: u64) -> Effect {
    Effect::OpenConnection(ConnectionId(number), Transport::WebSocket)
}

fn is_overdue(connection: &mut Connection, awaited_since: Option<u64>, now: u64) -> bool {
    connection.take_deadline(awaited_since, now) == DeadlineAction::GiveUp
}

impl ConnectionFixture {
    fn new() -> Self {
        let mut connection = Connection::new();
        // The transport does not matter here.
        connection.pin_transport(Some(Transport::WebSocket), 0, &mut Vec::new());
        ConnectionFixture { connection, jitter: Jitter::new(1), now: 100_000 }
    }

    fn connecting() -> Self {
        let mut fixture = ConnectionFixture::new();
        assert_eq!(fixture.run(Connection::open)[0], open(1));
        fixture
    }

    fn live() -> Self {
        let mut fixture = ConnectionFixture::connecting();
        fixture.go_live();
        fixture
    }

    /// A connection that lasted, so that the next failure begins a series.
    fn steady() -> Self {
        let mut fixture = ConnectionFixture::live();
        fixture.now += 50_000;
        fixture.connection.note_event(ConnectionId(1), at(fixture.now));
        fixture
    }

    fn go_live(&mut self) {
        let socket = self.connection.socket();
        assert!(self.connection.note_opened(socket, 1, self.now, &mut Vec::new()));
        assert_eq!(self.connection.note_event(socket, at(self.now)), FrameOutcome::Apply);
        self.connection.note_welcomed(self.now);
    }

    /// Calls a method and schedules the deadline as the client does.
    fn run<T>(&mut self, what: impl FnOnce(&mut Connection, u64, &mut Vec<Effect>) -> T) -> Vec<Effect> {
        let mut out = Vec::new();
        what(&mut self.connection, self.now, &mut out);
        self.connection.schedule_deadline(None, &mut out);
        out
    }

    fn closed(&mut self, code: u16, reason: &str) -> (ConnectionEnd, Vec<Effect>) {
        let mut out = Vec::new();
        let socket = self.connection.socket();
        let end = self.connection.note_closed(socket, code, reason, self.now, &mut self.jitter, &mut out);
        (end, out)
    }

    /// The time until [`Timer::Silence`], if it were scheduled anew.
    fn timer_in(&mut self) -> u64 {
        self.connection.timer_at = None;
        let mut out = Vec::new();
        self.connection.schedule_deadline(None, &mut out);
        match out[..] {
            [Effect::ScheduleTimer(Timer::Silence, at)] => at - self.now,
            _ => panic!("{out:?}"),
        }
    }

    fn overdue_in(&self, ms: u64) -> bool {
        is_overdue(&mut self.connection.clone(), None, self.now + ms)
    }

    fn state(&self) -> ReadyState {
        self.connection.status().ready_state
    }

    fn wait(&self) -> Option<u64> {
        self.connection.status().retry_at.map(|at| at - self.now)
    }
}

#[test]
fn the_ready_state_is_the_websockets_own() {
    let mut fixture = ConnectionFixture::new();
    assert_eq!(fixture.state(), ReadyState::Closed);
    fixture.run(Connection::open);
    assert_eq!(fixture.state(), ReadyState::Connecting);
    fixture.connection.note_opened(ConnectionId(1), 1, fixture.now, &mut Vec::new());
    assert_eq!((fixture.state(), fixture.connection.status().welcomed), (ReadyState::Open, false));
    fixture.connection.note_welcomed(fixture.now);
    assert_eq!((fixture.state(), fixture.connection.status().welcomed), (ReadyState::Open, true));
    fixture.run(Connection::close);
    assert_eq!(fixture.state(), ReadyState::Closing);
    assert_eq!(fixture.closed(1000, "").0, ConnectionEnd::Stale);
    assert_eq!(fixture.state(), ReadyState::Closed);
}

#[test]
fn a_dead_websocket_is_shown_as_closed_after_a_while() {
    let mut fixture = ConnectionFixture::live();
    fixture.run(Connection::close);
    assert_eq!(fixture.timer_in(), CLOSING_MS);
    assert!(!is_overdue(&mut fixture.connection, None, fixture.now + CLOSING_MS - 1));
    assert_eq!(fixture.state(), ReadyState::Closing);
    assert!(!is_overdue(&mut fixture.connection, None, fixture.now + CLOSING_MS));
    assert_eq!(fixture.state(), ReadyState::Closed);
}

#[test]
fn late_events_of_an_older_attempt_are_ignored() {
    let mut fixture = ConnectionFixture::live();
    let out = fixture.run(Connection::reconnect);
    assert_eq!(out[..2], [Effect::CloseConnection(ConnectionId(1), 1000), open(2)]);
    let old = ConnectionId(1);
    assert!(!fixture.connection.note_opened(old, 1, fixture.now, &mut Vec::new()));
    assert_eq!(fixture.connection.note_event(old, at(fixture.now)), FrameOutcome::Stale);
    let mut out = Vec::new();
    let end = fixture.connection.note_closed(old, 1006, "", fixture.now, &mut Jitter::new(1), &mut out);
    assert_eq!((end, out), (ConnectionEnd::Stale, vec![]));
    assert_eq!(fixture.state(), ReadyState::Connecting);
}

#[test]
fn an_attempt_is_given_up_when_it_does_not_open_or_gets_no_welcome() {
    let mut fixture = ConnectionFixture::connecting();
    assert_eq!(fixture.timer_in(), CONNECT_MS);
    assert!(!fixture.overdue_in(CONNECT_MS - 1) && fixture.overdue_in(CONNECT_MS));
    fixture.connection.note_opened(ConnectionId(1), 1, fixture.now, &mut Vec::new());
    assert_eq!(fixture.timer_in(), WELCOME_MS);
    assert!(!fixture.overdue_in(WELCOME_MS - 1) && fixture.overdue_in(WELCOME_MS));
}

#[test]
fn a_connection_is_given_up_after_silence_and_any_frame_ends_the_silence() {
    let mut fixture = ConnectionFixture::live();
    assert_eq!(fixture.timer_in(), SILENCE_MS);
    assert!(!fixture.overdue_in(SILENCE_MS - 1) && fixture.overdue_in(SILENCE_MS));
    fixture.connection.note_event(ConnectionId(1), at(fixture.now + 10));
    assert!(!fixture.overdue_in(SILENCE_MS + 9) && fixture.overdue_in(SILENCE_MS + 10));
}

#[test]
fn a_frame_schedules_no_timer() {
    let mut fixture = ConnectionFixture::live();
    fixture.connection.schedule_deadline(None, &mut Vec::new());
    fixture.now += 1_000;
    assert_eq!(
        fixture.run(|connection, now, _| {
            connection.note_event(ConnectionId(1), at(now));
        }),
        []
    );
}

#[test]
fn an_overdue_answer_ends_a_live_connection() {
    let mut fixture = ConnectionFixture::live();
    let (now, overdue) = (fixture.now, fixture.now + SETTLE_MS);
    assert!(!is_overdue(&mut fixture.connection, Some(now), overdue - 1));
    assert!(is_overdue(&mut fixture.connection, Some(now), overdue));
}

/// Lets the deadlines pass until something is due, while an answer is awaited since `since`.
fn next_action(fixture: &mut ConnectionFixture, since: u64) -> (u64, DeadlineAction) {
    loop {
        fixture.connection.timer_at = None;
        let was_silent = fixture.connection.is_silent();
        let mut out = Vec::new();
        fixture.connection.schedule_deadline(Some(since), &mut out);
        let [Effect::ScheduleTimer(Timer::Silence, at)] = out[..] else { panic!("{out:?}") };
        fixture.now = at;
        let action = fixture.connection.take_deadline(Some(since), at);
        if action != DeadlineAction::Nothing || was_silent != fixture.connection.is_silent() {
            return (at - since, action);
        }
    }
}

#[test]
fn a_late_answer_is_asked_for_then_told_then_ends_the_connection() {
    let mut fixture = ConnectionFixture::live();
    let since = fixture.now;
    assert_eq!(next_action(&mut fixture, since), (PROBE_AFTER_MS, DeadlineAction::Probe));
    assert!(!fixture.connection.status().silent);
    assert_eq!(next_action(&mut fixture, since), (PROBE_AFTER_MS + PROBE_NOTICE_MS, DeadlineAction::Nothing));
    assert!(fixture.connection.status().silent);
    const { assert!(PROBE_AFTER_MS + PROBE_NOTICE_MS <= 10_000, "it is told within ten seconds") }
    // Frames that the server sends by itself say nothing about the way to it.
    fixture.connection.note_event(ConnectionId(1), at(fixture.now + 1_000));
    assert_eq!(next_action(&mut fixture, since), (PROBE_AFTER_MS + PROBE_MS, DeadlineAction::GiveUp));
}

#[test]
fn a_slow_connection_that_answers_is_kept() {
    let mut fixture = ConnectionFixture::live();
    let since = fixture.now;
    next_action(&mut fixture, since);
    next_action(&mut fixture, since);
    fixture.now = since + PROBE_AFTER_MS + PROBE_MS - 1;
    fixture.connection.note_answered(ConnectionId(1), fixture.now);
    assert!(!fixture.connection.status().silent);
    let answered = fixture.now - since;
    assert_eq!(next_action(&mut fixture, since), (answered + PROBE_AFTER_MS, DeadlineAction::Probe));
}

#[test]
fn a_lost_network_is_checked_at_once() {
    let mut fixture = ConnectionFixture::live();
    let now = at(fixture.now);
    assert_eq!(fixture.connection.set_online(false, now, &mut Vec::new()), Liveness::SendPing);
    assert_eq!(fixture.timer_in(), PROBE_NOTICE_MS);
    assert_eq!(fixture.connection.set_online(false, now, &mut Vec::new()), Liveness::Unneeded, "once");
    fixture.connection.note_answered(ConnectionId(1), fixture.now);
    assert_eq!(fixture.timer_in(), SILENCE_MS);
}

#[test]
fn a_shown_page_pings_its_connection() {
    let mut fixture = ConnectionFixture::live();
    let mut out = Vec::new();
    assert_eq!(fixture.connection.check_liveness(at(fixture.now), &mut out), Liveness::SendPing);
    assert_eq!(
        fixture.connection.check_liveness(at(fixture.now), &mut out),
        Liveness::Unneeded,
        "one is on its way"
    );
    assert_eq!((out, fixture.timer_in()), (vec![], LIVENESS_MS));
    assert!(!fixture.overdue_in(LIVENESS_MS - 1) && fixture.overdue_in(LIVENESS_MS));
    fixture.connection.note_event(ConnectionId(1), at(fixture.now));
    assert!(!fixture.overdue_in(LIVENESS_MS));
}

#[test]
fn a_lesser_transport_reconnects_after_a_long_silence() {
    for (still, liveness) in [
        (STALE_MS - 1, Liveness::Unneeded),
        (STALE_MS, Liveness::Reconnected),
        (STALE_MS + 1, Liveness::Reconnected),
    ] {
        let mut fixture = ConnectionFixture::new();
        fixture.connection.pin_transport(Some(Transport::LongPoll), 0, &mut Vec::new());
        fixture.run(Connection::open);
        fixture.go_live();
        fixture.now += still;
        let asleep = Now { mono: fixture.now - still, ..at(fixture.now) };
        for now in [at(fixture.now), asleep] {
            let mut connection = fixture.connection.clone();
            assert_eq!(connection.check_liveness(now, &mut Vec::new()), liveness, "{still} {now:?}");
        }
    }
}

#[test]
fn upgrades_are_tried_at_growing_intervals_up_to_a_ceiling() {
    let mut schedule = UpgradeSchedule::default();
    let mut waits = Vec::new();
    for _ in 0..7 {
        schedule.note_failed(1_000);
        waits.push(schedule.next_at - 1_000);
    }
    assert_eq!(waits[..3], [30_000, 60_000, 120_000]);
    assert!(
        waits[4] < UPGRADE_CEILING_MS && waits[5] == UPGRADE_CEILING_MS && waits[6] == UPGRADE_CEILING_MS
    );
}

#[test]
fn a_pinned_transport_is_tried_at_once_when_none_serves() {
    let tries = |fixture: &mut ConnectionFixture, pinned| -> Vec<Transport> {
        let now = fixture.now;
        let mut out = Vec::new();
        fixture.connection.pin_transport(pinned, now, &mut out);
        out.iter()
            .filter_map(|effect| if let Effect::OpenConnection(_, by) = effect { Some(*by) } else { None })
            .collect()
    };
    let (websocket, poll) = (Transport::WebSocket, Transport::Poll);
    let none: Vec<Transport> = Vec::new();
    let mut fixture = ConnectionFixture::new();
    assert_eq!(tries(&mut fixture, None), none, "it rests");
    fixture.connection.pin_transport(Some(websocket), 0, &mut Vec::new());
    fixture.run(Connection::open);
    assert_eq!(tries(&mut fixture, Some(websocket)), none, "the same");
    assert_eq!(tries(&mut fixture, None), [websocket], "other transports may follow");
    assert!(fixture.connection.has_fallback);
    fixture.connection.pin_transport(Some(poll), 0, &mut Vec::new());
    let socket = fixture.connection.socket();
    fixture.connection.note_closed(socket, 1006, "", fixture.now, &mut fixture.jitter, &mut Vec::new());
    assert!(fixture.connection.status().retry_at.is_some());
    assert_eq!(tries(&mut fixture, None), [websocket], "without the wait");
    fixture.go_live();
    assert_eq!(tries(&mut fixture, Some(websocket)), none, "it serves");
    assert_eq!(tries(&mut fixture, Some(poll)), [poll]);
}

#[test]
fn a_lost_connection_is_reopened_after_a_wait() {
    let mut fixture = ConnectionFixture::steady();
    let (end, out) = fixture.closed(1006, "");
    let wait = fixture.wait().unwrap();
    assert_eq!(
        (end, out),
        (ConnectionEnd::WillRetry, vec![Effect::ScheduleTimer(Timer::Retry, fixture.now + wait)])
    );
    assert!(wait <= 250, "{wait}");
    let out = fixture.run(|connection, now, out| assert!(connection.retry(now, out)));
    assert!(out.contains(&open(2)));
    assert!(!fixture.connection.retry(fixture.now, &mut Vec::new()), "no fetch is scheduled");
}

#[test]
fn the_hint_of_a_restarting_server_is_honoured_within_bounds() {
    for (reason, wait) in
        [("retry-ms=1234", 1_234), ("retry-ms=0", 0), ("retry-ms=18446744073709551615", RETRY_HINT_MAX_MS)]
    {
        let mut fixture = ConnectionFixture::steady();
        fixture.closed(1012, reason);
        assert_eq!(fixture.wait(), Some(wait), "{reason}");
    }
    for (code, reason) in [(1012, "soon"), (1012, "retry-ms=99999999999999999999"), (1006, "retry-ms=1234")] {
        let mut fixture = ConnectionFixture::steady();
        fixture.closed(code, reason);
        assert!(fixture.wait().unwrap() <= 250, "{code} {reason}");
    }
}

#[test]
fn a_connection_without_a_member_is_not_reopened() {
    let mut fixture = ConnectionFixture::live();
    assert_eq!(fixture.closed(4401, ""), (ConnectionEnd::SignedOut(true), vec![]));
    assert_eq!((fixture.state(), fixture.wait()), (ReadyState::Closed, None));
    let mut early = ConnectionFixture::connecting();
    assert_eq!(early.closed(4401, "").0, ConnectionEnd::SignedOut(false));
    // A client and a server that disagree about the identity must not reconnect without a pause.
    let mut jitter = Jitter::new(1);
    let out = fixture.run(|connection, now, out| connection.resume(now, &mut jitter, out));
    assert!(
        matches!(
            out[..],
            [Effect::CancelTimer(Timer::Silence)] | [Effect::ScheduleTimer(Timer::Retry, _), ..]
        ),
        "{out:?}"
    );
    assert!(fixture.wait().is_some());
}

#[test]
fn a_returning_network_connects_at_once() {
    let mut fixture = ConnectionFixture::steady();
    fixture.closed(1006, "");
    let out = fixture.run(|connection, now, out| connection.set_online(true, at(now), out));
    assert!(out.starts_with(&[Effect::CancelTimer(Timer::Retry), open(2)]), "{out:?}");
    // An attempt on the lost network is replaced.
    let out = fixture.run(|connection, now, out| connection.set_online(true, at(now), out));
    assert!(out.starts_with(&[Effect::CloseConnection(ConnectionId(2), 1000), open(3)]), "{out:?}");
    fixture.go_live();
    let mut out = Vec::new();
    assert_eq!(fixture.connection.set_online(true, at(fixture.now), &mut out), Liveness::SendPing);
    assert_eq!(out, []);
}

#[test]
fn attempts_continue_at_long_intervals_when_the_browser_is_offline() {
    let mut fixture = ConnectionFixture::steady();
    let out = fixture.run(|connection, now, out| connection.set_online(false, at(now), out));
    assert_eq!((out, fixture.connection.status().offline), (vec![], true));
    assert_eq!(fixture.state(), ReadyState::Open);
    fixture.closed(1006, "");
    assert_eq!(fixture.wait(), Some(crate::limits::BACKOFF_EARLY_CEILING_MS));
}

#[test]
fn reconnect_now_does_not_wait_and_needs_a_member() {
    let mut fixture = ConnectionFixture::steady();
    fixture.closed(1006, "");
    let out = fixture.run(Connection::reconnect);
    assert!(out.starts_with(&[Effect::CancelTimer(Timer::Retry), open(2)]), "{out:?}");
    let mut fixture = ConnectionFixture::new();
    assert_eq!(fixture.run(Connection::reconnect), []);
}

#[test]
fn a_clock_at_its_greatest_value_does_not_overflow() {
    let mut fixture = ConnectionFixture::connecting();
    fixture.now = u64::MAX;
    fixture.go_live();
    fixture.run(|connection, now, out| connection.check_liveness(at(now), out));
    fixture.run(|connection, now, out| connection.give_up(CloseCode::Silent, now, &mut Jitter::new(1), out));
    assert_eq!(fixture.connection.status().retry_at, Some(u64::MAX));
}
