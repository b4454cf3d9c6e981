use super::*;
use crate::{
    house::change::Change,
    limits::{CURSOR_WAIT_MS, PRESENCE_MS, READS_PER_SESSION_MAX},
    query::{Query, QueryResult},
    session::ReadId,
};
use shared::{
    command::{PageAnchor, RoomCreate, RoomMove},
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};

fn returning(session: u64, n: u64) -> (Input, Input) {
    let session = SessionId(session);
    let cursor = Some(Cursor::new(Epoch(1), n));
    let hello = Command::Hello(Hello { reference: 1, build: "dev".into(), cursor, held: vec![], room: None });
    let opened = Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) };
    (opened, Input::CommandReceived(session, hello))
}

/// Describes what a session is sent, in order.
fn sent(out: &[Output]) -> Vec<String> {
    let describe = |event: &Event| match event {
        Event::Posted(posted) => format!("posted {}", posted.n),
        Event::Welcome(welcome) => format!("welcome {} {}", welcome.resumed, welcome.through.n),
        Event::CaughtUp(through) => format!("caught up {}", through.through.n),
        Event::Reset(reset) => format!("reset {} as of {}", reset.room.room.0, reset.room.as_of),
        Event::MemberJoined(joined) => format!("joined {}", joined.n),
        other => format!("{other:?}"),
    };
    let sent = out.iter().filter_map(|output| match output {
        Output::SendReplay(_, event, _) => Some(describe(event)),
        Output::Attach(..) => Some("attach".to_owned()),
        Output::Release(_) => Some("release".to_owned()),
        Output::Close(_, code) => Some(format!("{code:?}")),
        _ => None,
    });
    sent.collect()
}

impl TestHub {
    /// Hub with Wei in session 1, who has posted this many messages.
    fn with_posts(posts: u8) -> TestHub {
        let mut test = TestHub::with_members(&["Wei"]);
        test.connect(1, 1);
        (1..=posts).for_each(|id| drop(test.post(1, id, "x")));
        test
    }

    fn reconnect(&mut self, session: u64, n: u64) -> Vec<Output> {
        let (opened, hello) = returning(session, n);
        self.give(opened);
        self.give(hello)
    }

    /// Handles one input. Answers only the read of the member's markers, which each session needs.
    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.hub.handle(input, self.now, &mut out);
        let is_of_markers = |output: &Output| matches!(output, Output::Read(_, Query::Markers { .. }));
        while let Some(at) = out.iter().position(is_of_markers) {
            if let Output::Read(id, query) = out.remove(at) {
                let found = self.log.read(&query);
                self.hub.handle(Input::ReadFinished(id, Ok(found)), self.now, &mut out);
            }
        }
        out
    }
}

#[test]
fn a_session_that_missed_nothing_is_caught_up_without_a_read_of_the_log() {
    let mut test = TestHub::with_posts(3);
    let (opened, hello) = returning(2, 4);
    test.handle(opened);
    let out = test.handle(hello);
    assert_eq!(sent(&out), ["attach", "welcome true 4", "caught up 4", "release"]);
    assert!(!out.iter().any(|output| matches!(output, Output::Read(..))));
}

#[test]
fn a_resumed_session_is_replayed_the_events_after_its_cursor() {
    let mut test = TestHub::with_posts(3);
    assert_eq!(
        sent(&test.reconnect(2, 2)),
        ["attach", "welcome true 2", "posted 3", "posted 4", "caught up 4", "release"]
    );
}

#[test]
fn a_session_starts_fresh_when_its_cursor_is_foreign() {
    let mut test = TestHub::with_posts(1);
    let session = SessionId(3);
    test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    let cursor = Some(Cursor::new(Epoch(2), 1));
    let hello = Command::Hello(Hello {
        reference: 1,
        build: "dev".into(),
        cursor,
        held: vec![],
        room: Some(RoomId(7)),
    });
    let out = test.give(Input::CommandReceived(session, hello));
    assert_eq!(sent(&out), ["attach", "welcome false 2", "release"]);
    assert_eq!(welcome_in(&out).room.as_ref().unwrap().room, RoomId::LOBBY, "not in room 7");
}

#[test]
fn a_session_starts_fresh_when_the_log_does_not_reach_its_cursor_in_time() {
    let mut test = TestHub::with_posts(1);
    test.now = test.now.after(PRESENCE_MS);
    test.give(Input::Tick);
    assert_eq!(sent(&test.reconnect(2, 9)), [""; 0]);
    let started = test.now;
    for (waited, frames) in [
        (CURSOR_WAIT_MS - 1, vec![]),
        (CURSOR_WAIT_MS, vec!["attach", "welcome false 2", "release"]),
        (CURSOR_WAIT_MS + 1, vec![]),
    ] {
        test.now = started.after(waited);
        assert_eq!(sent(&test.give(Input::Tick)), frames, "after {waited} ms");
    }
}

