use super::*;
use crate::{
    limits::READS_PER_SESSION_MAX,
    query::{Query, QueryResult},
    session::ReadId,
};
use shared::{
    command::{PageAnchor, RoomCreate, RoomMove},
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};

fn back(session: u64, n: u64) -> (Input, Input) {
    let session = SessionId(session);
    let cursor = Some(Cursor { epoch: Epoch(1), n });
    let hello = Command::Hello(Hello { reference: 1, build: "dev".into(), cursor, room: None });
    let opened = Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) };
    (opened, Input::CommandReceived(session, hello))
}

/// What a session is sent, in order, by a word each.
fn sent(out: &[Output]) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::Posted(posted) => format!("posted {}", posted.n),
        Event::Welcome(welcome) => format!("welcome {} {}", welcome.resumed, welcome.through.n),
        Event::CaughtUp(through) => format!("caught up {}", through.through.n),
        Event::Reset(reset) => format!("reset {} as of {}", reset.room.room.0, reset.room.as_of),
        Event::MemberJoined(joined) => format!("joined {}", joined.n),
        other => format!("{other:?}"),
    };
    let words = out.iter().filter_map(|output| match output {
        Output::SendReplay(_, event) => Some(word(event)),
        Output::Attach(..) => Some("attach".to_owned()),
        Output::Release(_) => Some("release".to_owned()),
        Output::Close(_, code) => Some(format!("{code:?}")),
        _ => None,
    });
    words.collect()
}

impl House {
    /// Wei, who talks as session 1.
    fn with_talk(posts: u8) -> House {
        let mut house = House::with_members(&["Wei"]);
        house.enter(1, 1);
        (1..=posts).for_each(|id| drop(house.post(1, id, "x")));
        house
    }

    fn come_back(&mut self, session: u64, n: u64) -> Vec<Output> {
        let (opened, hello) = back(session, n);
        self.tell(opened);
        self.tell(hello)
    }

    /// Handles one input and answers nothing.
    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.hub.handle(input, self.now, &mut out);
        out
    }
}

#[test]
fn who_missed_nothing_is_told_so_at_once_and_nothing_is_read() {
    let mut house = House::with_talk(3);
    let (opened, hello) = back(2, 4);
    house.handle(opened);
    let out = house.handle(hello);
    assert_eq!(sent(&out), ["attach", "welcome true 4", "caught up 4", "release"]);
    assert!(!out.iter().any(|output| matches!(output, Output::Read(..))));
}

#[test]
fn who_comes_back_is_told_what_was_missed_and_no_more() {
    let mut house = House::with_talk(3);
    assert_eq!(
        sent(&house.come_back(2, 2)),
        ["attach", "welcome true 2", "posted 3", "posted 4", "caught up 4", "release"]
    );
}

