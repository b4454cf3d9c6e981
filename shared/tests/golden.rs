//! Every frame and body of the protocol, written out: one file each in
//! `golden/v1`, which PROTOCOL.md quotes.
//!
//! A file is exactly what the type writes, but for white space: the order of
//! the fields counts too. And it is read back as the value that wrote it.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    Address, ClientId, Command, Cursor, Epoch, ErrorCode, Event, Member, MemberId, Message, Room, RoomId,
    api::{Me, Name, Problem},
    command::{self, At, Hello, Post, RoomChange, RoomCreate, RoomMove},
    event::{
        self, Away, Events, FoundRoom, Gone, Here, History, MemberJoined, MemberLeft, Position, Posted,
        Refusal, Renamed, Reply, Reset, RoomChanged, RoomCreated, RoomEntry, RoomSnapshot, Rooms, Through,
        Trace, Welcome,
        trace::{Bytes, Count, Counted, Handshake, Header, RequestHead, ResponseHead, Seen, SeenFrame},
    },
    websocket::{Frame, Opcode, Side},
};
use std::{collections::BTreeSet, fmt::Debug, fs, path::PathBuf};

const BUILD: &str = "210afd03ccc57856";
const TASTING: RoomId = RoomId(2);
const TEA: &str = "早上好! \"Longjing\", please.\nAnd a cup for 梅.";

fn id(text: &str) -> ClientId {
    text.parse().unwrap()
}

fn cursor(n: u64) -> Cursor {
    Cursor { epoch: Epoch(0x9c1f_0a5b_e2d4_7386), n }
}

fn mei() -> Member {
    Member { id: MemberId(1), name: "梅".into() }
}

fn tom(name: &str) -> Member {
    Member { id: MemberId(2), name: name.into() }
}