#[test]
fn a_session_resumes_when_the_log_reaches_its_cursor() {
    let mut test = TestHub::with_posts(1);
    let mut ahead = test.log.clone();
    let post = |id| Change::Post {
        room: RoomId::LOBBY,
        author: MemberId(1),
        tag: None,
        client_id: ClientId([id; 16]),
        text: "from another node".to_owned(),
    };
    for id in 10..=13 {
        ahead.append(post(id), test.now.wall).unwrap();
    }
    // The client has read up to 4 from another node. This node has 2, then 3, then 6.
    assert_eq!(sent(&test.reconnect(2, 4)), [""; 0]);
    let mut commits = ahead.commits_after(2).unwrap();
    let rest = commits.split_off(1);
    test.log = ahead;
    assert_eq!(sent(&test.give(Input::CommitRead(commits.remove(0)))), [""; 0]);
    let out: Vec<_> = rest.into_iter().flat_map(|commit| test.give(Input::CommitRead(commit))).collect();
    assert_eq!(sent(&out), ["attach", "welcome true 4", "caught up 4", "release"]);
    let published = out.iter().filter(|output| matches!(output, Output::Publish(_, Event::Posted(_), _)));
    assert_eq!(published.count(), 3, "the last two come after the attach");
    assert_eq!(test.hub.next_wake(), Some(test.hub.presence.next_wake().unwrap()));
}

#[test]
fn a_room_is_reset_when_too_many_events_were_missed() {
    let n = REPLAY_EVENTS_MAX as u64;
    for (missed, is_reset) in [(n - 1, false), (n, false), (n + 1, true)] {
        let mut test = TestHub::with_members(&["Wei"]);
        test.hub.settings.posts = Rate::NONE;
        test.connect(1, 1);
        for id in 0..missed {
            let Command::Post(post) = post(0, "x") else { panic!() };
            let client_id = ClientId(u128::from(id).to_be_bytes());
            test.send(1, Command::Post(Post { client_id, ..post }));
        }
        let out = sent(&test.reconnect(2, 1));
        let posted = out.iter().filter(|frame| frame.starts_with("posted")).count() as u64;
        assert_eq!(posted, if is_reset { 0 } else { missed }, "{missed}");
        let reset = format!("reset 1 as of {}", missed + 1);
        assert_eq!(out.contains(&reset), is_reset);
        assert_eq!(out[out.len() - 2..], [format!("caught up {}", missed + 1), "release".to_owned()]);
    }
}

#[test]
fn a_room_is_reset_when_too_many_bytes_were_missed() {
    let text = "x".repeat(TEXT_BYTES_MAX);
    let full = REPLAY_BYTES_MAX / TEXT_BYTES_MAX;
    for (posts, is_reset) in [(full - 1, false), (full, false), (full + 1, true)] {
        let mut test = TestHub::with_members(&["Wei"]);
        test.hub.settings.posts = Rate::NONE;
        test.connect(1, 1);
        (0..posts).for_each(|id| drop(test.post(1, u8::try_from(id).unwrap(), &text)));
        let out = sent(&test.reconnect(2, 1));
        assert_eq!(out.iter().any(|frame| frame.starts_with("reset")), is_reset, "{posts}");
    }
}

#[test]
fn a_part_of_a_replay_is_read_when_the_one_before_has_left() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.hub.settings.posts = Rate::NONE;
    test.connect(1, 1);
    let text = "x".repeat(TEXT_BYTES_MAX);
    (1..=20).for_each(|id| drop(test.post(1, id, &text)));
    let (opened, hello) = returning(2, 1);
    test.handle(opened);
    let mut out = test.handle(hello);
    let (mut parts, mut events) = (0, 0);
    loop {
        let read = out.iter().find_map(|output| match output {
            Output::Read(id, query) => Some((*id, query.clone())),
            _ => None,
        });
        let Some((id, query)) = read else { break };
        let found = test.log.read(&query);
        out = test.handle(Input::ReadFinished(id, Ok(found)));
        events += sent(&out).iter().filter(|frame| frame.starts_with("posted")).count();
        assert_eq!(out.last(), Some(&Output::NotifyDrained(SessionId(2))), "{out:?}");
        parts += 1;
        out = test.handle(Input::Drained(SessionId(2)));
    }
    assert_eq!((parts, events), (3, 20));
    assert_eq!(sent(&out), ["caught up 21", "release"]);
    assert_eq!(test.handle(Input::Drained(SessionId(2))).len(), 0, "a second report has no effect");
}

