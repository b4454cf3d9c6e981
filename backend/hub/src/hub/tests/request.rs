//! Sessions over HTTP: event streams, polls, and commands in requests of their own.

use super::*;
use crate::{
    house::commit::LogEntry,
    input::{ExpectedIdentity, Poll},
    limits::{CONNECTION_MESSAGES_PER_POST, POSTS_PER_S},
    query::{QueryResult, ReplayPart},
};
use shared::{
    Member, Room,
    command::{PageAnchor, RoomCreate, RoomMove},
    event::{MemberJoined, Posted, RoomCreated},
};

mod presence;

/// Describes what a session is sent, in order.
fn sent(out: &[Output]) -> Vec<String> {
    let describe = |event: &Event| match event {
        Event::Posted(posted) => format!("posted {}", posted.n),
        Event::Welcome(welcome) => format!("welcome {} {}", welcome.resumed, welcome.through.n),
        Event::CaughtUp(through) => format!("caught up {}", through.through.n),
        Event::Present(present) => format!("present {}", present.count),
        Event::MemberJoined(joined) => format!("joined {}", joined.n),
        Event::MemberLeft(left) => format!("left {}", left.n),
        Event::RoomCreated(created) => format!("created {}", created.n),
        other => format!("{other:?}"),
    };
    let sent = out.iter().filter_map(|output| match output {
        Output::SendReplay(_, event, _) => Some(describe(event)),
        Output::Publish(Audience::Session(_), event, _) => Some(describe(event)),
        Output::Attach(..) => Some("attach".to_owned()),
        Output::Release(_) => Some("release".to_owned()),
        Output::Close(_, code) => Some(format!("{code:?}")),
        _ => None,
    });
    sent.collect()
}

fn device(number: u8) -> Option<DeviceKey> {
    Some(DeviceKey([number; 32]))
}

fn at(n: u64) -> Option<Cursor> {
    Some(Cursor::new(Epoch(1), n))
}

fn hello_at(cursor: Option<Cursor>) -> Hello {
    Hello { reference: 5, build: "dev".into(), cursor, held: vec![], room: None }
}

fn moved(id: u8, room: u64) -> RoomMove {
    RoomMove { reference: u64::from(id), client_id: ClientId([id; 16]), room: RoomId(room) }
}

impl TestHub {
    /// Hub with Wei, who has posted this many messages; no session is open.
    fn with_posted(posts: u8) -> TestHub {
        let mut test = TestHub::with_members(&["Wei"]);
        (1..=posts).for_each(|id| drop(test.request(1, 1, post(id, "x"))));
        test
    }

    fn open_stream(&mut self, session: u64, of: u8, cursor: Option<Cursor>) -> Vec<Output> {
        let hello = hello_at(cursor);
        self.give(Input::Streamed { session: SessionId(session), device: device(of), hello })
    }

    fn poll(&mut self, session: u64, of: u8, poll: Poll) -> Vec<Output> {
        self.give(Input::Polled { session: SessionId(session), device: device(of), poll })
    }

    /// Poll from this position on, whose client knows the members present.
    fn quiet_poll(&self, n: u64) -> Poll {
        let presence_revision = self.hub.presence_revision();
        Poll {
            hello: hello_at(at(n)),
            is_first: false,
            presence_revision,
            markers: None,
            identity: ExpectedIdentity::default(),
            away: false,
        }
    }

    /// Sends a command in a request, which ends.
    fn request(&mut self, session: u64, of: u8, command: Command) -> Vec<Output> {
        let session = SessionId(session);
        let out = self.give(Input::CommandRequested {
            session,
            device: device(of),
            identity: ExpectedIdentity::default(),
            command,
        });
        self.give(Input::Closed(session));
        out
    }

    fn close(&mut self, session: u64) -> Vec<Output> {
        self.give(Input::Closed(SessionId(session)))
    }

    /// Advances the time and gives each tick that the hub asks for.
    fn advance(&mut self, ms: u64) -> Vec<Output> {
        let until = self.now.after(ms);
        let mut out = Vec::new();
        while let Some(wake) = self.hub.next_wake().filter(|wake| *wake <= until.mono) {
            self.now = self.now.after(wake.saturating_sub(self.now.mono));
            out.extend(self.give(Input::Tick));
        }
        self.now = until;
        out
    }
}

