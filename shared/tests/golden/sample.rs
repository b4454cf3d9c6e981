//! The value of each file.

use shared::{
    Address, ClientId, Command, Cursor, Epoch, ErrorCode, Event, Member, MemberId, Message, Room, RoomId,
    api::{JoinRequest, Me, NameRequest, Problem},
    command::{self, Hello, PageAnchor, Post, RoomChange, RoomCreate, RoomMove},
    event::{
        self, Away, DirectoryRoom, EventFrame, EventsPage, Gone, Here, HistoryPage, MemberJoined, MemberLeft,
        Position, Posted, ReadMarker, Refusal, Renamed, Reply, Reset, RoomArchived, RoomChanged, RoomCreated,
        RoomEntry, RoomMarker, RoomSnapshot, RoomsPage, Through, Trace, Welcome,
        trace::{
            ByteCounts, DirectionCount, Handshake, HeaderField, HexBytes, RequestHead, ResponseHead,
            TraceItem, TracedFrame,
        },
    },
    websocket::{Frame, Opcode, Side},
};

const BUILD: &str = "210afd03ccc57856";
const TASTING: RoomId = RoomId(2);
const TEA: &str = "早上好! \"Longjing\", please.\nAnd a cup for 梅.";

fn id(text: &str) -> ClientId {
    text.parse().unwrap()
}

fn marked_cursor(n: u64) -> Cursor {
    Cursor { mark: Some(0x5d3c_0a91), ..cursor(n) }
}

fn cursor(n: u64) -> Cursor {
    Cursor::new(Epoch(0x9c1f_0a5b_e2d4_7386), n)
}

fn mei() -> Member {
    Member { id: MemberId(1), name: "梅".into() }
}

fn tom(name: &str) -> Member {
    Member { id: MemberId(2), name: name.into() }
}

pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    let hello =
        |cursor, held, room| Command::Hello(Hello { reference: 1, build: BUILD.into(), cursor, held, room });
    let presence = |away| Command::Presence(command::PresenceReport { away });
    let client_id = id("77d0e1f2a3b4c5d6e7f8091a2b3c4d5e");
    let moved =
        |reference, letter: &str| RoomMove { reference, client_id: id(&letter.repeat(32)), room: TASTING };
    let history =
        |reference, at| Command::History(command::HistoryQuery { reference, room: RoomId::LOBBY, at });
    vec![
        ("command_hello", hello(None, vec![], None)),
        ("command_hello_again", hello(Some(cursor(4)), vec![], Some(TASTING))),
        ("command_hello_held", hello(Some(marked_cursor(4)), vec![marked_cursor(7)], Some(TASTING))),
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
        ("command_room_archive", Command::RoomArchive(moved(10, "e"))),
        ("command_room_restore", Command::RoomRestore(moved(11, "f"))),
        (
            "command_rooms",
            Command::Rooms(command::RoomsQuery {
                reference: 7,
                find: "茶".into(),
                after: Some(RoomId::LOBBY),
            }),
        ),
        ("command_history_newest", history(8, PageAnchor::Newest)),
        ("command_history_before", history(8, PageAnchor::Before(5))),
        ("command_history_after", history(8, PageAnchor::After(5))),
        ("command_history_around", history(8, PageAnchor::Around(5))),
        ("command_history_date", history(8, PageAnchor::Date(1_767_225_600_000))),
        (
            "command_events",
            Command::Events(command::EventsQuery { reference: 9, to: Address::Room(TASTING), after: 10 }),
        ),
        (
            "command_mark_read",
            Command::MarkRead(command::MarkRead { reference: 12, room: RoomId::LOBBY, n: 4 }),
        ),
        ("command_presence_away", presence(true)),
        ("command_presence_back", presence(false)),
        ("command_ping", Command::Ping),
        ("command_pong", Command::Pong),
    ]
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let to = Address::Room(RoomId::LOBBY);
    let through = Through { through: cursor(7) };
    let joined = MemberJoined {
        n: 1,
        to,
        prev: 0,
        at: 1_767_225_500_000,
        member: mei(),
        by: None,
        room: None,
        members: None,
    };
    let renamed = Renamed { n: 6, to, prev: 5, at: 1_767_225_620_000, member: tom("Tomás") };
    let left =
        MemberLeft { n: 7, to, prev: 6, at: 1_767_225_630_000, member: MemberId(2), by: None, room: None };
    let tasting_room = Address::Room(TASTING);
    let to_mei = Address::Member(MemberId(1));
    let at = 1_767_225_700_000;
    let created = RoomCreated {
        n: 9,
        to: tasting_room,
        prev: 0,
        at,
        author: MemberId(1),
        client_id: id(&"a".repeat(32)),
        room: tasting("Oolong, mostly."),
    };
    let room = Some(tasting("Oolong, mostly."));
    let own_joined =
        MemberJoined { n: 8, to: to_mei, prev: 0, at, member: mei(), by: None, room, members: Some(1) };
    let changed = changed();
    let own_left =
        MemberLeft { n: 13, to: to_mei, prev: 8, at, member: MemberId(1), by: None, room: Some(TASTING) };
    let removed = MemberLeft {
        n: 14,
        to: tasting_room,
        prev: 12,
        at,
        member: MemberId(2),
        by: Some(MemberId(1)),
        room: None,
    };
    let reply = Reply { reference: 2, n: 5, seq: 3, at: 1_767_225_610_250, room: None };
    let room_reply = Reply { reference: 3, n: 9, seq: 0, at, room: Some(TASTING) };
    let error_with_detail = Refusal {
        detail: Some("`room` in the command cannot be read.".into()),
        ..Refusal::new(Some(2), ErrorCode::BadField)
    };
    vec![
        ("event_welcome", Event::Welcome(Box::new(welcome()))),
        ("event_welcome_back", Event::Welcome(Box::new(welcome_back()))),
        ("event_welcome_rolled_back", Event::Welcome(Box::new(welcome_rolled_back()))),
        ("event_caught_up", Event::CaughtUp(through)),
        ("event_reply", Event::Reply(reply)),
        ("event_reply_room", Event::Reply(room_reply)),
        ("event_error", Event::Error(Refusal::new(Some(2), ErrorCode::TextTooLong))),
        ("event_error_detail", Event::Error(error_with_detail)),
        ("event_error_without_ref", Event::Error(Refusal::new(None, ErrorCode::Unparsable))),
        ("event_posted", Event::Posted(posted())),
        ("event_posted_passer_by", Event::Posted(posted_by_a_passer_by())),
        ("event_member_joined", Event::MemberJoined(joined)),
        ("event_renamed", Event::Renamed(renamed)),
        ("event_member_left", Event::MemberLeft(left)),
        ("event_room_created", Event::RoomCreated(created)),
        ("event_member_joined_told", Event::MemberJoined(own_joined)),
        ("event_room_changed", Event::RoomChanged(changed.clone())),
        ("event_member_left_told", Event::MemberLeft(own_left)),
        ("event_member_left_by", Event::MemberLeft(removed)),
        ("event_room_archived", Event::RoomArchived(archived(15, 14, "e"))),
        ("event_room_restored", Event::RoomRestored(archived(16, 15, "f"))),
        ("event_unreadable", Event::UnknownDurable(Position { n: 12, to: tasting_room, prev: 11 })),
        (
            "event_reset",
            Event::Reset(Box::new(Reset {
                reference: None,
                entry: Some(lobby(4, 2)),
                room: snapshot(),
                held: Some(marked_cursor(4)),
            })),
        ),
        ("event_rooms", Event::Rooms(RoomsPage { reference: 7, rooms: vec![found()], more: false })),
        ("event_history", Event::History(Box::new(history()))),
        (
            "event_events",
            Event::Events(EventsPage {
                reference: 9,
                to: tasting_room,
                events: vec![Event::RoomChanged(changed)],
                more: true,
            }),
        ),
        ("event_read_marker", Event::ReadMarker(room_marker(Some(12), 1))),
        ("event_read_marker_moved", Event::ReadMarker(room_marker(None, 1))),
        ("event_here", Event::Here(Here { members: vec![tom("Tom")], as_of: 47, count: 2 })),
        ("event_here_counted", Event::Here(Here { members: vec![], as_of: 47, count: 201 })),
        ("event_away", Event::Away(Away { members: vec![mei()], as_of: 47, count: 2 })),
        ("event_gone", Event::Gone(Gone { members: vec![MemberId(2)], count: 1 })),
        ("event_present", Event::Present(present())),
        ("event_ping", Event::Ping(through)),
        ("event_pong", Event::Pong(through)),
        ("event_ping_marked", Event::Ping(Through { through: marked_cursor(7) })),
        ("event_trace_handshake", traced(1_767_225_599_000, TraceItem::Handshake(Box::new(handshake())))),
        ("event_trace_frame", traced(1_767_225_599_400, TraceItem::Frame(hello_masked()))),
        ("event_trace_counted", traced(1_767_225_690_000, TraceItem::Counted(counted()))),
    ]
}