fn commands() -> Vec<(&'static str, Command)> {
    let hello = |cursor, room| Command::Hello(Hello { reference: 1, build: BUILD.into(), cursor, room });
    let presence = |away| Command::Presence(command::Presence { away });
    let client_id = id("77d0e1f2a3b4c5d6e7f8091a2b3c4d5e");
    let moved =
        |reference, letter: &str| RoomMove { reference, client_id: id(&letter.repeat(32)), room: TASTING };
    let history = |reference, at| Command::History(command::History { reference, room: RoomId::LOBBY, at });
    vec![
        ("command_hello", hello(None, None)),
        ("command_hello_again", hello(Some(cursor(4)), Some(TASTING))),
        (
            "command_post",
            Command::Post(Post { reference: 2, client_id, room: RoomId::LOBBY, text: TEA.into() }),
        ),
        (
            "command_room_create",
            Command::RoomCreate(RoomCreate {
                reference: 3,
                client_id: id(&"a".repeat(32)),
                name: "品茶".into(),
                description: "Oolong, mostly.".into(),
            }),
        ),
        (
            "command_room_change",
            Command::RoomChange(RoomChange {
                reference: 4,
                client_id: id(&"b".repeat(32)),
                room: TASTING,
                name: "品茶".into(),
                description: "Oolong and white teas.".into(),
            }),
        ),
        ("command_room_join", Command::RoomJoin(moved(5, "c"))),
        ("command_room_leave", Command::RoomLeave(moved(6, "d"))),
        (
            "command_rooms",
            Command::Rooms(command::Rooms { reference: 7, find: "茶".into(), after: Some(RoomId::LOBBY) }),
        ),
        ("command_history_newest", history(8, At::Newest)),
        ("command_history_before", history(8, At::Before(5))),
        ("command_history_after", history(8, At::After(5))),
        ("command_history_around", history(8, At::Around(5))),
        ("command_history_date", history(8, At::Date(1_767_225_600_000))),
        (
            "command_events",
            Command::Events(command::Events { reference: 9, to: Address::Room(TASTING), after: 10 }),
        ),
        ("command_presence_away", presence(true)),
        ("command_presence_back", presence(false)),
        ("command_ping", Command::Ping),
        ("command_pong", Command::Pong),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let to = Address::Room(RoomId::LOBBY);
    let through = Through { through: cursor(7) };
    let joined = MemberJoined { n: 1, to, prev: 0, at: 1_767_225_500_000, member: mei(), room: None };
    let renamed = Renamed { n: 6, to, prev: 5, at: 1_767_225_620_000, member: tom("Tomás") };
    let left = MemberLeft { n: 7, to, prev: 6, at: 1_767_225_630_000, member: MemberId(2), room: None };
    let there = Address::Room(TASTING);
    let to_mei = Address::Member(MemberId(1));
    let at = 1_767_225_700_000;
    let created = RoomCreated {
        n: 8,
        to: there,
        prev: 0,
        at,
        author: MemberId(1),
        client_id: id(&"a".repeat(32)),
        room: tasting("Oolong, mostly."),
    };
    let room = Some(tasting("Oolong, mostly."));
    let told = MemberJoined { n: 9, to: to_mei, prev: 0, at, member: mei(), room };
    let changed = changed();
    let gone = MemberLeft { n: 13, to: to_mei, prev: 9, at, member: MemberId(1), room: Some(TASTING) };
    let reply = Reply { reference: 2, n: 5, seq: 3, at: 1_767_225_610_250, room: None };
    let made = Reply { reference: 3, n: 8, seq: 0, at, room: Some(TASTING) };
    vec![
        ("event_welcome", Event::Welcome(Box::new(welcome()))),
        ("event_welcome_back", Event::Welcome(Box::new(welcome_back()))),
        ("event_caught_up", Event::CaughtUp(through)),
        ("event_reply", Event::Reply(reply)),
        ("event_reply_room", Event::Reply(made)),
        ("event_error", Event::Error(Refusal::new(Some(2), ErrorCode::TextTooLong))),
        ("event_error_without_ref", Event::Error(Refusal::new(None, ErrorCode::Unparsable))),
        ("event_posted", Event::Posted(posted())),
        ("event_posted_passer_by", Event::Posted(posted_by_a_passer_by())),
        ("event_member_joined", Event::MemberJoined(joined)),
        ("event_renamed", Event::Renamed(renamed)),
        ("event_member_left", Event::MemberLeft(left)),
        ("event_room_created", Event::RoomCreated(created)),
        ("event_member_joined_told", Event::MemberJoined(told)),
        ("event_room_changed", Event::RoomChanged(changed.clone())),
        ("event_member_left_told", Event::MemberLeft(gone)),
        (
            "event_reset",
            Event::Reset(Box::new(Reset { reference: None, entry: Some(lobby(4, 2)), room: snapshot() })),
        ),
        ("event_rooms", Event::Rooms(Rooms { reference: 7, rooms: vec![found()], more: false })),
        ("event_history", Event::History(Box::new(history()))),
        (
            "event_events",
            Event::Events(Events {
                reference: 9,
                to: there,
                events: vec![Event::RoomChanged(changed)],
                more: true,
            }),
        ),
        ("event_here", Event::Here(Here { members: vec![tom("Tom")], as_of: 47, count: 2 })),
        ("event_here_counted", Event::Here(Here { members: vec![], as_of: 47, count: 201 })),
        ("event_away", Event::Away(Away { members: vec![mei()], as_of: 47, count: 2 })),
        ("event_gone", Event::Gone(Gone { members: vec![MemberId(2)], count: 1 })),
        ("event_present", Event::Present(present())),
        ("event_ping", Event::Ping(through)),
        ("event_pong", Event::Pong(through)),
        ("event_trace_handshake", traced(1_767_225_599_000, Seen::Handshake(Box::new(handshake())))),
        ("event_trace_frame", traced(1_767_225_599_400, Seen::Frame(hello_masked()))),
        ("event_trace_counted", traced(1_767_225_690_000, Seen::Counted(counted()))),
    ]
}

fn traced(at: u64, seen: Seen) -> Event {
    Event::Trace(Trace { at, seen })
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: Some(value.into()), length: value.len() as u64 }
}