/// Command that creates room 2.
fn create_room() -> Command {
    let (name, description) = ("a".to_owned(), String::new());
    Command::RoomCreate(RoomCreate { reference: 2, client_id: ClientId([2; 16]), name, description })
}

#[test]
fn a_stream_is_welcomed_or_refused_like_a_socket() {
    let mut test = TestHub::with_posted(3);
    assert_eq!(sent(&test.open_stream(1, 1, None)), ["attach", "welcome false 4", "release"]);
    assert_eq!(
        sent(&test.open_stream(2, 1, at(2))),
        ["attach", "welcome true 2", "posted 3", "posted 4", "caught up 4", "release"]
    );
    let out = test.open_stream(3, 9, None);
    assert_eq!(
        (refusal(&out), &sent(&out)[..]),
        (Some(ErrorCode::SignInRequired), &["SignedOut".into()][..])
    );
    assert_eq!(test.hub.presence.count(), 1);
    test.close(1);
    test.close(2);
    assert_eq!(test.hub.presence.count(), 0);
}

#[test]
fn a_request_is_refused_when_the_identity_has_changed() {
    let mut test = TestHub::with_posted(1);
    let epoch = test.hub.through().epoch;
    let other = Epoch(epoch.0 + 1);
    for (member, its, is_it) in [
        (Some(1), Some(epoch), true),
        (Some(1), None, true),
        (None, Some(epoch), true),
        (Some(2), Some(epoch), false),
        (Some(1), Some(other), false),
    ] {
        let identity = ExpectedIdentity { member: member.map(MemberId), epoch: its };
        let poll = Poll { identity, ..test.quiet_poll(2) };
        let polled = test.poll(1, 1, poll);
        test.close(1);
        let (session, command) = (SessionId(2), Command::Ping);
        let requested = test.give(Input::CommandRequested { session, device: device(1), identity, command });
        test.close(2);
        for out in [polled, requested] {
            let refused = (!is_it).then_some(ErrorCode::SignInRequired);
            assert_eq!(refusal(&out), refused, "{identity:?}");
        }
    }
}

#[test]
fn requests_are_paused_when_they_come_too_fast() {
    let per_s = POSTS_PER_S * CONNECTION_MESSAGES_PER_POST;
    let pauses = |out: &[Output]| out.iter().any(|output| matches!(output, Output::Pause(..)));
    for offset in 0..3 {
        let mut test = TestHub::with_posted(0);
        for number in 1..=per_s + 1 {
            let session = u64::from(number);
            let poll = test.quiet_poll(0);
            let out = match (number + offset) % 3 {
                0 => test.request(session, 1, Command::Ping),
                1 => test.poll(session, 1, poll),
                _ => test.open_stream(session, 1, None),
            };
            test.close(session);
            assert_eq!(pauses(&out), number > per_s, "{number}");
        }
        test.advance(1_000);
        assert!(!pauses(&test.request(9_999, 1, Command::Ping)));
    }
}

#[test]
fn a_pong_to_a_request_does_not_advance_the_cursor() {
    let mut test = TestHub::with_posted(3);
    let away = Command::Presence(command::PresenceReport { away: true });
    for command in [Command::Ping, away] {
        let out = test.request(1, 1, command);
        let through = out.iter().find_map(|output| match output {
            Output::Send(_, Event::Pong(pong)) => Some(pong.through.n),
            _ => None,
        });
        assert_eq!(through, Some(0));
    }
}

#[test]
fn a_poll_is_answered_with_the_events_after_its_cursor() {
    let mut test = TestHub::with_posted(3);
    let begins = |cursor| Poll {
        hello: hello_at(cursor),
        is_first: true,
        presence_revision: 0,
        markers: None,
        identity: ExpectedIdentity::default(),
        away: false,
    };
    assert_eq!(sent(&test.poll(1, 1, begins(None))), ["attach", "welcome false 4", "release"]);
    assert_eq!(
        sent(&test.poll(2, 1, begins(at(3)))),
        ["attach", "welcome true 3", "posted 4", "caught up 4", "release"]
    );
    let quiet = test.quiet_poll(2);
    assert_eq!(sent(&test.poll(3, 1, quiet)), ["attach", "posted 3", "posted 4", "release"]);
    let quiet = test.quiet_poll(4);
    assert_eq!(sent(&test.poll(4, 1, quiet)), ["attach", "release"]);
}