fn traced(at: u64, seen: TraceItem) -> Event {
    Event::Trace(Trace { at, seen })
}

fn header(name: &str, value: &str) -> HeaderField {
    HeaderField { name: name.into(), sent_name: None, value: Some(value.into()), length: value.len() as u64 }
}

/// A header of a request, with its name as the browser wrote it.
fn sent_header(sent_name: &str, value: &str) -> HeaderField {
    HeaderField { sent_name: Some(sent_name.into()), ..header(&sent_name.to_lowercase(), value) }
}

fn handshake() -> Handshake {
    let request = RequestHead {
        method: "GET".into(),
        target: "/conn_ws?v=1&trace=1".into(),
        version: "HTTP/1.1".into(),
        headers: vec![
            sent_header("Connection", "Upgrade"),
            HeaderField { value: None, length: 44, ..sent_header("Cookie", "") },
            sent_header("Host", "127.0.0.1:8080"),
            sent_header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            sent_header("Sec-WebSocket-Version", "13"),
            sent_header("Upgrade", "websocket"),
        ],
    };
    let accept = header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let response = ResponseHead {
        status: 101,
        headers: vec![header("connection", "upgrade"), accept, header("upgrade", "websocket")],
    };
    Handshake { request, response }
}

fn hello_masked() -> TracedFrame {
    let bytes = Frame::write(Opcode::Text, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]));
    let (header, payload) = bytes.split_at(6);
    TracedFrame { from: Side::Client, header: HexBytes(header.into()), payload: HexBytes(payload.into()) }
}