fn handshake() -> Handshake {
    let upgrade = header("upgrade", "websocket");
    let request = RequestHead {
        method: "GET".into(),
        target: "/conn_ws?v=1&trace=1".into(),
        version: "HTTP/1.1".into(),
        headers: vec![
            header("connection", "Upgrade"),
            Header { name: "cookie".into(), value: None, length: 44 },
            header("host", "127.0.0.1:8080"),
            header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            header("sec-websocket-version", "13"),
            upgrade.clone(),
        ],
    };
    let accept = header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let response =
        ResponseHead { status: 101, headers: vec![header("connection", "upgrade"), accept, upgrade] };
    Handshake { request, response }
}

fn hello_masked() -> SeenFrame {
    let bytes = Frame::write(Opcode::Text, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]));
    let (header, payload) = bytes.split_at(6);
    SeenFrame { from: Side::Client, header: Bytes(header.into()), payload: Bytes(payload.into()) }
}

fn counted() -> Counted {
    let (client, server) = (Count { frames: 812, bytes: 60_210 }, Count { frames: 815, bytes: 184_032 });
    Counted { client, server }
}

fn tasting(description: &str) -> Room {
    Room { id: TASTING, name: "品茶".into(), description: description.into() }
}

fn changed() -> RoomChanged {
    RoomChanged {
        n: 11,
        to: Address::Room(TASTING),
        prev: 10,
        at: 1_767_225_700_000,
        author: MemberId(1),
        client_id: id(&"b".repeat(32)),
        room: tasting("Oolong and white teas."),
    }
}

fn found() -> FoundRoom {
    let Room { id, name, description } = tasting("Oolong, mostly.");
    FoundRoom { id, name, description, members: 1, joined: true }
}

fn history() -> History {
    History {
        reference: 8,
        room: RoomId::LOBBY,
        at: At::Before(5),
        messages: snapshot().messages,
        older: false,
        newer: true,
        authors: vec![mei()],
    }
}

fn posted() -> Posted {
    Posted {
        n: 5,
        to: Address::Room(RoomId::LOBBY),
        prev: 4,
        seq: 3,
        at: 1_767_225_610_250,
        author: MemberId(2),
        name: "Tom".into(),
        tag: None,
        client_id: id("77d0e1f2a3b4c5d6e7f8091a2b3c4d5e"),
        text: TEA.into(),
    }
}