#[test]
fn a_poll_is_welcomed_when_its_cursor_is_foreign() {
    let mut test = TestHub::with_posted(1);
    for cursor in [None, Some(Cursor::new(Epoch(2), 1))] {
        let poll = Poll { hello: hello_at(cursor), ..test.quiet_poll(0) };
        let out = test.poll(1, 1, poll);
        assert_eq!(sent(&out), ["attach", "welcome false 2", "release"], "{cursor:?}");
        assert_eq!(welcome_in(&out).reference, 5);
        test.close(1);
    }
    for cursor in [at(3), at(u64::MAX)] {
        let poll = Poll { hello: hello_at(cursor), ..test.quiet_poll(0) };
        assert_eq!(sent(&test.poll(1, 1, poll)), [""; 0], "{cursor:?}");
        test.now = test.now.after(crate::limits::CURSOR_WAIT_MS);
        let out = test.give(Input::Tick);
        assert_eq!(sent(&out), ["attach", "welcome false 2", "release"], "{cursor:?}");
        test.close(1);
    }
}

#[test]
fn a_poll_is_welcomed_when_the_log_has_forgotten_its_events() {
    let mut test = TestHub::with_posted(3);
    let poll = test.quiet_poll(1);
    let mut out = Vec::new();
    test.hub.handle(Input::Polled { session: SessionId(1), device: device(1), poll }, test.now, &mut out);
    let id = out.iter().find_map(|output| match output {
        Output::Read(id, _) => Some(*id),
        _ => None,
    });
    let lost = crate::query::ReplayPart { is_lost: true, ..Default::default() };
    let out = test.give(Input::ReadFinished(id.unwrap(), Ok(QueryResult::Replayed(lost))));
    assert_eq!(sent(&out), ["attach", "welcome false 4", "release"]);
    assert!(welcome_in(&out).room.is_some());
}

#[test]
fn each_command_in_a_request_is_answered_once() {
    let mut test = TestHub::with_members(&["Wei"]);
    let create = RoomCreate {
        reference: 2,
        client_id: ClientId([2; 16]),
        name: "a".into(),
        description: String::new(),
    };
    let change = command::RoomChange {
        reference: 3,
        client_id: ClientId([3; 16]),
        room: RoomId(2),
        name: "b".into(),
        description: String::new(),
    };
    let history = command::HistoryQuery { reference: 4, room: RoomId::LOBBY, at: PageAnchor::Newest };
    let events = command::EventsQuery { reference: 5, to: Address::Room(RoomId::LOBBY), after: 0 };
    let commands = [
        post(1, "x"),
        Command::RoomCreate(create),
        Command::RoomChange(change),
        Command::RoomLeave(moved(6, 2)),
        Command::RoomJoin(moved(7, 2)),
        Command::Rooms(command::RoomsQuery { reference: 8, find: String::new(), after: None }),
        Command::History(history),
        Command::Events(events),
        Command::Presence(command::PresenceReport { away: true }),
        Command::Ping,
        Command::RoomJoin(moved(9, 99)),
    ];
    for (number, command) in commands.into_iter().enumerate() {
        let session = SessionId(100 + number as u64);
        let out = test.give(Input::CommandRequested {
            session,
            device: device(1),
            identity: ExpectedIdentity::default(),
            command: command.clone(),
        });
        let answers = out.iter().filter(|output| matches!(output, Output::Send(to, _) if *to == session));
        assert_eq!(answers.count(), 1, "{command:?}: {out:?}");
        let else_to_it = out.iter().any(|output| match output {
            Output::Attach(to, _) | Output::Subscribe(to, _) | Output::SendReplay(to, ..) => *to == session,
            _ => false,
        });
        assert!(!else_to_it, "{command:?}: {out:?}");
        assert_eq!(test.hub.presence.count(), 0, "a command alone does not make a member present");
        assert_eq!(test.close(session.0), []);
    }
    for command in [Command::Hello(hello_at(None)), Command::Pong] {
        assert_eq!(refusal(&test.request(200, 1, command)), Some(ErrorCode::NotByRequest));
    }
    let out = test.request(201, 9, Command::Ping);
    assert_eq!(
        (refusal(&out), &sent(&out)[..]),
        (Some(ErrorCode::SignInRequired), &["SignedOut".into()][..])
    );
}