#[test]
fn a_recovery_reads_on_when_its_buffer_overflowed() {
    let mut test = TestHub::with_posts(2);
    test.reconnect(2, 2);
    test.post(1, 7, "while it was buffered");
    test.post(1, 8, "this too");
    let out = test.give(Input::BufferOverflowed(SessionId(2)));
    assert_eq!(sent(&out), ["attach", "posted 4", "posted 5", "caught up 5", "release"]);
    test.post(1, 9, "and this");
    assert_eq!(
        sent(&test.give(Input::BufferOverflowed(SessionId(2)))),
        ["attach", "posted 6", "caught up 6", "release"]
    );
    test.give(Input::Closed(SessionId(2)));
    assert_eq!(test.give(Input::BufferOverflowed(SessionId(2))), []);
}

#[test]
fn a_fresh_session_gets_one_welcome_when_its_buffer_overflowed() {
    let mut test = TestHub::with_posts(1);
    test.connect(2, 1);
    test.post(1, 7, "x");
    assert_eq!(sent(&test.give(Input::BufferOverflowed(SessionId(2)))), ["attach", "posted 3", "release"]);
}

#[test]
fn a_member_reads_no_event_of_a_room_before_joining_it() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.connect(2, 2);
    let create = RoomCreate {
        reference: 1,
        client_id: ClientId([1; 16]),
        name: "a".into(),
        description: String::new(),
    };
    test.send(2, Command::RoomCreate(create));
    let Command::Post(secret) = post(2, "before Wei came") else { panic!() };
    test.send(2, Command::Post(Post { room: RoomId(2), ..secret }));
    let join = RoomMove { reference: 3, client_id: ClientId([3; 16]), room: RoomId(2) };
    test.send(1, Command::RoomJoin(join));
    let Command::Post(open) = post(4, "after") else { panic!() };
    test.send(2, Command::Post(Post { room: RoomId(2), ..open }));
    // Resumed from before it joined: the room is in the list, its events are not replayed.
    assert_eq!(
        sent(&test.reconnect(3, 2)),
        ["attach", "welcome true 2", "joined 7", "caught up 9", "release"]
    );
    // The buffer overflowed before the joining: the room is replayed from the joining on.
    test.hub.recoveries.get_mut(&SessionId(1)).unwrap().rewind(2);
    assert_eq!(
        sent(&test.give(Input::BufferOverflowed(SessionId(1)))),
        ["attach", "joined 7", "joined 8", "posted 9", "release"]
    );
}

#[test]
fn an_answer_describes_the_log_at_the_time_of_the_query() {
    let mut test = TestHub::with_posts(1);
    let ask = command::HistoryQuery { reference: 5, room: RoomId::LOBBY, at: PageAnchor::Newest };
    let out = test.handle(Input::CommandReceived(SessionId(1), Command::History(ask)));
    let [Output::Read(id, query)] = &out[..] else { panic!("{out:?}") };
    test.post(1, 9, "later");
    let found = test.log.read(query);
    let out = test.handle(Input::ReadFinished(*id, Ok(found)));
    let [Output::Send(_, Event::History(page))] = &out[..] else { panic!("{out:?}") };
    assert_eq!((page.messages.len(), page.reference, page.newer), (1, 5, false));
    assert_eq!(page.authors[0].name, "Wei");
}

#[test]
fn a_gap_is_answered_with_events_or_with_a_reset_when_they_are_too_many() {
    let mut test = TestHub::with_posts(3);
    let events = |after| {
        Command::Events(command::EventsQuery { reference: 5, to: Address::Room(RoomId::LOBBY), after })
    };
    let out = test.send(1, events(2));
    let [Output::Send(_, Event::Events(found))] = &out[..] else { panic!("{out:?}") };
    let positions: Vec<_> = found.events.iter().map(|event| event.position().unwrap().n).collect();
    assert_eq!((positions, found.more, found.reference), (vec![3, 4], false, 5));
    test.hub.settings.posts = Rate::NONE;
    let text = "x".repeat(TEXT_BYTES_MAX);
    (100..170).for_each(|id| drop(test.post(1, id, &text)));
    let out = test.send(1, events(2));
    let [Output::Send(_, Event::Reset(reset))] = &out[..] else { panic!("{out:?}") };
    assert_eq!((reset.reference, reset.room.as_of), (Some(5), 74));
}