fn counted() -> ByteCounts {
    let (client, server) =
        (DirectionCount { frames: 812, bytes: 60_210 }, DirectionCount { frames: 815, bytes: 184_032 });
    ByteCounts { client, server }
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

fn archived(n: u64, prev: u64, letter: &str) -> RoomArchived {
    let (to, at, author) = (Address::Room(TASTING), 1_767_225_700_000, MemberId(1));
    RoomArchived { n, to, prev, at, author, client_id: id(&letter.repeat(32)) }
}

fn found() -> DirectoryRoom {
    let Room { id, name, description } = tasting("Oolong, mostly.");
    DirectoryRoom { id, name, description, members: 1, joined: true }
}

fn history() -> HistoryPage {
    HistoryPage {
        reference: 8,
        room: RoomId::LOBBY,
        at: PageAnchor::Before(5),
        messages: snapshot().messages,
        older: false,
        newer: true,
        authors: vec![mei()],
    }
}

pub(crate) fn posted() -> Posted {
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
    RoomEntry { id: RoomId::LOBBY, name, description, members: 2, joined: 2, last, seq, marker: None }
}

pub(crate) fn welcome() -> Welcome {
    Welcome {
        reference: 1,
        build: BUILD.into(),
        through: cursor(4),
        you: tom("Tom"),
        resumed: false,
        rolled_back: false,
        as_of: 4,
        rooms: vec![RoomEntry { marker: Some(marker(Some(1))), ..lobby(4, 2) }],
        room: Some(snapshot()),
        present: vec![
            event::Presence { member: mei(), away: true },
            event::Presence { member: tom("Tom"), away: false },
        ],
        present_count: 2,
    }
}

/// The client's cursor was lost with a roll-back of the log.
fn welcome_rolled_back() -> Welcome {
    Welcome { through: marked_cursor(4), rolled_back: true, ..welcome() }
}

fn welcome_back() -> Welcome {
    let Room { id, name, description } = tasting("Oolong, mostly.");
    let tasting = RoomEntry { id, name, description, members: 1, joined: 10, last: 10, seq: 0, marker: None };
    Welcome {
        reference: 1,
        build: BUILD.into(),
        through: cursor(4),
        you: mei(),
        resumed: true,
        rolled_back: false,
        as_of: 10,
        rooms: vec![RoomEntry { joined: 1, members: 1, marker: Some(marker(None)), ..lobby(7, 3) }, tasting],
        room: None,
        present: vec![event::Presence { member: mei(), away: false }],
        present_count: 1,
    }
}

/// The first message of the lobby is read.
fn marker(unread: Option<u32>) -> ReadMarker {
    ReadMarker { n: 3, read_to: 1, version: 5, unread }
}

fn room_marker(reference: Option<u64>, unread: u32) -> RoomMarker {
    let marker = ReadMarker { n: 4, read_to: 2, version: 6, unread: Some(unread) };
    RoomMarker { reference, room: RoomId::LOBBY, seq: 3, marker }
}

fn present() -> event::Present {
    let members = vec![
        event::Presence { member: mei(), away: true },
        event::Presence { member: tom("Tom"), away: false },
    ];
    event::Present { members, as_of: 47, count: 2 }
}

/// Frames that tell a mark.
pub(crate) fn frames() -> Vec<(&'static str, EventFrame)> {
    let frame = |event: Event, n: u64| {
        let EventFrame { mark, held, .. } = EventFrame::published(&event, Some(marked_cursor(n)));
        EventFrame { event, mark, held }
    };
    let left = MemberLeft {
        n: 13,
        to: Address::Room(TASTING),
        prev: 11,
        at: 1_767_225_720_000,
        member: MemberId(2),
        by: None,
        room: None,
    };
    let reply = Reply { reference: 2, n: 5, seq: 3, at: 1_767_225_610_250, room: None };
    vec![
        ("event_posted_marked", frame(Event::Posted(posted()), 5)),
        ("event_member_left_held", frame(Event::MemberLeft(left), 14)),
        ("event_reply_held", frame(Event::Reply(reply), 7)),
    ]
}

pub(crate) fn bodies_me() -> Vec<(&'static str, Me)> {
    let me = |member| Me { member, build: BUILD.into() };
    vec![("api_me", me(Some(tom("Tom")))), ("api_me_nobody", me(None))]
}

pub(crate) fn bodies_join() -> Vec<(&'static str, JoinRequest)> {
    let join_key = Some(id("7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d"));
    vec![("api_join", JoinRequest { name: "Tom".into(), join_key })]
}

pub(crate) fn bodies_name() -> Vec<(&'static str, NameRequest)> {
    vec![("api_name", NameRequest { name: "Tom".into() })]
}

pub(crate) fn bodies_problem() -> Vec<(&'static str, Problem)> {
    let taken = Problem { suggestion: Some("Tom 2".into()), ..Problem::new(409, ErrorCode::NameTaken) };
    let unread = Problem {
        detail: Some("`wait` in the address cannot be read.".into()),
        ..Problem::new(422, ErrorCode::BadField)
    };
    vec![
        ("api_problem", Problem::new(429, ErrorCode::TooManyRequests)),
        ("api_problem_detail", unread),
        (
            "api_problem_retry",
            Problem { retry_after: Some(12), ..Problem::new(429, ErrorCode::TooManyRequests) },
        ),
        ("api_problem_suggestion", taken),
    ]
}