#[test]
fn a_stream_is_subscribed_when_a_request_joins_a_room() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.request(1, 2, create_room());
    test.open_stream(2, 1, None);
    let poll = test.quiet_poll(2);
    test.poll(3, 1, poll);
    let out = test.request(4, 1, Command::RoomJoin(moved(7, 2)));
    let subscribed: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::Subscribe(session, Address::Room(RoomId(2))) => Some(session.0),
            _ => None,
        })
        .collect();
    assert_eq!(subscribed, [2, 3]);
    let published = out.iter().position(|output| matches!(output, Output::Publish(Audience::Member(_), ..)));
    let first =
        out.iter().position(|output| matches!(output, Output::Publish(Audience::Room(RoomId(2)), ..)));
    let subscribes = out.iter().position(|output| matches!(output, Output::Subscribe(..)));
    assert!(published < subscribes && subscribes < first, "{out:?}");
}

#[test]
fn sessions_of_all_transports_count_towards_the_limit() {
    let mut test = TestHub::with_members(&["Wei"]);
    for session in 1..=SESSIONS_PER_MEMBER_MAX as u64 - 1 {
        match session % 3 {
            0 => drop(test.open_stream(session, 1, None)),
            1 => {
                let poll = test.quiet_poll(1);
                test.poll(session, 1, poll);
            }
            _ => drop(test.connect(session, 1)),
        }
    }
    let full = |out: &[Output]| sent(out) == ["Full"];
    let open = |test: &TestHub| test.hub.sessions_by_member[&MemberId(1)].len();
    for is_full in [false, true, true] {
        let poll = test.quiet_poll(1);
        assert_eq!(full(&test.poll(200, 1, poll)), is_full);
        if is_full {
            assert!(full(&test.open_stream(201, 1, None)));
            assert!(full(&test.request(202, 1, Command::Ping)));
            assert!(full(&test.connect(203, 1)));
        }
        assert_eq!(open(&test), SESSIONS_PER_MEMBER_MAX);
    }
    (200..204).for_each(|session| drop(test.close(session)));
    assert_eq!(open(&test), SESSIONS_PER_MEMBER_MAX - 1);
    assert!(!full(&test.open_stream(204, 1, None)));
}

#[test]
fn a_poll_holds_nothing_of_a_room_that_the_member_left_during_the_read() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.request(1, 2, create_room());
    test.request(2, 1, Command::RoomJoin(moved(3, 2)));
    let before = test.hub.through().n;
    let Command::Post(message) = post(4, "in the room") else { panic!() };
    test.request(3, 2, Command::Post(Post { room: RoomId(2), ..message }));
    let (poll, mut out) = (test.quiet_poll(before), Vec::new());
    test.hub.handle(Input::Polled { session: SessionId(9), device: device(1), poll }, test.now, &mut out);
    let Some(Output::Read(id, query)) = out.iter().find(|output| matches!(output, Output::Read(..))) else {
        panic!("{out:?}")
    };
    let found = test.log.read(query);
    let out = test.request(4, 1, Command::RoomLeave(moved(5, 2)));
    assert!(out.contains(&Output::Unsubscribe(SessionId(9), Address::Room(RoomId(2)))));
    // The events since the poll are buffered. The result of the read holds nothing that she may read.
    let out = test.give(Input::ReadFinished(*id, Ok(found)));
    assert_eq!(sent(&out), ["release"], "{out:?}");
}

