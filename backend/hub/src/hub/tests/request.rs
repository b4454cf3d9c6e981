//! Sessions that are requests: streams of events, polls, and commands of their own.

use super::*;
use crate::{
    input::{ExpectedIdentity, Poll},
    limits::{PLAIN_POSTS_PER_POST, POSTS_PER_S},
    query::{QueryResult, ReplayPart},
};
use shared::{
    Member, Room,
    command::{PageAnchor, RoomCreate, RoomMove},
    event::{MemberJoined, Posted, RoomCreated},
};

mod presence;

/// What a session is sent, in order, by a word each.
fn sent(out: &[Output]) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::Posted(posted) => format!("posted {}", posted.n),
        Event::Welcome(welcome) => format!("welcome {} {}", welcome.resumed, welcome.through.n),
        Event::CaughtUp(through) => format!("caught up {}", through.through.n),
        Event::Present(present) => format!("present {}", present.count),
        Event::MemberJoined(joined) => format!("joined {}", joined.n),
        Event::MemberLeft(left) => format!("left {}", left.n),
        Event::RoomCreated(created) => format!("created {}", created.n),
        other => format!("{other:?}"),
    };
    let words = out.iter().filter_map(|output| match output {
        Output::SendReplay(_, event) => Some(word(event)),
        Output::Publish(Audience::Session(_), event) => Some(word(event)),
        Output::Attach(..) => Some("attach".to_owned()),
        Output::Release(_) => Some("release".to_owned()),
        Output::Close(_, code) => Some(format!("{code:?}")),
        _ => None,
    });
    words.collect()
}

fn device(number: u8) -> Option<DeviceKey> {
    Some(DeviceKey([number; 32]))
}

fn at(n: u64) -> Option<Cursor> {
    Some(Cursor { epoch: Epoch(1), n })
}

fn hello_at(cursor: Option<Cursor>) -> Hello {
    Hello { reference: 5, build: "dev".into(), cursor, room: None }
}

fn moved(id: u8, room: u64) -> RoomMove {
    RoomMove { reference: u64::from(id), client_id: ClientId([id; 16]), room: RoomId(room) }
}

impl House {
    /// Wei, who has said so much; nobody is here.
    fn with_log(posts: u8) -> House {
        let mut house = House::with_members(&["Wei"]);
        (1..=posts).for_each(|id| drop(house.asks(1, 1, post(id, "x"))));
        house
    }

    fn streams(&mut self, session: u64, of: u8, cursor: Option<Cursor>) -> Vec<Output> {
        let hello = hello_at(cursor);
        self.tell(Input::Streamed { session: SessionId(session), device: device(of), hello })
    }

    fn polls(&mut self, session: u64, of: u8, poll: Poll) -> Vec<Output> {
        self.tell(Input::Polled { session: SessionId(session), device: device(of), poll })
    }

    /// One that knows who is here, from this position on.
    fn quiet(&self, n: u64) -> Poll {
        let present = self.hub.presence_revision();
        Poll {
            hello: hello_at(at(n)),
            begins: false,
            present,
            identity: ExpectedIdentity::default(),
            away: false,
        }
    }

    /// A request that is answered and over.
    fn asks(&mut self, session: u64, of: u8, command: Command) -> Vec<Output> {
        let session = SessionId(session);
        let out = self.tell(Input::CommandRequested {
            session,
            device: device(of),
            identity: ExpectedIdentity::default(),
            command,
        });
        self.tell(Input::Closed(session));
        out
    }

    fn close(&mut self, session: u64) -> Vec<Output> {
        self.tell(Input::Closed(SessionId(session)))
    }

    /// Lets time pass, waking when the hub wants to be woken.
    fn pass(&mut self, ms: u64) -> Vec<Output> {
        let until = self.now + ms;
        let mut out = Vec::new();
        while let Some(wake) = self.hub.next_wake().filter(|wake| *wake <= until) {
            self.now = wake.max(self.now);
            out.extend(self.tell(Input::Tick));
        }
        self.now = until;
        out
    }
}

/// Makes a room, which will be number 2.
fn creates_a_room() -> Command {
    let (name, description) = ("a".to_owned(), String::new());
    Command::RoomCreate(RoomCreate { reference: 2, client_id: ClientId([2; 16]), name, description })
}