#[test]
fn a_read_is_refused_when_too_many_wait_or_the_store_fails() {
    let mut test = TestHub::with_posts(1);
    let ask = || {
        let ask = command::HistoryQuery { reference: 5, room: RoomId::LOBBY, at: PageAnchor::Newest };
        Input::CommandReceived(SessionId(1), Command::History(ask))
    };
    let reads: Vec<ReadId> = (0..READS_PER_SESSION_MAX)
        .map(|_| match &test.handle(ask())[..] {
            [Output::Read(id, Query::History { .. })] => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(refusal(&test.handle(ask())), Some(ErrorCode::TooManyRequests));
    let out = test.handle(Input::ReadFinished(reads[0], Err(ErrorCode::StoreRefused)));
    assert_eq!(refusal(&out), Some(ErrorCode::StoreRefused));
    assert!(matches!(&test.handle(ask())[..], [Output::Read(..)]), "one read has finished");
    let found = QueryResult::Page(crate::query::MessagePage::default());
    assert_eq!(test.handle(Input::ReadFinished(reads[0], Ok(found))), [], "answered already");
    let (opened, hello) = returning(9, 1);
    test.handle(opened);
    let out = test.handle(hello);
    let id = out.iter().find_map(|output| match output {
        Output::Read(id, _) => Some(*id),
        _ => None,
    });
    let out = test.handle(Input::ReadFinished(id.unwrap(), Err(ErrorCode::StoreRefused)));
    assert_eq!(sent(&out), ["TryAgainLater"]);
}

#[test]
fn a_snapshot_is_refused_when_the_member_left_during_the_read() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.hub.settings.posts = Rate::NONE;
    test.connect(1, 1);
    test.connect(2, 2);
    let create = RoomCreate {
        reference: 1,
        client_id: ClientId([1; 16]),
        name: "a".into(),
        description: String::new(),
    };
    test.send(2, Command::RoomCreate(create));
    let moved = |id: u8| RoomMove { reference: 3, client_id: ClientId([id; 16]), room: RoomId(2) };
    test.send(1, Command::RoomJoin(moved(3)));
    for id in 0..=REPLAY_EVENTS_MAX as u128 {
        let Command::Post(post) = post(0, "x") else { panic!() };
        let client_id = ClientId((7_000 + id).to_be_bytes());
        test.send(2, Command::Post(Post { client_id, room: RoomId(2), ..post }));
    }
    let to = Address::Room(RoomId(2));
    let ask = Command::Events(command::EventsQuery { reference: 5, to, after: 0 });
    let out = test.handle(Input::CommandReceived(SessionId(1), ask));
    let [Output::Read(id, query)] = &out[..] else { panic!("{out:?}") };
    let found = test.log.read(query);
    test.send(1, Command::RoomLeave(moved(6)));
    let out = test.give(Input::ReadFinished(*id, Ok(found)));
    assert_eq!(refusal(&out), Some(ErrorCode::RoomUnknown), "{out:?}");
}

#[test]
fn an_overflowed_session_is_released_when_its_queue_has_drained() {
    let mut test = TestHub::with_posts(1);
    test.reconnect(2, 2);
    let out = test.handle(Input::BufferOverflowed(SessionId(2)));
    assert!(out.contains(&Output::NotifyDrained(SessionId(2))), "{out:?}");
    assert!(!out.contains(&Output::Release(SessionId(2))), "{out:?}");
    let out = test.handle(Input::Drained(SessionId(2)));
    assert_eq!(out.last(), Some(&Output::Release(SessionId(2))));
}

#[test]
fn reads_are_cancelled_when_their_session_ends() {
    let mut test = TestHub::with_posts(1);
    let ask = command::HistoryQuery { reference: 5, room: RoomId::LOBBY, at: PageAnchor::Newest };
    let out = test.handle(Input::CommandReceived(SessionId(1), Command::History(ask)));
    let [Output::Read(id, query)] = &out[..] else { panic!("{out:?}") };
    assert_eq!(test.handle(Input::Closed(SessionId(1))), [Output::CancelRead(*id)]);
    let found = test.log.read(query);
    assert_eq!(test.handle(Input::ReadFinished(*id, Ok(found))), [], "a late result is ignored");
    let (opened, hello) = returning(2, 1);
    test.handle(opened);
    test.handle(hello);
    let out = test.handle(Input::Closed(SessionId(2)));
    assert!(matches!(&out[..], [Output::CancelRead(_)]), "{out:?}");
}

#[test]
fn a_member_who_left_keeps_no_rate() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.give(Input::SignOut(RequestId(9), DeviceKey([1; 32])));
    test.post(1, 3, "late");
    assert_eq!(test.hub.rates.posting(), 0);
}
