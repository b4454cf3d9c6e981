use super::*;
use shared::command::{RoomChange, RoomCreate, RoomMove};
use shared::limits::{DESCRIPTION_CHARS_MAX, ROOMS_PAGE};

fn create(id: u8, name: &str, description: &str) -> Command {
    let (name, description) = (name.to_owned(), description.to_owned());
    Command::RoomCreate(RoomCreate {
        reference: u64::from(id),
        client_id: ClientId([id; 16]),
        name,
        description,
    })
}

fn moved(id: u8, room: u64) -> RoomMove {
    RoomMove { reference: u64::from(id), client_id: ClientId([id; 16]), room: RoomId(room) }
}

fn post_to(id: u8, room: u64) -> Command {
    let Command::Post(post) = post(id, "x") else { panic!() };
    Command::Post(Post { room: RoomId(room), ..post })
}

fn reply(out: &[Output]) -> shared::event::Reply {
    let reply = out.iter().find_map(|output| match output {
        Output::Send(_, Event::Reply(reply)) => Some(*reply),
        _ => None,
    });
    reply.unwrap_or_else(|| panic!("{out:?}"))
}

#[test]
fn a_room_is_published_to_its_creator_from_room_created_on() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.connect(2, 1);
    let out = test.send(1, create(7, "品茶", " Oolong. "));
    let room = Address::Room(RoomId(2));
    let [
        Output::Publish(Audience::Member(MemberId(1)), Event::MemberJoined(own), _),
        Output::Subscribe(SessionId(1), first),
        Output::Subscribe(SessionId(2), second),
        Output::Publish(Audience::Room(RoomId(2)), Event::RoomCreated(created), _),
        Output::Publish(Audience::Room(RoomId(2)), Event::MemberJoined(joined), _),
        Output::Send(SessionId(1), Event::Reply(reply)),
    ] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((*first, *second), (room, room));
    assert_eq!((own.n, own.prev, own.members, own.room.as_ref()), (3, 0, Some(1), Some(&created.room)));
    assert_eq!((created.n, created.prev, &*created.room.description), (4, 0, "Oolong."));
    assert_eq!((joined.n, joined.prev, &joined.room), (5, 4, &None));
    assert_eq!((reply.n, reply.seq, reply.room), (4, 0, Some(RoomId(2))));
    let again = test.send(1, create(7, "another name", ""));
    assert_eq!(again, [Output::Send(SessionId(1), Event::Reply(*reply))], "a retry has no effect");
}

#[test]
fn a_command_is_refused_when_the_member_is_not_in_the_room() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.connect(2, 2);
    test.send(1, create(1, "a", ""));
    let history = |room| {
        Command::History(command::HistoryQuery {
            reference: 5,
            room: RoomId(room),
            at: command::PageAnchor::Newest,
        })
    };
    let events = |to| Command::Events(command::EventsQuery { reference: 5, to, after: 0 });
    for refused in [
        post_to(1, 2),
        post_to(2, 9),
        history(2),
        history(9),
        events(Address::Room(RoomId(2))),
        events(Address::Member(MemberId(1))),
        Command::RoomLeave(moved(3, 2)),
        Command::RoomJoin(moved(4, 9)),
    ] {
        assert_eq!(refusal(&test.send(2, refused)), Some(ErrorCode::RoomUnknown));
    }
    assert!(reply(&test.send(2, Command::RoomJoin(moved(5, 2)))).n > 0);
    assert_eq!(reply(&test.send(2, post_to(6, 2))).seq, 1);
    let out = test.send(2, Command::RoomLeave(moved(7, 2)));
    assert!(
        matches!(
            &out[..],
            [
                Output::Publish(Audience::Room(RoomId(2)), Event::MemberLeft(_), _),
                Output::Publish(Audience::Member(MemberId(2)), Event::MemberLeft(_), _),
                Output::Unsubscribe(SessionId(2), Address::Room(RoomId(2))),
                Output::Send(_, Event::Reply(_)),
            ]
        ),
        "{out:?}"
    );
    assert_eq!(refusal(&test.send(2, post_to(8, 2))), Some(ErrorCode::RoomUnknown));
    assert_eq!(reply(&test.send(2, post_to(6, 2))).seq, 1, "a retry is answered after the member has left");
}

#[test]
fn joining_twice_has_one_effect_and_the_lobby_cannot_be_left() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.send(1, create(1, "a", ""));
    let again = test.send(1, Command::RoomJoin(moved(2, 2)));
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(reply(&again).room, Some(RoomId(2)));
    assert_eq!(refusal(&test.send(1, Command::RoomLeave(moved(3, 1)))), Some(ErrorCode::LobbyStays));
    let change = RoomChange {
        reference: 4,
        client_id: ClientId([4; 16]),
        room: RoomId::LOBBY,
        name: "b".into(),
        description: String::new(),
    };
    assert_eq!(refusal(&test.send(1, Command::RoomChange(change))), Some(ErrorCode::LobbyStays));
}