#[test]
fn a_stream_begins_as_a_socket_does() {
    let mut house = House::with_log(3);
    assert_eq!(sent(&house.streams(1, 1, None)), ["attach", "welcome false 4", "release"]);
    assert_eq!(
        sent(&house.streams(2, 1, at(2))),
        ["attach", "welcome true 2", "posted 3", "posted 4", "caught up 4", "release"]
    );
    let out = house.streams(3, 9, None);
    assert_eq!(
        (refusal(&out), &sent(&out)[..]),
        (Some(ErrorCode::SignInRequired), &["SignedOut".into()][..])
    );
    assert_eq!(house.hub.presence.count(), 1);
    house.close(1);
    house.close(2);
    assert_eq!(house.hub.presence.count(), 0);
}

#[test]
fn nothing_is_done_in_the_name_of_who_the_browser_has_become() {
    let mut house = House::with_log(1);
    let epoch = house.hub.through().epoch;
    let other = Epoch(epoch.0 + 1);
    for (member, its, is_it) in [
        (Some(1), Some(epoch), true),
        (Some(1), None, true),
        (None, Some(epoch), true),
        (Some(2), Some(epoch), false),
        (Some(1), Some(other), false),
    ] {
        let identity = ExpectedIdentity { member: member.map(MemberId), epoch: its };
        let poll = Poll { identity, ..house.quiet(2) };
        let polled = house.polls(1, 1, poll);
        house.close(1);
        let (session, command) = (SessionId(2), Command::Ping);
        let asked = house.tell(Input::CommandRequested { session, device: device(1), identity, command });
        house.close(2);
        for out in [polled, asked] {
            let refused = (!is_it).then_some(ErrorCode::SignInRequired);
            assert_eq!(refusal(&out), refused, "{identity:?}");
        }
    }
}

#[test]
fn requests_have_a_rate_of_their_own() {
    let per_s = POSTS_PER_S * PLAIN_POSTS_PER_POST;
    let pauses = |out: &[Output]| out.iter().any(|output| matches!(output, Output::Pause(..)));
    for offset in 0..3 {
        let mut house = House::with_log(0);
        for number in 1..=per_s + 1 {
            let session = u64::from(number);
            let poll = house.quiet(0);
            let out = match (number + offset) % 3 {
                0 => house.asks(session, 1, Command::Ping),
                1 => house.polls(session, 1, poll),
                _ => house.streams(session, 1, None),
            };
            house.close(session);
            assert_eq!(pauses(&out), number > per_s, "{number}");
        }
        house.pass(1_000);
        assert!(!pauses(&house.asks(9_999, 1, Command::Ping)));
    }
}

#[test]
fn an_answer_by_request_claims_nothing_of_what_was_read() {
    let mut house = House::with_log(3);
    let away = Command::Presence(command::PresenceReport { away: true });
    for command in [Command::Ping, away] {
        let out = house.asks(1, 1, command);
        let through = out.iter().find_map(|output| match output {
            Output::Send(_, Event::Pong(told)) => Some(told.through.n),
            _ => None,
        });
        assert_eq!(through, Some(0));
    }
}

#[test]
fn a_poll_is_told_what_is_new_and_no_more() {
    let mut house = House::with_log(3);
    let begins = |cursor| Poll {
        hello: hello_at(cursor),
        begins: true,
        present: 0,
        identity: ExpectedIdentity::default(),
        away: false,
    };
    assert_eq!(sent(&house.polls(1, 1, begins(None))), ["attach", "welcome false 4", "release"]);
    assert_eq!(
        sent(&house.polls(2, 1, begins(at(3)))),
        ["attach", "welcome true 3", "posted 4", "caught up 4", "release"]
    );
    let quiet = house.quiet(2);
    assert_eq!(sent(&house.polls(3, 1, quiet)), ["attach", "posted 3", "posted 4", "release"]);
    let quiet = house.quiet(4);
    assert_eq!(sent(&house.polls(4, 1, quiet)), ["attach", "release"]);
}