#[test]
fn another_epoch_and_a_cursor_of_the_future_begin_anew() {
    let mut house = House::with_talk(1);
    assert_eq!(sent(&house.come_back(2, 9)), ["attach", "welcome false 2", "release"]);
    let session = SessionId(3);
    house.tell(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    let cursor = Some(Cursor { epoch: Epoch(2), n: 1 });
    let hello = Command::Hello(Hello { reference: 1, build: "dev".into(), cursor, room: Some(RoomId(7)) });
    let out = house.tell(Input::CommandReceived(session, hello));
    assert_eq!(sent(&out), ["attach", "welcome false 2", "release"]);
    assert_eq!(welcome_in(&out).room.as_ref().unwrap().room, RoomId::LOBBY, "not in room 7");
}

#[test]
fn a_room_of_which_too_much_was_missed_comes_as_a_snapshot() {
    let n = REPLAY_EVENTS_MAX as u64;
    for (missed, is_reset) in [(n - 1, false), (n, false), (n + 1, true)] {
        let mut house = House::with_members(&["Wei"]);
        house.hub.settings.posts = Rate::NONE;
        house.enter(1, 1);
        for id in 0..missed {
            let Command::Post(post) = post(0, "x") else { panic!() };
            let client_id = ClientId(u128::from(id).to_be_bytes());
            house.ask(1, Command::Post(Post { client_id, ..post }));
        }
        let out = sent(&house.come_back(2, 1));
        let posted = out.iter().filter(|word| word.starts_with("posted")).count() as u64;
        assert_eq!(posted, if is_reset { 0 } else { missed }, "{missed}");
        let reset = format!("reset 1 as of {}", missed + 1);
        assert_eq!(out.contains(&reset), is_reset);
        assert_eq!(out[out.len() - 2..], [format!("caught up {}", missed + 1), "release".to_owned()]);
    }
}

#[test]
fn bytes_make_too_much_as_well() {
    let text = "x".repeat(TEXT_BYTES_MAX);
    let full = REPLAY_BYTES_MAX / TEXT_BYTES_MAX;
    for (posts, is_reset) in [(full - 1, false), (full, false), (full + 1, true)] {
        let mut house = House::with_members(&["Wei"]);
        house.hub.settings.posts = Rate::NONE;
        house.enter(1, 1);
        (0..posts).for_each(|id| drop(house.post(1, u8::try_from(id).unwrap(), &text)));
        let out = sent(&house.come_back(2, 1));
        assert_eq!(out.iter().any(|word| word.starts_with("reset")), is_reset, "{posts}");
    }
}

#[test]
fn a_long_replay_goes_part_by_part_each_when_the_one_before_has_left() {
    let mut house = House::with_members(&["Wei"]);
    house.hub.settings.posts = Rate::NONE;
    house.enter(1, 1);
    let text = "x".repeat(TEXT_BYTES_MAX);
    (1..=20).for_each(|id| drop(house.post(1, id, &text)));
    let (opened, hello) = back(2, 1);
    house.handle(opened);
    let mut out = house.handle(hello);
    let (mut parts, mut events) = (0, 0);
    loop {
        let read = out.iter().find_map(|output| match output {
            Output::Read(id, query) => Some((*id, query.clone())),
            _ => None,
        });
        let Some((id, query)) = read else { break };
        let found = house.log.read(&query);
        out = house.handle(Input::ReadFinished(id, Ok(found)));
        events += sent(&out).iter().filter(|word| word.starts_with("posted")).count();
        assert_eq!(out.last(), Some(&Output::NotifyDrained(SessionId(2))), "{out:?}");
        parts += 1;
        out = house.handle(Input::Drained(SessionId(2)));
    }
    assert_eq!((parts, events), (3, 20));
    assert_eq!(sent(&out), ["caught up 21", "release"]);
    assert_eq!(house.handle(Input::Drained(SessionId(2))).len(), 0, "a word too many does nothing");
}

#[test]
fn who_falls_behind_while_catching_up_reads_on_from_there() {
    let mut house = House::with_talk(2);
    house.come_back(2, 2);
    house.post(1, 7, "while it was held back");
    house.post(1, 8, "this too");
    let out = house.tell(Input::BufferOverflowed(SessionId(2)));
    assert_eq!(sent(&out), ["attach", "posted 4", "posted 5", "caught up 5", "release"]);
    house.post(1, 9, "and this");
    assert_eq!(
        sent(&house.tell(Input::BufferOverflowed(SessionId(2)))),
        ["attach", "posted 6", "caught up 6", "release"]
    );
    house.tell(Input::Closed(SessionId(2)));
    assert_eq!(house.tell(Input::BufferOverflowed(SessionId(2))), []);
}

#[test]
fn a_new_session_that_falls_behind_is_not_sent_a_second_welcome() {
    let mut house = House::with_talk(1);
    house.enter(2, 1);
    house.post(1, 7, "x");
    assert_eq!(sent(&house.tell(Input::BufferOverflowed(SessionId(2)))), ["attach", "posted 3", "release"]);
}

#[test]
fn nothing_is_told_of_a_room_before_one_was_in_it() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.enter(1, 1);
    house.enter(2, 2);
    let create = RoomCreate {
        reference: 1,
        client_id: ClientId([1; 16]),
        name: "a".into(),
        description: String::new(),
    };
    house.ask(2, Command::RoomCreate(create));
    let Command::Post(secret) = post(2, "before Wei came") else { panic!() };
    house.ask(2, Command::Post(Post { room: RoomId(2), ..secret }));
    let join = RoomMove { reference: 3, client_id: ClientId([3; 16]), room: RoomId(2) };
    house.ask(1, Command::RoomJoin(join));
    let Command::Post(open) = post(4, "after") else { panic!() };
    house.ask(2, Command::Post(Post { room: RoomId(2), ..open }));
    // Resumed from before it joined: the room is in the list, its events are not replayed.
    assert_eq!(
        sent(&house.come_back(3, 2)),
        ["attach", "welcome true 2", "joined 7", "caught up 9", "release"]
    );
    // It fell behind before it joined: the room from the joining on.
    house.hub.attaching.get_mut(&SessionId(1)).unwrap().rewind(2);
    assert_eq!(
        sent(&house.tell(Input::BufferOverflowed(SessionId(1)))),
        ["attach", "joined 7", "joined 8", "posted 9", "release"]
    );
}

