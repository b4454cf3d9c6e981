//! Cursors with marks, over a log that was rolled back to an older copy and grew in another way.

use super::*;
use crate::input::{ExpectedIdentity, Poll};
use crate::query::Query;
use shared::limits::HELD_MAX;

/// Hub over a log that held `shared` posts, was rolled back to there, and then got `other` posts. Returns the
/// cursors that a client held after each post of the history that was lost.
fn rolled_back(shared: u8, lost: u8, other: u8) -> (TestHub, Vec<Cursor>) {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    (1..=shared).for_each(|id| drop(test.post(1, id, "x")));
    let copy = test.log.clone();
    let mut cursors = vec![test.hub.through()];
    for id in 101..101 + lost {
        test.post(1, id, "x");
        cursors.push(test.hub.through());
    }
    let hub = Hub::new(Settings::default(), copy.epoch(), copy.house().clone());
    let mut test = TestHub { hub, log: copy, now: test.now };
    test.connect(1, 1);
    (201..201 + other).for_each(|id| drop(test.post(1, id, "y")));
    (test, cursors)
}

impl TestHub {
    /// Restarts the hub, so that it has the mark of its head only.
    fn restart(&mut self) {
        self.hub = Hub::new(Settings::default(), self.log.epoch(), self.log.house().clone());
    }

    /// Opens a WebSocket with this cursor. Returns `resumed` and `rolled_back` of the `welcome`, and the
    /// queries to the store.
    fn resume(&mut self, session: u64, cursor: Cursor) -> ([bool; 2], Vec<Query>) {
        self.resume_with(session, Some(cursor), vec![])
    }

    /// Opens a WebSocket with this cursor and these later positions.
    fn resume_with(
        &mut self,
        session: u64,
        cursor: Option<Cursor>,
        held: Vec<Cursor>,
    ) -> ([bool; 2], Vec<Query>) {
        let (session, mut queries) = (SessionId(session), Vec::new());
        self.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
        let hello = Hello { reference: 1, build: "dev".into(), cursor, held, room: None };
        let (mut out, mut all) = (Vec::new(), Vec::new());
        self.hub.handle(Input::CommandReceived(session, Command::Hello(hello)), self.now, &mut out);
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                if let Output::Read(id, query) = output {
                    let result = self.log.read(&query);
                    // Each session reads the markers of its member.
                    if !matches!(query, Query::Markers { .. }) {
                        queries.push(query);
                    }
                    self.hub.handle(Input::ReadFinished(id, Ok(result)), self.now, &mut out);
                } else {
                    all.push(output);
                }
            }
        }
        let welcome = welcome_in(&all);
        ([welcome.resumed, welcome.rolled_back], queries)
    }
}

#[test]
fn a_session_starts_fresh_when_the_log_has_another_mark_at_its_cursor() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    assert_eq!(test.resume(2, cursors[0]).0, [true, false], "the log has this position");
    for cursor in &cursors[1..] {
        let (welcome, queries) = test.resume(3, *cursor);
        assert_eq!(welcome, [false, true], "{cursor}");
        assert!(matches!(queries[..], [Query::History { .. }]), "{queries:?}");
    }
}

#[test]
fn a_mark_is_read_from_the_store_when_the_hub_does_not_hold_it() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    test.restart();
    let (welcome, queries) = test.resume(2, cursors[0]);
    assert_eq!(welcome, [true, false]);
    assert!(matches!(queries[..], [Query::Mark { .. }, Query::Replay { .. }]), "{queries:?}");
    let (welcome, queries) = test.resume(3, cursors[2]);
    assert_eq!(welcome, [false, true]);
    assert!(matches!(queries[..], [Query::Mark { .. }, Query::History { .. }]), "{queries:?}");
}

#[test]
fn a_cursor_without_a_mark_resumes_by_its_position_alone() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    assert_eq!(test.resume(2, cursors[1].unmarked()).0, [true, false]);
}

#[test]
fn a_session_is_rolled_back_when_the_log_ends_before_its_cursor() {
    let (mut test, cursors) = rolled_back(2, 3, 1);
    let session = SessionId(2);
    test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    let hello =
        Hello { reference: 1, build: "dev".into(), cursor: Some(cursors[3]), held: vec![], room: None };
    test.give(Input::CommandReceived(session, Command::Hello(hello)));
    test.now = test.now.after(crate::limits::CURSOR_WAIT_MS);
    let out = test.give(Input::Tick);
    let welcome = welcome_in(&out);
    assert_eq!([welcome.resumed, welcome.rolled_back], [false, true]);
}

#[test]
fn a_session_is_rolled_back_when_the_log_reaches_its_cursor_with_another_mark() {
    let (mut test, cursors) = rolled_back(2, 3, 1);
    let session = SessionId(2);
    test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    let hello =
        Hello { reference: 1, build: "dev".into(), cursor: Some(cursors[3]), held: vec![], room: None };
    assert!(test.give(Input::CommandReceived(session, Command::Hello(hello))).is_empty());
    let out = [test.post(1, 210, "y"), test.post(1, 211, "y")].concat();
    let welcome = welcome_in(&out);
    assert_eq!([welcome.resumed, welcome.rolled_back], [false, true]);
}