#[test]
fn a_poll_whose_cursor_is_none_of_this_log_begins_anew() {
    let mut house = House::with_log(1);
    for cursor in [None, at(3), at(u64::MAX), Some(Cursor { epoch: Epoch(2), n: 1 })] {
        let poll = Poll { hello: hello_at(cursor), ..house.quiet(0) };
        let out = house.polls(1, 1, poll);
        assert_eq!(sent(&out), ["attach", "welcome false 2", "release"], "{cursor:?}");
        assert_eq!(welcome_in(&out).reference, 5);
        house.close(1);
    }
}

#[test]
fn a_log_that_does_not_go_back_so_far_welcomes_a_poll() {
    let mut house = House::with_log(3);
    let poll = house.quiet(1);
    let mut out = Vec::new();
    house.hub.handle(Input::Polled { session: SessionId(1), device: device(1), poll }, house.now, &mut out);
    let id = out.iter().find_map(|output| match output {
        Output::Read(id, _) => Some(*id),
        _ => None,
    });
    let lost = crate::query::ReplayPart { is_lost: true, ..Default::default() };
    let out = house.tell(Input::ReadFinished(id.unwrap(), Ok(QueryResult::Replayed(lost))));
    assert_eq!(sent(&out), ["welcome false 4", "release"]);
    assert!(welcome_in(&out).room.is_some());
}

#[test]
fn each_command_is_answered_once_and_nothing_else_comes() {
    let mut house = House::with_members(&["Wei"]);
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
        let out = house.tell(Input::CommandRequested {
            session,
            device: device(1),
            identity: ExpectedIdentity::default(),
            command: command.clone(),
        });
        let answers = out.iter().filter(|output| matches!(output, Output::Send(to, _) if *to == session));
        assert_eq!(answers.count(), 1, "{command:?}: {out:?}");
        let else_to_it = out.iter().any(|output| match output {
            Output::Attach(to, _) | Output::Subscribe(to, _) | Output::SendReplay(to, _) => *to == session,
            _ => false,
        });
        assert!(!else_to_it, "{command:?}: {out:?}");
        assert_eq!(house.hub.presence.count(), 0, "who only asks is not present");
        assert_eq!(house.close(session.0), []);
    }
    for command in [Command::Hello(hello_at(None)), Command::Pong] {
        assert_eq!(refusal(&house.asks(200, 1, command)), Some(ErrorCode::NotByRequest));
    }
    let out = house.asks(201, 9, Command::Ping);
    assert_eq!(
        (refusal(&out), &sent(&out)[..]),
        (Some(ErrorCode::SignInRequired), &["SignedOut".into()][..])
    );
}

#[test]
fn a_room_that_is_joined_by_request_is_heard_of_by_what_reads() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.asks(1, 2, creates_a_room());
    house.streams(2, 1, None);
    let poll = house.quiet(2);
    house.polls(3, 1, poll);
    let out = house.asks(4, 1, Command::RoomJoin(moved(7, 2)));
    let subscribed: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::Subscribe(session, Address::Room(RoomId(2))) => Some(session.0),
            _ => None,
        })
        .collect();
    assert_eq!(subscribed, [2, 3]);
    let told = out.iter().position(|output| matches!(output, Output::Publish(Audience::Member(_), _)));
    let first = out.iter().position(|output| matches!(output, Output::Publish(Audience::Room(RoomId(2)), _)));
    let subscribes = out.iter().position(|output| matches!(output, Output::Subscribe(..)));
    assert!(told < subscribes && subscribes < first, "{out:?}");
}

#[test]
fn a_member_may_have_so_many_sessions_whatever_they_are() {
    let mut house = House::with_members(&["Wei"]);
    for session in 1..=SESSIONS_PER_MEMBER_MAX as u64 - 1 {
        match session % 3 {
            0 => drop(house.streams(session, 1, None)),
            1 => {
                let poll = house.quiet(1);
                house.polls(session, 1, poll);
            }
            _ => drop(house.enter(session, 1)),
        }
    }
    let full = |out: &[Output]| sent(out) == ["Full"];
    let open = |house: &House| house.hub.of_member[&MemberId(1)].len();
    for is_full in [false, true, true] {
        let poll = house.quiet(1);
        assert_eq!(full(&house.polls(200, 1, poll)), is_full);
        if is_full {
            assert!(full(&house.streams(201, 1, None)));
            assert!(full(&house.asks(202, 1, Command::Ping)));
            assert!(full(&house.enter(203, 1)));
        }
        assert_eq!(open(&house), SESSIONS_PER_MEMBER_MAX);
    }
    (200..204).for_each(|session| drop(house.close(session)));
    assert_eq!(open(&house), SESSIONS_PER_MEMBER_MAX - 1);
    assert!(!full(&house.streams(204, 1, None)));
}