#[test]
fn a_room_is_refused_when_its_name_is_taken_or_its_description_too_long() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.send(1, create(1, "Tea", ""));
    for taken in ["tea", "TEA", "Tеa", "Lobby", "大堂", "teahouse"] {
        assert_eq!(refusal(&test.send(1, create(2, taken, ""))), Some(ErrorCode::NameTaken), "{taken}");
    }
    let describe = |id: u8, name: &str, about: &str| {
        Command::RoomChange(RoomChange {
            reference: 4,
            client_id: ClientId([id; 16]),
            room: RoomId(2),
            name: name.into(),
            description: about.into(),
        })
    };
    let n = DESCRIPTION_CHARS_MAX;
    for (id, length, code) in
        [(11, n - 1, None), (12, n, None), (13, n + 1, Some(ErrorCode::DescriptionRefused))]
    {
        assert_eq!(refusal(&test.send(1, describe(id, "tea", &"茶".repeat(length)))), code, "{length}");
    }
    assert_eq!(refusal(&test.send(1, describe(14, "tea", "a\u{7}b"))), Some(ErrorCode::DescriptionRefused));
    assert_eq!(refusal(&test.send(1, describe(15, "Coffee", "a\nb"))), None);
    assert_eq!(refusal(&test.send(1, create(16, "Tea", ""))), None, "the old name is free");
}

#[test]
fn number_signs_are_dropped_when_a_rooms_name_begins_with_them() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let created = |out: &[Output]| {
        out.iter().find_map(|output| match output {
            Output::Publish(Audience::Room(_), Event::RoomCreated(created), _) => {
                Some(created.room.name.clone())
            }
            _ => None,
        })
    };
    for (id, typed, name) in [(1, "#general", "general"), (2, " ## ＃品茶", "品茶"), (3, "C#", "C#")] {
        assert_eq!(created(&test.send(1, create(id, typed, ""))).as_deref(), Some(name), "{typed}");
    }
    assert_eq!(refusal(&test.send(1, create(4, "# #", ""))), Some(ErrorCode::NameEmpty));
    assert_eq!(refusal(&test.send(1, create(5, "#General", ""))), Some(ErrorCode::NameTaken));
    let change = RoomChange {
        reference: 6,
        client_id: ClientId([6; 16]),
        room: RoomId(2),
        name: "#tea".to_owned(),
        description: String::new(),
    };
    test.send(1, Command::RoomChange(change));
    let query = command::RoomsQuery { reference: 7, find: "#te".to_owned(), after: None };
    let out = test.send(1, Command::Rooms(query));
    let [Output::Send(_, Event::Rooms(page))] = &out[..] else { panic!("{out:?}") };
    assert_eq!(page.rooms.iter().map(|room| &*room.name).collect::<Vec<_>>(), ["tea"]);
}

#[test]
fn the_room_directory_is_listed_in_pages_and_by_name() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.hub.settings.posts = Rate::NONE;
    test.connect(1, 1);
    test.connect(2, 2);
    for id in 1..=u8::try_from(ROOMS_PAGE).unwrap() {
        test.send(1, create(id, &format!("Room {id}"), ""));
    }
    let mut ask = |find: &str, after: Option<u64>| {
        let (find, after) = (find.to_owned(), after.map(RoomId));
        let out = test.send(2, Command::Rooms(command::RoomsQuery { reference: 3, find, after }));
        let [Output::Send(SessionId(2), Event::Rooms(rooms))] = &out[..] else { panic!("{out:?}") };
        let ids: Vec<_> = rooms.rooms.iter().map(|room| (room.id.0, room.joined)).collect();
        (ids, rooms.more)
    };
    let (first, more) = ask("", None);
    assert_eq!((first.len(), first[0], first[1], more), (ROOMS_PAGE, (1, true), (2, false), true));
    assert_eq!(ask("", Some(50)), (vec![(51, false)], false));
    assert_eq!(ask("rOOM 50", None), (vec![(51, false)], false));
    assert_eq!(ask("none such", None), (vec![], false));
}

#[test]
fn a_room_is_found_by_its_name_in_any_normal_form() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    // The first name is composed, the second decomposed; both are stored composed.
    for (id, name) in [(1, "Caf\u{e9}"), (2, "Ng\u{f4} Ba\u{309}o")] {
        assert_eq!(refusal(&test.send(1, create(id, name, ""))), None, "{name}");
    }
    for (find, room) in [("cafe\u{301}", 2), ("CAF\u{c9}", 2), ("ngo\u{302} b\u{1ea3}o", 3)] {
        let query = command::RoomsQuery { reference: 3, find: find.to_owned(), after: None };
        let out = test.send(1, Command::Rooms(query));
        let [Output::Send(_, Event::Rooms(page))] = &out[..] else { panic!("{out:?}") };
        assert_eq!(page.rooms.iter().map(|room| room.id.0).collect::<Vec<_>>(), [room], "{find:?}");
    }
}

#[test]
fn signing_out_removes_the_member_from_every_room() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.connect(2, 2);
    test.send(1, create(1, "a", ""));
    test.send(2, Command::RoomJoin(moved(2, 2)));
    let out = test.give(Input::SignOut(RequestId(5), DeviceKey([2; 32])));
    let left: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            Output::Publish(Audience::Room(room), Event::MemberLeft(left), _) => {
                Some((room.0, left.member.0))
            }
            _ => None,
        })
        .collect();
    assert_eq!(left, [(2, 2), (1, 2)]);
    assert_eq!(test.hub.house.rooms.get(RoomId(2)).unwrap().members, 1);
}