#[test]
fn a_poll_gets_a_welcome_when_the_log_was_rolled_back() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    let hello =
        Hello { reference: 1, build: "dev".into(), cursor: Some(cursors[2]), held: vec![], room: None };
    let identity = ExpectedIdentity::default();
    let poll = Poll { hello, identity, is_first: false, presence_revision: 0, markers: None, away: false };
    let out = test.give(Input::Polled { session: SessionId(2), device: Some(DeviceKey([1; 32])), poll });
    assert!(welcome_in(&out).rolled_back);
}

#[test]
fn a_commit_of_several_events_has_one_mark() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let create = command::RoomCreate {
        reference: 5,
        client_id: ClientId([5; 16]),
        name: "Tea".into(),
        description: String::new(),
    };
    test.send(1, Command::RoomCreate(create));
    let through = test.hub.through();
    assert_eq!(test.resume(2, through).0, [true, false]);
    let within = Cursor { n: through.n - 1, ..through };
    assert_eq!(test.resume(3, within).0, [false, true]);
    test.restart();
    test.post(1, 9, "x");
    assert_eq!(test.resume(4, within).0, [false, true]);
}

#[test]
fn each_event_tells_the_cursor_at_the_end_of_its_change() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let told = |out: &[Output]| -> Vec<(u64, Option<Cursor>)> {
        let published = out.iter().filter_map(|output| match output {
            Output::Publish(_, event, told) => Some((event.position()?.n, *told)),
            _ => None,
        });
        published.collect()
    };
    let out = test.post(1, 7, "x");
    assert_eq!(told(&out), [(2, Some(test.hub.through()))]);
    let create = command::RoomCreate {
        reference: 5,
        client_id: ClientId([5; 16]),
        name: "Tea".into(),
        description: String::new(),
    };
    let out = test.send(1, Command::RoomCreate(create));
    let end = test.hub.through();
    assert_eq!((end.n, end.mark.is_some()), (5, true));
    assert_eq!(told(&out), [3, 4, 5].map(|n| (n, Some(end))));
}

#[test]
fn a_session_starts_fresh_when_the_log_has_another_mark_past_its_cursor() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    let [kept, lost] = [cursors[0], cursors[2]];
    assert_eq!(test.resume_with(2, Some(kept), vec![lost]).0, [false, true]);
    assert_eq!(
        test.resume_with(3, Some(lost), vec![test.hub.through()]).0,
        [false, true],
        "each is compared"
    );
    assert_eq!(test.resume_with(4, Some(kept), vec![test.hub.through()]).0, [true, false]);
    test.restart();
    let (welcome, queries) = test.resume_with(5, Some(kept), vec![lost]);
    assert_eq!(welcome, [false, true]);
    assert!(
        matches!(queries[..], [Query::Mark { .. }, Query::Mark { .. }, Query::History { .. }]),
        "{queries:?}"
    );
}

#[test]
fn a_session_without_a_cursor_learns_of_a_roll_back() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    assert_eq!(test.resume_with(2, None, vec![cursors[2]]).0, [false, true]);
    assert_eq!(test.resume_with(3, None, vec![cursors[0]]).0, [false, false]);
    let other = Cursor { epoch: Epoch(9), ..cursors[2] };
    assert_eq!(test.resume_with(4, None, vec![other]).0, [false, false], "another log");
}

#[test]
fn a_session_waits_for_the_log_to_reach_what_it_holds() {
    let (mut test, cursors) = rolled_back(2, 3, 1);
    let session = SessionId(2);
    test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    let hello = Hello {
        reference: 1,
        build: "dev".into(),
        cursor: Some(cursors[0]),
        held: vec![cursors[3]],
        room: None,
    };
    assert!(test.give(Input::CommandReceived(session, Command::Hello(hello))).is_empty());
    test.now = test.now.after(crate::limits::CURSOR_WAIT_MS);
    let out = test.give(Input::Tick);
    let welcome = welcome_in(&out);
    assert_eq!([welcome.resumed, welcome.rolled_back], [false, true]);
}

#[test]
fn positions_past_the_limit_are_ignored() {
    let (mut test, cursors) = rolled_back(2, 2, 3);
    let kept = cursors[0];
    for (before, rolled_back) in [(HELD_MAX - 2, true), (HELD_MAX - 1, true), (HELD_MAX, false)] {
        let held = std::iter::repeat_n(kept, before).chain([cursors[2]]).collect();
        assert_eq!(test.resume_with(2, Some(kept), held).0, [!rolled_back, rolled_back], "{before}");
        test.give(Input::Closed(SessionId(2)));
    }
}

#[test]
fn a_replay_tells_the_cursor_of_its_attach() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let cursor = test.hub.through();
    (1..=2).for_each(|id| drop(test.post(1, id, "x")));
    let session = SessionId(2);
    test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    let hello = Hello { reference: 1, build: "dev".into(), cursor: Some(cursor), held: vec![], room: None };
    let out = test.give(Input::CommandReceived(session, Command::Hello(hello)));
    let told: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::SendReplay(_, _, told) => Some(*told),
            _ => None,
        })
        .collect();
    let head = Some(test.hub.through());
    // `welcome`, the two events, and `caught_up`, whose own field is the cursor.
    assert_eq!(told, [head, head, None, None]);
}
