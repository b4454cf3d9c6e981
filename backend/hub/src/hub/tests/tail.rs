//! Commits of the tail that another writer made, and answers that wait for the tail.

use super::*;
use crate::house::change::Change;
use crate::house::names::Name;
use crate::limits::{APPEND_BYTES_WAITING_MAX, APPENDS_WAITING_MAX};

impl TestHub {
    /// Appends a change as another process would, and gives its commits to the hub.
    fn append_elsewhere(&mut self, change: Change) -> Vec<Output> {
        self.log.append(change, self.now.wall).unwrap();
        let mut out = Vec::new();
        self.read_tail(&mut out);
        out
    }
}

fn join(name: &str, device: u8) -> Change {
    Change::Join { name: Name::parse(name).unwrap(), device: DeviceKey([device; 32]) }
}

#[test]
fn a_member_who_joined_by_another_writer_can_sign_in() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.append_elsewhere(join("Lin", 2));
    assert_eq!(welcome_in(&test.connect(1, 2)).you.name, "Lin");
}

#[test]
fn sessions_are_closed_when_another_writer_removes_their_member() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.connect(2, 2);
    test.connect(3, 2);
    let out = test.append_elsewhere(Change::Leave { member: MemberId(2) });
    let closed: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::Close(session, CloseCode::SignedOut) => Some(*session),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [SessionId(2), SessionId(3)]);
    assert_eq!(test.hub.rates.posting(), 0);
    assert_eq!(refusal(&test.connect(4, 2)), Some(ErrorCode::SignInRequired));
}

#[test]
fn a_reply_waits_until_the_tail_has_brought_the_event() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let mut out = Vec::new();
    test.hub.handle(Input::CommandReceived(SessionId(1), post(7, "hi")), test.now, &mut out);
    let Some(Output::Append(change)) = out.pop() else { panic!("{out:?}") };
    let outcome = test.log.append(change, test.now.wall);
    test.hub.handle(Input::AppendsFinished(vec![outcome]), test.now, &mut out);
    assert_eq!(out, []);
    test.read_tail(&mut out);
    let [Output::Publish(_, Event::Posted(_), _), Output::Send(_, Event::Reply(reply))] = &out[..] else {
        panic!("{out:?}")
    };
    assert_eq!(reply.reference, 7);
    // The tail may also be the first to bring the event.
    out.clear();
    test.hub.handle(Input::CommandReceived(SessionId(1), post(8, "hi")), test.now, &mut out);
    let Some(Output::Append(change)) = out.pop() else { panic!("{out:?}") };
    let outcome = test.log.append(change, test.now.wall);
    test.read_tail(&mut out);
    assert!(matches!(out[..], [Output::Publish(_, Event::Posted(_), _)]), "{out:?}");
    test.hub.handle(Input::AppendsFinished(vec![outcome]), test.now, &mut out);
    assert!(matches!(out[..], [_, Output::Send(_, Event::Reply(_))]), "{out:?}");
}

#[test]
fn the_hub_stops_when_a_commit_does_not_follow() {
    let commits = {
        let mut test = TestHub::with_members(&["Wei"]);
        test.append_elsewhere(join("Lin", 2));
        test.append_elsewhere(join("Hao", 3));
        test.log.commits_after(0).unwrap()
    };
    // The second commit is missing.
    let mut test = TestHub::with_members(&["Wei"]);
    let out = test.give(Input::CommitRead(commits[2].clone()));
    assert_eq!(out, [Output::StopAtBrokenTail { head: 1, found: 3 }]);
    assert_eq!(test.hub.through().n, 1);
    // The log has another history.
    let mut test = TestHub::with_members(&["Hao"]);
    let mut other = commits[1].clone();
    other.mark ^= 1;
    assert_eq!(test.give(Input::CommitRead(other)), [Output::StopAtBrokenTail { head: 2, found: 2 }]);
    // A commit that the hub holds already is no break.
    let mut test = TestHub::with_members(&["Wei"]);
    assert_eq!(test.give(Input::CommitRead(commits[0].clone())), []);
}