fn posted_by_a_passer_by() -> Posted {
    Posted {
        n: 4,
        to: Address::Room(RoomId::LOBBY),
        prev: 3,
        seq: 2,
        at: 1_767_225_603_500,
        author: MemberId::PASSER_BY,
        name: String::new(),
        tag: Some(1),
        client_id: id("0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        text: "hello".into(),
    }
}

fn snapshot() -> RoomSnapshot {
    let first = Message {
        n: 3,
        seq: 1,
        at: 1_767_225_600_000,
        author: MemberId(1),
        name: "梅".into(),
        tag: None,
        client_id: id("4f1d2c3b4a5968778695a4b3c2d1e0ff"),
        text: "The kettle is on.".into(),
    };
    RoomSnapshot {
        room: RoomId::LOBBY,
        as_of: 4,
        last: 4,
        messages: vec![first, posted_by_a_passer_by().into_message()],
        older: false,
        authors: vec![mei()],
    }
}

fn lobby(last: u64, seq: u64) -> RoomEntry {
    let (name, description) = Default::default();
    RoomEntry { id: RoomId::LOBBY, name, description, members: 2, joined: 2, last, seq }
}

fn welcome() -> Welcome {
    Welcome {
        reference: 1,
        build: BUILD.into(),
        through: cursor(4),
        you: tom("Tom"),
        resumed: false,
        as_of: 4,
        rooms: vec![lobby(4, 2)],
        room: Some(snapshot()),
        present: vec![
            event::Presence { member: mei(), away: true },
            event::Presence { member: tom("Tom"), away: false },
        ],
        present_count: 2,
    }
}

fn welcome_back() -> Welcome {
    let Room { id, name, description } = tasting("Oolong, mostly.");
    let tasting = RoomEntry { id, name, description, members: 1, joined: 9, last: 10, seq: 0 };
    Welcome {
        reference: 1,
        build: BUILD.into(),
        through: cursor(4),
        you: mei(),
        resumed: true,
        as_of: 10,
        rooms: vec![RoomEntry { joined: 1, members: 1, ..lobby(7, 3) }, tasting],
        room: None,
        present: vec![event::Presence { member: mei(), away: false }],
        present_count: 1,
    }
}

fn present() -> event::Present {
    let members = vec![
        event::Presence { member: mei(), away: true },
        event::Presence { member: tom("Tom"), away: false },
    ];
    event::Present { members, as_of: 47, count: 2 }
}

fn bodies_me() -> Vec<(&'static str, Me)> {
    let me = |member| Me { member, build: BUILD.into() };
    vec![("api_me", me(Some(tom("Tom")))), ("api_me_nobody", me(None))]
}

fn bodies_name() -> Vec<(&'static str, Name)> {
    vec![("api_name", Name { name: "Tom".into() })]
}

fn bodies_problem() -> Vec<(&'static str, Problem)> {
    let taken = Problem { suggestion: Some("Tom 2".into()), ..Problem::new(409, ErrorCode::NameTaken) };
    let unread = Problem {
        detail: Some("`wait` in the address cannot be read.".into()),
        ..Problem::new(422, ErrorCode::BadField)
    };
    vec![
        ("api_problem", Problem::new(429, ErrorCode::TooManyRequests)),
        ("api_problem_detail", unread),
        ("api_problem_suggestion", taken),
    ]
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn golden(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json")))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The same JSON without the white space between its parts.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        let keep = in_string || !c.is_ascii_whitespace();
        if *c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && *c == '\\' && !escaped;
        keep
    });
    kept.collect()
}

fn agree<T: Serialize + DeserializeOwned + PartialEq + Debug>(all: &[(&str, T)]) {
    for (name, value) in all {
        let text = golden(name);
        assert_eq!(serde_json::to_string(value).unwrap(), compact(&text), "{name}: written");
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{name}: read");
    }
}

#[test]
fn what_is_written_is_the_file_and_the_file_is_read_as_what_wrote_it() {
    agree(&commands());
    agree(&events());
    agree(&bodies_me());
    agree(&bodies_name());
    agree(&bodies_problem());
    for (name, command) in commands() {
        assert_eq!(Command::parse(&golden(name)), Ok(command), "{name}");
    }
}