#[test]
fn an_answer_is_as_of_when_it_was_asked_for() {
    let mut house = House::with_talk(1);
    let ask = command::HistoryQuery { reference: 5, room: RoomId::LOBBY, at: PageAnchor::Newest };
    let out = house.handle(Input::CommandReceived(SessionId(1), Command::History(ask)));
    let [Output::Read(id, query)] = &out[..] else { panic!("{out:?}") };
    house.post(1, 9, "later");
    let found = house.log.read(query);
    let out = house.handle(Input::ReadFinished(*id, Ok(found)));
    let [Output::Send(_, Event::History(page))] = &out[..] else { panic!("{out:?}") };
    assert_eq!((page.messages.len(), page.reference, page.newer), (1, 5, false));
    assert_eq!(page.authors[0].name, "Wei");
}

#[test]
fn what_is_missing_is_given_in_order_and_too_much_of_it_is_a_reset() {
    let mut house = House::with_talk(3);
    let events = |after| {
        Command::Events(command::EventsQuery { reference: 5, to: Address::Room(RoomId::LOBBY), after })
    };
    let out = house.ask(1, events(2));
    let [Output::Send(_, Event::Events(found))] = &out[..] else { panic!("{out:?}") };
    let positions: Vec<_> = found.events.iter().map(|event| event.position().unwrap().n).collect();
    assert_eq!((positions, found.more, found.reference), (vec![3, 4], false, 5));
    house.hub.settings.posts = Rate::NONE;
    let text = "x".repeat(TEXT_BYTES_MAX);
    (100..170).for_each(|id| drop(house.post(1, id, &text)));
    let out = house.ask(1, events(2));
    let [Output::Send(_, Event::Reset(reset))] = &out[..] else { panic!("{out:?}") };
    assert_eq!((reset.reference, reset.room.as_of), (Some(5), 74));
}

