use super::*;
use crate::limits::BESIDE_CEILING_MS;
use crate::limits::{CONNECT_MS, PROBE_MS, STALE_MS, WELCOME_MS};
use shared::limits::SILENCE_MS;

/// A connection, its clock, and a word for each thing that happens to it.
struct Scene {
    connection: Connection,
    jitter: Jitter,
    now: u64,
}

fn open(number: u64) -> Effect {
    Effect::OpenConnection(ConnectionId(number), Transport::WebSocket)
}

fn is_overdue(connection: &mut Connection, overdue_at: Option<u64>, now: u64) -> bool {
    connection.due(overdue_at, now) == DeadlineAction::End
}

impl Scene {
    fn new() -> Self {
        let mut connection = Connection::new();
        // Which transport it is does not matter here.
        connection.pin(Some(Transport::WebSocket), 0, &mut Vec::new());
        Scene { connection, jitter: Jitter::new(1), now: 100_000 }
    }

    fn connecting() -> Self {
        let mut scene = Scene::new();
        assert_eq!(scene.does(Connection::open)[0], open(1));
        scene
    }

    fn live() -> Self {
        let mut scene = Scene::connecting();
        scene.go_live();
        scene
    }

    /// A connection that lasted, so that the next failure is a first one.
    fn steady() -> Self {
        let mut scene = Scene::live();
        scene.now += 50_000;
        scene.connection.heard(ConnectionId(1), scene.now);
        scene
    }

    fn go_live(&mut self) {
        let socket = self.connection.socket();
        assert!(self.connection.opened(socket, 1, self.now, &mut Vec::new()));
        assert_eq!(self.connection.heard(socket, self.now), FrameOutcome::Now);
        self.connection.welcomed(self.now);
    }

    /// Does something, and keeps the timer right as the client does.
    fn does<T>(&mut self, what: impl FnOnce(&mut Connection, u64, &mut Vec<Effect>) -> T) -> Vec<Effect> {
        let mut out = Vec::new();
        what(&mut self.connection, self.now, &mut out);
        self.connection.watch(None, &mut out);
        out
    }

    fn closed(&mut self, code: u16, reason: &str) -> (ConnectionEnd, Vec<Effect>) {
        let mut out = Vec::new();
        let socket = self.connection.socket();
        let end = self.connection.closed(socket, code, reason, self.now, &mut self.jitter, &mut out);
        (end, out)
    }

    /// How long after now the timer of silence comes, were it set anew.
    fn patience(&mut self) -> u64 {
        self.connection.timer_at = None;
        let mut out = Vec::new();
        self.connection.watch(None, &mut out);
        match out[..] {
            [Effect::ScheduleTimer(Timer::Silence, at)] => at - self.now,
            _ => panic!("{out:?}"),
        }
    }

    fn overdue_in(&self, ms: u64) -> bool {
        is_overdue(&mut self.connection.clone(), None, self.now + ms)
    }

    fn state(&self) -> ReadyState {
        self.connection.link().ready_state
    }

    fn wait(&self) -> Option<u64> {
        self.connection.link().retry_at.map(|at| at - self.now)
    }
}

#[test]
fn the_ready_state_is_the_websockets_own() {
    let mut scene = Scene::new();
    assert_eq!(scene.state(), ReadyState::Closed);
    scene.does(Connection::open);
    assert_eq!(scene.state(), ReadyState::Connecting);
    scene.connection.opened(ConnectionId(1), 1, scene.now, &mut Vec::new());
    assert_eq!((scene.state(), scene.connection.link().welcomed), (ReadyState::Open, false));
    scene.connection.welcomed(scene.now);
    assert_eq!((scene.state(), scene.connection.link().welcomed), (ReadyState::Open, true));
    scene.does(Connection::rest);
    assert_eq!(scene.state(), ReadyState::Closing);
    assert_eq!(scene.closed(1000, "").0, ConnectionEnd::NotOurs);
    assert_eq!(scene.state(), ReadyState::Closed);
}

#[test]
fn a_dead_websocket_is_not_shown_as_closing_for_ever() {
    let mut scene = Scene::live();
    scene.does(Connection::rest);
    assert_eq!(scene.patience(), CLOSING_MS);
    assert!(!is_overdue(&mut scene.connection, None, scene.now + CLOSING_MS - 1));
    assert_eq!(scene.state(), ReadyState::Closing);
    assert!(!is_overdue(&mut scene.connection, None, scene.now + CLOSING_MS));
    assert_eq!(scene.state(), ReadyState::Closed);
}

#[test]
fn each_attempt_has_its_own_number_and_late_words_of_an_older_one_are_passed_over() {
    let mut scene = Scene::live();
    let out = scene.does(Connection::reconnect);
    assert_eq!(out[..2], [Effect::CloseConnection(ConnectionId(1), 1000), open(2)]);
    let old = ConnectionId(1);
    assert!(!scene.connection.opened(old, 1, scene.now, &mut Vec::new()));
    assert_eq!(scene.connection.heard(old, scene.now), FrameOutcome::NotOurs);
    let mut out = Vec::new();
    let end = scene.connection.closed(old, 1006, "", scene.now, &mut Jitter::new(1), &mut out);
    assert_eq!((end, out), (ConnectionEnd::NotOurs, vec![]));
    assert_eq!(scene.state(), ReadyState::Connecting);
}