#[test]
fn who_leaves_a_room_in_the_middle_of_a_poll_is_told_nothing_that_came_after() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.asks(1, 2, creates_a_room());
    house.asks(2, 1, Command::RoomJoin(moved(3, 2)));
    let before = house.hub.through().n;
    let Command::Post(said) = post(4, "in the room") else { panic!() };
    house.asks(3, 2, Command::Post(Post { room: RoomId(2), ..said }));
    let (poll, mut out) = (house.quiet(before), Vec::new());
    house.hub.handle(Input::Polled { session: SessionId(9), device: device(1), poll }, house.now, &mut out);
    let Some(Output::Read(id, query)) = out.iter().find(|output| matches!(output, Output::Read(..))) else {
        panic!("{out:?}")
    };
    let found = house.log.read(query);
    let out = house.asks(4, 1, Command::RoomLeave(moved(5, 2)));
    assert!(out.contains(&Output::Unsubscribe(SessionId(9), Address::Room(RoomId(2)))));
    // What is published meanwhile is held back, and says that she left; what was read says nothing more.
    let out = house.tell(Input::ReadFinished(*id, Ok(found)));
    assert_eq!(sent(&out), ["release"], "{out:?}");
}

#[test]
fn a_creator_is_replayed_the_room_from_room_created_on() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.asks(1, 1, creates_a_room());
    let poll = house.quiet(2);
    assert_eq!(sent(&house.polls(2, 1, poll)), ["attach", "joined 3", "created 4", "joined 5", "release"]);
    house.asks(3, 2, Command::RoomJoin(moved(3, 2)));
    let mut positions = |device: u8, after: u64| -> Vec<u64> {
        let query = command::EventsQuery { reference: 5, to: Address::Room(RoomId(2)), after };
        let out = house.asks(4, device, Command::Events(query));
        let [Output::Send(_, Event::Events(page))] = &out[..] else { panic!("{out:?}") };
        page.events.iter().map(|event| event.position().unwrap().n).collect()
    };
    assert_eq!(positions(1, 3), [4, 5, 7], "behind the member's own event nothing is missing");
    assert_eq!(positions(2, 0), [7], "a member who joined later reads from the own joining on");
}

/// Log of an older build: `room_created` precedes the event that tells the creator of the room.
fn older_log() -> Vec<Event> {
    let wei = Member { id: MemberId(1), name: "Wei".into() };
    let room = Room { id: RoomId(2), name: "a".into(), description: String::new() };
    let (lobby, own, to) =
        (Address::Room(RoomId::LOBBY), Address::Member(MemberId(1)), Address::Room(RoomId(2)));
    let joined = |n, to, prev, room| {
        let member = wei.clone();
        Event::MemberJoined(MemberJoined { n, to, prev, at: 1, member, room, members: None })
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
    let mut folded = crate::House::default();
    for event in older_log() {
        folded.apply(&event, device(1));
    }
    let entry = folded.rooms.entry(MemberId(1), RoomId(2)).unwrap();
    assert_eq!((entry.members, entry.joined, entry.last, entry.seq), (1, 4, 5, 1));
    let hub = Hub::new(Settings::default(), Epoch(1), folded);
    let mut house = House { hub, log: Log::new(Epoch(1)), now: 10_000 };
    let (poll, session, mut out) = (house.quiet(1), SessionId(9), Vec::new());
    house.hub.handle(Input::Polled { session, device: device(1), poll }, house.now, &mut out);
    let Some(Output::Read(id, _)) = out.iter().find(|output| matches!(output, Output::Read(..))) else {
        panic!("{out:?}")
    };
    let part = ReplayPart { events: older_log().split_off(1), ..ReplayPart::default() };
    let out = house.tell(Input::ReadFinished(*id, Ok(QueryResult::Replayed(part))));
    assert_eq!(sent(&out), ["joined 3", "joined 4", "posted 5", "release"]);
}