#[test]
fn questions_have_a_limit_and_a_store_that_fails_is_told() {
    let mut house = House::with_talk(1);
    let ask = || {
        let ask = command::HistoryQuery { reference: 5, room: RoomId::LOBBY, at: PageAnchor::Newest };
        Input::CommandReceived(SessionId(1), Command::History(ask))
    };
    let reads: Vec<ReadId> = (0..READS_PER_SESSION_MAX)
        .map(|_| match &house.handle(ask())[..] {
            [Output::Read(id, Query::History { .. })] => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(refusal(&house.handle(ask())), Some(ErrorCode::TooManyRequests));
    let out = house.handle(Input::ReadFinished(reads[0], Err(ErrorCode::StoreRefused)));
    assert_eq!(refusal(&out), Some(ErrorCode::StoreRefused));
    assert!(matches!(&house.handle(ask())[..], [Output::Read(..)]), "there is room again");
    let found = QueryResult::Page(crate::query::MessagePage::default());
    assert_eq!(house.handle(Input::ReadFinished(reads[0], Ok(found))), [], "answered already");
    let (opened, hello) = back(9, 1);
    house.handle(opened);
    let out = house.handle(hello);
    let id = out.iter().find_map(|output| match output {
        Output::Read(id, _) => Some(*id),
        _ => None,
    });
    let out = house.handle(Input::ReadFinished(id.unwrap(), Err(ErrorCode::StoreRefused)));
    assert_eq!(sent(&out), ["TryAgainLater"]);
}

#[test]
fn who_leaves_while_it_is_read_is_told_nothing_of_what_came_after() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.hub.settings.posts = Rate::NONE;
    house.enter(1, 1);
    house.enter(2, 2);
    let create = RoomCreate {
        reference: 1,
        client_id: ClientId([1; 16]),
        name: "a".into(),
        description: String::new(),
    };
    house.ask(2, Command::RoomCreate(create));
    let moved = |id: u8| RoomMove { reference: 3, client_id: ClientId([id; 16]), room: RoomId(2) };
    house.ask(1, Command::RoomJoin(moved(3)));
    for id in 0..=REPLAY_EVENTS_MAX as u128 {
        let Command::Post(post) = post(0, "x") else { panic!() };
        let client_id = ClientId((7_000 + id).to_be_bytes());
        house.ask(2, Command::Post(Post { client_id, room: RoomId(2), ..post }));
    }
    let to = Address::Room(RoomId(2));
    let ask = Command::Events(command::EventsQuery { reference: 5, to, after: 0 });
    let out = house.handle(Input::CommandReceived(SessionId(1), ask));
    let [Output::Read(id, query)] = &out[..] else { panic!("{out:?}") };
    let found = house.log.read(query);
    house.ask(1, Command::RoomLeave(moved(6)));
    let out = house.tell(Input::ReadFinished(*id, Ok(found)));
    assert_eq!(refusal(&out), Some(ErrorCode::RoomUnknown), "{out:?}");
}

#[test]
fn who_is_behind_with_nothing_new_waits_until_the_queue_has_left() {
    let mut house = House::with_talk(1);
    house.come_back(2, 2);
    let out = house.handle(Input::BufferOverflowed(SessionId(2)));
    assert!(out.contains(&Output::NotifyDrained(SessionId(2))), "{out:?}");
    assert!(!out.contains(&Output::Release(SessionId(2))), "{out:?}");
    let out = house.handle(Input::Drained(SessionId(2)));
    assert_eq!(out.last(), Some(&Output::Release(SessionId(2))));
}

#[test]
fn a_session_that_ends_is_read_for_no_more() {
    let mut house = House::with_talk(1);
    let ask = command::HistoryQuery { reference: 5, room: RoomId::LOBBY, at: PageAnchor::Newest };
    let out = house.handle(Input::CommandReceived(SessionId(1), Command::History(ask)));
    let [Output::Read(id, query)] = &out[..] else { panic!("{out:?}") };
    assert_eq!(house.handle(Input::Closed(SessionId(1))), [Output::CancelRead(*id)]);
    let found = house.log.read(query);
    assert_eq!(house.handle(Input::ReadFinished(*id, Ok(found))), [], "it may come all the same");
    let (opened, hello) = back(2, 1);
    house.handle(opened);
    house.handle(hello);
    let out = house.handle(Input::Closed(SessionId(2)));
    assert!(matches!(&out[..], [Output::CancelRead(_)]), "{out:?}");
}

#[test]
fn a_late_word_of_who_has_left_is_not_remembered() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    house.tell(Input::SignOut(RequestId(9), DeviceKey([1; 32])));
    house.post(1, 3, "late");
    assert!(house.hub.rates.is_empty());
}