#[test]
fn an_attempt_that_does_not_open_or_is_not_welcome_is_given_up() {
    let mut scene = Scene::connecting();
    assert_eq!(scene.patience(), CONNECT_MS);
    assert!(!scene.overdue_in(CONNECT_MS - 1) && scene.overdue_in(CONNECT_MS));
    scene.connection.opened(ConnectionId(1), 1, scene.now, &mut Vec::new());
    assert_eq!(scene.patience(), WELCOME_MS);
    assert!(!scene.overdue_in(WELCOME_MS - 1) && scene.overdue_in(WELCOME_MS));
}

#[test]
fn a_silent_connection_is_given_up_and_any_frame_is_a_word() {
    let mut scene = Scene::live();
    assert_eq!(scene.patience(), SILENCE_MS);
    assert!(!scene.overdue_in(SILENCE_MS - 1) && scene.overdue_in(SILENCE_MS));
    scene.connection.heard(ConnectionId(1), scene.now + 10);
    assert!(!scene.overdue_in(SILENCE_MS + 9) && scene.overdue_in(SILENCE_MS + 10));
}

#[test]
fn a_frame_sets_no_timer() {
    let mut scene = Scene::live();
    scene.connection.watch(None, &mut Vec::new());
    scene.now += 1_000;
    assert_eq!(
        scene.does(|connection, now, _| {
            connection.heard(ConnectionId(1), now);
        }),
        []
    );
}

#[test]
fn an_answer_that_is_overdue_ends_a_connection_that_lives() {
    let mut scene = Scene::live();
    let now = scene.now;
    assert!(!is_overdue(&mut scene.connection, Some(now + 1), now));
    assert!(is_overdue(&mut scene.connection, Some(now), now));
}

#[test]
fn coming_back_to_the_page_asks_whether_the_connection_lives() {
    let mut scene = Scene::live();
    let mut out = Vec::new();
    assert_eq!(scene.connection.wake(scene.now, &mut out), Liveness::Send);
    assert_eq!(scene.connection.wake(scene.now, &mut out), Liveness::No, "one is on its way");
    assert_eq!((out, scene.patience()), (vec![], PROBE_MS));
    assert!(!scene.overdue_in(PROBE_MS - 1) && scene.overdue_in(PROBE_MS));
    scene.connection.heard(ConnectionId(1), scene.now);
    assert!(!scene.overdue_in(PROBE_MS));
}

#[test]
fn what_is_only_read_begins_anew_where_it_has_been_still_for_long() {
    for (still, probe) in
        [(STALE_MS - 1, Liveness::No), (STALE_MS, Liveness::Anew), (STALE_MS + 1, Liveness::Anew)]
    {
        let mut scene = Scene::new();
        scene.connection.pin(Some(Transport::LongPoll), 0, &mut Vec::new());
        scene.does(Connection::open);
        scene.go_live();
        scene.now += still;
        assert_eq!(scene.connection.wake(scene.now, &mut Vec::new()), probe, "{still}");
    }
}

#[test]
fn a_websocket_is_tried_beside_it_ever_more_seldom_and_not_for_ever() {
    let mut plan = UpgradeSchedule::default();
    let mut waits = Vec::new();
    for _ in 0..7 {
        plan.failed(1_000);
        waits.push(plan.at - 1_000);
    }
    assert_eq!(waits[..3], [30_000, 60_000, 120_000]);
    assert!(waits[4] < BESIDE_CEILING_MS && waits[5] == BESIDE_CEILING_MS && waits[6] == BESIDE_CEILING_MS);
}

#[test]
fn what_is_wanted_instead_is_tried_at_once_where_nothing_serves() {
    let tries = |scene: &mut Scene, pinned| -> Vec<Transport> {
        let now = scene.now;
        let mut out = Vec::new();
        scene.connection.pin(pinned, now, &mut out);
        out.iter()
            .filter_map(|effect| if let Effect::OpenConnection(_, by) = effect { Some(*by) } else { None })
            .collect()
    };
    let (websocket, poll) = (Transport::WebSocket, Transport::Poll);
    let none: Vec<Transport> = Vec::new();
    let mut scene = Scene::new();
    assert_eq!(tries(&mut scene, None), none, "it rests");
    scene.connection.pin(Some(websocket), 0, &mut Vec::new());
    scene.does(Connection::open);
    assert_eq!(tries(&mut scene, Some(websocket)), none, "the same");
    assert_eq!(tries(&mut scene, None), [websocket], "and now others may follow");
    assert!(scene.connection.has_next);
    scene.connection.pin(Some(poll), 0, &mut Vec::new());
    let socket = scene.connection.socket();
    scene.connection.closed(socket, 1006, "", scene.now, &mut scene.jitter, &mut Vec::new());
    assert!(scene.connection.link().retry_at.is_some());
    assert_eq!(tries(&mut scene, None), [websocket], "without the wait");
    scene.go_live();
    assert_eq!(tries(&mut scene, Some(websocket)), none, "it serves");
    assert_eq!(tries(&mut scene, Some(poll)), [poll]);
}