#[test]
fn white_space_is_dropped_outside_strings_only() {
    assert_eq!(compact("{ \"a b\" : [ 1,\n\t2 ] }"), "{\"a b\":[1,2]}");
    assert_eq!(compact(r#"[ "\" \\" , "\\\" x" ]"#), r#"["\" \\","\\\" x"]"#);
}

#[test]
fn every_file_is_of_use() {
    fn names<T>(all: Vec<(&'static str, T)>) -> impl Iterator<Item = &'static str> {
        all.into_iter().map(|(name, _)| name)
    }
    let bodies = names(bodies_me()).chain(names(bodies_name())).chain(names(bodies_problem()));
    let used: Vec<_> = names(commands()).chain(names(events())).chain(bodies).collect();
    let unique: BTreeSet<String> = used.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(unique.len(), used.len(), "a file is used twice");
    let entries = fs::read_dir(folder()).unwrap();
    let there = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(unique, there);
}

/// The variants of an enum as its source names them, as they are on the wire.
///
/// A `match` would be better, but `Event` is `#[non_exhaustive]`: from here it
/// could not do without a wildcard, which takes a new variant in silence.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let after = source.lines().skip_while(|line| *line != format!("pub enum {name} {{")).skip(1);
    let body = after.take_while(|line| *line != "}").map(str::trim);
    let variants = body.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants
        .map(|line| snake_case(line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap()))
        .collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn types<T>(all: Vec<(&str, T)>) -> BTreeSet<String> {
    let of =
        |name| serde_json::from_str::<Value>(&golden(name)).unwrap()["type"].as_str().unwrap().to_owned();
    all.into_iter().map(|(name, _)| of(name)).collect()
}

#[test]
fn every_variant_has_a_file() {
    assert_eq!(types(commands()), variants(include_str!("../src/command.rs"), "Command"));
    let mut told = types(events());
    // What a client makes of a type that it does not know: never sent.
    told.insert("unknown".into());
    told.insert("later".into());
    assert_eq!(told, variants(include_str!("../src/event.rs"), "Event"));
}

#[test]
fn an_event_of_a_newer_server_is_passed_over() {
    for frame in [
        r#"{"type":"reacted","n":8,"to":{"room":1},"prev":7,"emoji":"🍵","by":[1,2]}"#,
        r#"{"n":8,"type":"reacted"}"#,
        r#"{"type":"reacted"}"#,
    ] {
        let place =
            frame.contains("prev").then_some(Position { n: 8, to: Address::Room(RoomId::LOBBY), prev: 7 });
        let expected = place.map_or(Event::Unknown, Event::Later);
        assert_eq!(Event::parse(frame).unwrap(), expected, "{frame}");
        let among = format!(r#"{{"type":"events","ref":1,"to":{{"room":1}},"events":[{frame}]}}"#);
        let Ok(Event::Events(found)) = Event::parse(&among) else { panic!("{among}") };
        assert_eq!(found.events, [expected], "a client that fills a hole needs its place");
    }
}

#[test]
fn fields_of_a_newer_other_side_are_passed_over() {
    fn with_more(text: &str) -> String {
        text.replacen('{', r#"{"a_field_to_come":{"x":[1,{}]},"#, 1)
    }
    for (name, event) in events() {
        assert_eq!(serde_json::from_str::<Event>(&with_more(&golden(name))).unwrap(), event, "{name}");
    }
    for (name, command) in commands() {
        assert_eq!(Command::parse(&with_more(&golden(name))), Ok(command), "{name}");
    }
    let inside = golden("event_welcome").replace("\"as_of\"", "\"topic\": \"tea\", \"as_of\"");
    assert_eq!(serde_json::from_str::<Event>(&inside).unwrap(), Event::Welcome(Box::new(welcome())));
}

#[test]
fn each_field_of_an_event_is_read_and_none_is_there_twice() {
    for (name, _) in events() {
        let value: Value = serde_json::from_str(&golden(name)).unwrap();
        let fields = value.as_object().unwrap();
        for field in fields.keys() {
            let mut wrong = fields.clone();
            wrong[field] = (-1).into();
            let wrong = Value::Object(wrong).to_string();
            assert!(Event::parse(&wrong).is_err(), "{wrong}");
            let twice = golden(name).replacen('{', &format!("{{\"{field}\":{},", fields[field]), 1);
            assert!(Event::parse(&twice).is_err(), "{twice}");
        }
    }
}

#[test]
fn an_error_of_a_newer_server_keeps_its_number_and_whether_to_try_again() {
    let frame = r#"{"type":"error","ref":2,"code":1999,"name":"too_tired","temporary":true}"#;
    let event: Event = serde_json::from_str(frame).unwrap();
    let name = "too_tired".into();
    let refusal = Refusal { reference: Some(2), code: ErrorCode::Other(1999), name, temporary: true };
    assert_eq!(event, Event::Error(refusal));
    assert_eq!(serde_json::to_string(&event).unwrap(), frame);
}

#[test]
fn an_event_may_be_addressed_to_one_member() {
    let to = Address::Member(MemberId(7));
    assert_eq!(serde_json::to_string(&to).unwrap(), r#"{"member":7}"#);
    assert_eq!(serde_json::from_str::<Address>(r#"{"member":7}"#).unwrap(), to);
}