#[test]
fn the_hub_is_busy_when_too_many_appends_wait() {
    for (count, is_ready) in
        [(APPENDS_WAITING_MAX - 1, true), (APPENDS_WAITING_MAX, false), (APPENDS_WAITING_MAX + 1, false)]
    {
        assert_eq!(hub_with_waiting_appends(count, 1).is_ready(), is_ready, "{count}");
    }
}

#[test]
fn the_hub_is_busy_when_the_waiting_appends_are_too_large() {
    let half = APPEND_BYTES_WAITING_MAX / 2;
    for (bytes, is_ready) in [(half - 1, true), (half, false), (half + 1, false)] {
        let mut hub = hub_with_waiting_appends(2, bytes);
        assert_eq!(hub.is_ready(), is_ready, "{bytes}");
        let refused = vec![Err(ErrorCode::StoreRefused); 2];
        hub.handle(Input::AppendsFinished(refused), Now { mono: 0, wall: 0 }, &mut Vec::new());
        assert!(hub.is_ready(), "the outcomes free the space");
    }
}

/// Hub with this many waiting texts of the text dialect, each of this many bytes.
fn hub_with_waiting_appends(count: usize, bytes: usize) -> Hub {
    let mut hub = Hub::new(Settings::default(), Epoch(1), House::default());
    let (session, mut out) = (SessionId(1), Vec::new());
    hub.handle(
        Input::Opened { session, dialect: Dialect::Text, device: None },
        Now { mono: 0, wall: 0 },
        &mut out,
    );
    for number in 0..count {
        let client_id = ClientId((number as u128).to_be_bytes());
        let text = "x".repeat(bytes);
        hub.handle(Input::TextReceived { session, client_id, text }, Now { mono: 0, wall: 0 }, &mut out);
    }
    hub
}

/// What one session receives, in order.
fn received_by(out: &[Output], of: SessionId) -> Vec<String> {
    let received = out.iter().filter_map(|output| match output {
        Output::Send(session, Event::Reply(_)) if *session == of => Some("reply".to_owned()),
        Output::Send(session, Event::Error(refusal)) if *session == of => Some(refusal.name.clone()),
        Output::Unsubscribe(session, _) if *session == of => Some("unsubscribed".to_owned()),
        Output::Close(session, CloseCode::SignedOut) if *session == of => Some("closed".to_owned()),
        _ => None,
    });
    received.collect()
}

#[test]
fn answers_leave_before_the_close_when_a_member_posts_and_leaves_at_once() {
    for (posts_first, is_tail_first, expected) in [
        (true, false, ["reply", "closed"].as_slice()),
        (true, true, &["unsubscribed", "reply", "closed"]),
        (false, false, &["unsubscribed", "sign_in_required", "closed"]),
        (false, true, &["unsubscribed", "sign_in_required", "closed"]),
    ] {
        let mut test = TestHub::with_members(&["Wei"]);
        test.connect(1, 1);
        test.connect(2, 1);
        let mut inputs = [
            Input::CommandReceived(SessionId(1), post(7, "bye")),
            Input::SignOut(RequestId(5), DeviceKey([1; 32])),
        ];
        if !posts_first {
            inputs.reverse();
        }
        let mut out = Vec::new();
        inputs.into_iter().for_each(|input| test.hub.handle(input, test.now, &mut out));
        let mut outcomes = Vec::new();
        for output in std::mem::take(&mut out) {
            let Output::Append(change) = output else { panic!("{output:?}") };
            outcomes.push(test.log.append(change, test.now.wall));
        }
        if is_tail_first {
            test.read_tail(&mut out);
        }
        test.hub.handle(Input::AppendsFinished(outcomes), test.now, &mut out);
        test.read_tail(&mut out);
        assert_eq!(received_by(&out, SessionId(1)), expected, "{posts_first} {is_tail_first}");
        assert_eq!(received_by(&out, SessionId(2)), ["closed"], "it waits for no answer");
    }
}