#[test]
fn a_lost_connection_is_opened_again_after_a_wait() {
    let mut scene = Scene::steady();
    let (end, out) = scene.closed(1006, "");
    let wait = scene.wait().unwrap();
    assert_eq!(
        (end, out),
        (ConnectionEnd::WillRetry, vec![Effect::ScheduleTimer(Timer::Retry, scene.now + wait)])
    );
    assert!(wait <= 250, "{wait}");
    let out = scene.does(|connection, now, out| assert!(connection.retry(now, out)));
    assert!(out.contains(&open(2)));
    assert!(!scene.connection.retry(scene.now, &mut Vec::new()), "nothing waits any more");
}

#[test]
fn the_hint_of_a_restarting_server_is_honoured_within_bounds() {
    for (reason, wait) in
        [("retry-ms=1234", 1_234), ("retry-ms=0", 0), ("retry-ms=18446744073709551615", HINT_MAX_MS)]
    {
        let mut scene = Scene::steady();
        scene.closed(1012, reason);
        assert_eq!(scene.wait(), Some(wait), "{reason}");
    }
    for (code, reason) in [(1012, "soon"), (1012, "retry-ms=99999999999999999999"), (1006, "retry-ms=1234")] {
        let mut scene = Scene::steady();
        scene.closed(code, reason);
        assert!(scene.wait().unwrap() <= 250, "{code} {reason}");
    }
}

#[test]
fn a_connection_of_nobody_is_not_opened_again() {
    let mut scene = Scene::live();
    assert_eq!(scene.closed(4401, ""), (ConnectionEnd::SignedOut(true), vec![]));
    assert_eq!((scene.state(), scene.wait()), (ReadyState::Closed, None));
    let mut early = Scene::connecting();
    assert_eq!(early.closed(4401, "").0, ConnectionEnd::SignedOut(false));
    // Two who disagree about who we are do not turn in a tight circle.
    let mut jitter = Jitter::new(1);
    let out = scene.does(|connection, now, out| connection.resume(now, &mut jitter, out));
    assert!(
        matches!(
            out[..],
            [Effect::CancelTimer(Timer::Silence)] | [Effect::ScheduleTimer(Timer::Retry, _), ..]
        ),
        "{out:?}"
    );
    assert!(scene.wait().is_some());
}

#[test]
fn the_network_coming_back_connects_at_once() {
    let mut scene = Scene::steady();
    scene.closed(1006, "");
    let out = scene.does(|connection, now, out| connection.network(true, now, out));
    assert!(out.starts_with(&[Effect::CancelTimer(Timer::Retry), open(2)]), "{out:?}");
    // An attempt on the network that was lost is not waited for.
    let out = scene.does(|connection, now, out| connection.network(true, now, out));
    assert!(out.starts_with(&[Effect::CloseConnection(ConnectionId(2), 1000), open(3)]), "{out:?}");
    scene.go_live();
    let mut out = Vec::new();
    assert_eq!(scene.connection.network(true, scene.now, &mut out), Liveness::Send);
    assert_eq!(out, []);
}

#[test]
fn without_a_network_it_still_tries_for_the_browser_can_be_wrong() {
    let mut scene = Scene::steady();
    let out = scene.does(|connection, now, out| connection.network(false, now, out));
    assert_eq!((out, scene.connection.link().offline), (vec![], true));
    assert_eq!(scene.state(), ReadyState::Open);
    scene.closed(1006, "");
    assert_eq!(scene.wait(), Some(crate::limits::BACKOFF_EARLY_CEILING_MS));
}

#[test]
fn reconnect_now_does_not_wait_and_does_not_connect_nobody() {
    let mut scene = Scene::steady();
    scene.closed(1006, "");
    let out = scene.does(Connection::reconnect);
    assert!(out.starts_with(&[Effect::CancelTimer(Timer::Retry), open(2)]), "{out:?}");
    let mut scene = Scene::new();
    assert_eq!(scene.does(Connection::reconnect), []);
}

#[test]
fn a_clock_that_is_set_back_makes_no_dead_connection_live_longer() {
    let mut scene = Scene::live();
    scene.connection.probe_by = Some(scene.now + PROBE_MS);
    scene.now -= 90_000;
    assert!(!is_overdue(&mut scene.connection, None, scene.now));
    assert_eq!(scene.patience(), PROBE_MS);
    scene.connection.heard(ConnectionId(1), scene.now);
    assert_eq!(scene.patience(), SILENCE_MS);
}

#[test]
fn a_clock_at_its_end_does_no_harm() {
    let mut scene = Scene::connecting();
    scene.now = u64::MAX;
    scene.go_live();
    scene.does(Connection::wake);
    scene.does(|connection, now, out| connection.give_up(CloseCode::Silent, now, &mut Jitter::new(1), out));
    assert_eq!(scene.connection.link().retry_at, Some(u64::MAX));
}