#[test]
fn a_creator_is_replayed_the_room_from_room_created_on() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.request(1, 1, create_room());
    let poll = test.quiet_poll(2);
    assert_eq!(sent(&test.poll(2, 1, poll)), ["attach", "joined 3", "created 4", "joined 5", "release"]);
    test.request(3, 2, Command::RoomJoin(moved(3, 2)));
    let mut positions = |device: u8, after: u64| -> Vec<u64> {
        let query = command::EventsQuery { reference: 5, to: Address::Room(RoomId(2)), after };
        let out = test.request(4, device, Command::Events(query));
        let [Output::Send(_, Event::Events(page))] = &out[..] else { panic!("{out:?}") };
        page.events.iter().map(|event| event.position().unwrap().n).collect()
    };
    assert_eq!(positions(1, 3), [4, 5, 7], "from room_created on");
    assert_eq!(positions(2, 0), [7], "from the own member_joined on");
}

/// Log of an older build: `room_created` precedes the creator's own `member_joined`.
fn older_log() -> Vec<Event> {
    let wei = Member { id: MemberId(1), name: "Wei".into() };
    let room = Room { id: RoomId(2), name: "a".into(), description: String::new() };
    let (lobby, own, to) =
        (Address::Room(RoomId::LOBBY), Address::Member(MemberId(1)), Address::Room(RoomId(2)));
    let joined = |n, to, prev, room| {
        let member = wei.clone();
        Event::MemberJoined(MemberJoined { n, to, prev, at: 1, member, by: None, room, members: None })
    };
    let (author, client_id) = (MemberId(1), ClientId([2; 16]));
    let created = RoomCreated { n: 2, to, prev: 0, at: 1, author, client_id, room: room.clone() };
    let (name, text) = ("Wei".to_owned(), "x".to_owned());
    let posted = Posted { n: 5, to, prev: 4, seq: 1, at: 1, author, name, tag: None, client_id, text };
    vec![
        joined(1, lobby, 0, None),
        Event::RoomCreated(created),
        joined(3, own, 0, Some(room)),
        joined(4, to, 2, None),
        Event::Posted(posted),
    ]
}

#[test]
fn a_log_of_the_older_order_is_replayed_to_the_creator_from_the_own_joining_on() {
    let mut folded = House::default();
    for event in older_log() {
        folded.apply(&LogEntry { event, device: device(1) });
    }
    let entry = folded.rooms.entry(MemberId(1), RoomId(2)).unwrap();
    assert_eq!((entry.members, entry.joined, entry.last, entry.seq), (1, 4, 5, 1));
    let hub = Hub::new(Settings::default(), Epoch(1), folded);
    let mut test = TestHub { hub, log: Log::new(Epoch(1)), now: START };
    let (poll, session, mut out) = (test.quiet_poll(1), SessionId(9), Vec::new());
    test.hub.handle(Input::Polled { session, device: device(1), poll }, test.now, &mut out);
    let Some(Output::Read(id, _)) = out.iter().find(|output| matches!(output, Output::Read(..))) else {
        panic!("{out:?}")
    };
    let part = ReplayPart { events: older_log().split_off(1), ..ReplayPart::default() };
    let out = test.give(Input::ReadFinished(*id, Ok(QueryResult::Replayed(part))));
    assert_eq!(sent(&out), ["joined 3", "joined 4", "posted 5", "release"]);
}

#[test]
fn a_join_sent_again_with_another_name_renames_the_member_that_is_being_made() {
    let mut test = TestHub::new();
    let device = DeviceKey([1; 32]);
    let join = |id, name: &str| Input::Join { request: RequestId(id), name: name.to_owned(), device };
    let (mut out, now) = (Vec::new(), test.now);
    test.hub.handle(join(1, "Ann"), now, &mut out);
    test.hub.handle(join(2, "Anna"), now, &mut out);
    let mut answers = Vec::new();
    while !out.is_empty() {
        for output in std::mem::take(&mut out) {
            match output {
                Output::Append(change) => {
                    let outcome = test.log.append(change, now.wall);
                    test.hub.handle(Input::AppendsFinished(vec![outcome]), now, &mut out);
                    test.read_tail(&mut out);
                }
                Output::Answer(RequestId(request), Answer::Me(Some(member))) => {
                    answers.push((request, member.name));
                }
                _ => {}
            }
        }
    }
    assert_eq!(answers, [(1, "Ann".to_owned()), (2, "Anna".to_owned())]);
    assert_eq!(test.hub.house().members.all().count(), 1);
}
