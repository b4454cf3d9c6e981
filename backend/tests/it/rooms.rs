//! Rooms, resumed sessions, history and gaps, over real connections.

use crate::{socket::Socket, temp_folder::TempFolder, test_server::TestServer};
use shared::{
    Address, ClientId, Command, Cursor, ErrorCode, Event, RoomId,
    command::{EventsQuery, Hello, HistoryQuery, PageAnchor, Post, RoomCreate, RoomMove, RoomsQuery},
    event::Reply,
    limits::{REPLAY_EVENTS_MAX, TEXT_BYTES_MAX},
};

fn id(number: u64) -> ClientId {
    ClientId(u128::from(number).to_be_bytes())
}

fn post(reference: u64, room: RoomId, text: &str) -> Command {
    Command::Post(Post { reference, client_id: id(reference), room, text: text.to_owned() })
}

fn moved(reference: u64, room: RoomId) -> RoomMove {
    RoomMove { reference, client_id: id(reference), room }
}

async fn reply(socket: &mut Socket, command: &Command) -> Reply {
    socket.command(command).await;
    loop {
        match socket.event().await {
            Event::Reply(reply) => return reply,
            Event::Error(refusal) => panic!("{command:?}: {refusal:?}"),
            _ => {}
        }
    }
}

async fn make(socket: &mut Socket, reference: u64, name: &str) -> RoomId {
    let (name, description) = (name.to_owned(), String::new());
    let create = RoomCreate { reference, client_id: id(reference), name, description };
    reply(socket, &Command::RoomCreate(create)).await.room.unwrap()
}

/// Resumes with this cursor. Returns the events up to `caught_up`, or up to `welcome` if the session was not
/// resumed.
async fn come_back(server: &TestServer, cookie: &str, cursor: Cursor) -> (Socket, Vec<Event>) {
    let mut socket = server.open_v1_socket(cookie).await;
    let hello = Hello { reference: 1, build: "test".into(), cursor: Some(cursor), held: vec![], room: None };
    socket.command(&Command::Hello(hello)).await;
    let mut events = Vec::new();
    loop {
        let event = socket.event().await;
        let is_last = match &event {
            Event::Welcome(welcome) => !welcome.resumed,
            Event::CaughtUp(_) => true,
            _ => false,
        };
        events.push(event);
        if is_last {
            return (socket, events);
        }
    }
}

fn texts(events: &[Event]) -> Vec<&str> {
    let texts = events.iter().filter_map(|event| match event {
        Event::Posted(posted) => Some(posted.text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn a_post_reaches_only_members_of_its_room() {
    let server = TestServer::start();
    let (mut wei, mut lin) = (server.join_and_open("Wei").await, server.join_and_open("Lin").await);
    let room = make(&mut wei, 2, "品茶").await;
    reply(&mut wei, &post(3, room, "for this room")).await;
    reply(&mut wei, &post(4, RoomId::LOBBY, "for all")).await;
    let mut events = Vec::new();
    while texts(&events).is_empty() {
        events.push(lin.event().await);
    }
    assert_eq!(texts(&events), ["for all"]);
    lin.command(&Command::Rooms(RoomsQuery { reference: 5, find: "茶".into(), after: None })).await;
    let Event::Rooms(found) = lin.event().await else { panic!() };
    assert_eq!((found.rooms[0].id, found.rooms[0].members, found.rooms[0].joined), (room, 1, false));
    reply(&mut lin, &Command::RoomJoin(moved(6, room))).await;
    reply(&mut wei, &post(7, room, "welcome")).await;
    let Event::Posted(posted) = lin.event().await else { panic!() };
    assert_eq!((posted.to, &*posted.text, posted.seq), (Address::Room(room), "welcome", 2));
    reply(&mut lin, &Command::RoomLeave(moved(8, room))).await;
    reply(&mut wei, &post(9, room, "gone?")).await;
    lin.command(&post(10, room, "still here?")).await;
    let Event::Error(refusal) = lin.event().await else { panic!() };
    assert_eq!(refusal.code, ErrorCode::RoomUnknown);
}

#[tokio::test]
async fn a_second_session_is_subscribed_when_its_member_joins_a_room() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut first = server.open_v1_socket(&cookie).await;
    let mut second = server.open_v1_socket(&cookie).await;
    for socket in [&mut first, &mut second] {
        socket.command(&crate::test_server::hello(1)).await;
        assert!(matches!(socket.event().await, Event::Welcome(_)));
    }
    let room = make(&mut first, 2, "a").await;
    let Event::MemberJoined(own) = second.event().await else { panic!() };
    assert_eq!(own.room.unwrap().id, room);
    let Event::RoomCreated(created) = second.event().await else { panic!() };
    assert_eq!((created.to, created.n, created.prev), (Address::Room(room), own.n + 1, 0));
    let Event::MemberJoined(joined) = second.event().await else { panic!() };
    assert_eq!((joined.to, joined.prev), (Address::Room(room), created.n));
}

#[tokio::test]
async fn missed_events_come_before_newer_ones() {
    let folder = TempFolder::new();
    let server = TestServer::with_options(folder.server_options());
    let cookie = server.join("Lin").await;
    let mut wei = server.join_and_open("Wei").await;
    let mut lin = server.open_v1_socket(&cookie).await;
    lin.command(&crate::test_server::hello(1)).await;
    let Event::Welcome(welcome) = lin.event().await else { panic!() };
    drop(lin);
    for number in 10..30 {
        reply(&mut wei, &post(number, RoomId::LOBBY, &number.to_string())).await;
    }
    let (mut lin, events) = come_back(&server, &cookie, welcome.through).await;
    let expected: Vec<_> = (10..30).map(|number| number.to_string()).collect();
    assert_eq!(texts(&events), expected);
    let Some(Event::CaughtUp(caught_up)) = events.last() else { panic!() };
    reply(&mut wei, &post(30, RoomId::LOBBY, "now")).await;
    let Event::Posted(posted) = lin.event().await else { panic!() };
    assert_eq!(posted.prev, caught_up.through.n, "nothing is missing between");
}

#[tokio::test]
async fn a_session_is_resumed_after_a_restart() {
    let folder = TempFolder::new();
    let server = TestServer::with_options(folder.server_options());
    let cookie = server.join("Lin").await;
    let mut lin = server.open_v1_socket(&cookie).await;
    lin.command(&crate::test_server::hello(1)).await;
    let Event::Welcome(welcome) = lin.event().await else { panic!() };
    let room = make(&mut lin, 2, "a").await;
    let receipt = reply(&mut lin, &post(3, room, "before")).await;
    drop(lin);
    tokio::task::spawn_blocking(move || server.shut_down().unwrap()).await.unwrap();
    let server = TestServer::with_options(folder.server_options());
    let (mut lin, events) = come_back(&server, &cookie, welcome.through).await;
    let Event::Welcome(again) = &events[0] else { panic!() };
    assert_eq!((again.through.epoch, again.resumed), (welcome.through.epoch, true));
    assert_eq!((again.rooms[1].id, again.rooms[1].seq), (room, 1), "the cookie, the member and the room");
    assert_eq!(texts(&events), [""; 0], "what was before the joining is in the room's history");
    let retried = reply(&mut lin, &post(3, room, "before")).await;
    assert_eq!((retried.n, retried.seq), (receipt.n, 1), "a retry is known after a restart");
}

#[tokio::test]
async fn a_room_is_reset_when_too_many_events_were_missed() {
    let folder = TempFolder::new();
    let mut options = folder.server_options();
    options.config.limit_posts = 0;
    let server = TestServer::with_options(options);
    let cookie = server.join("Lin").await;
    let mut wei = server.join_and_open("Wei").await;
    let mut lin = server.open_v1_socket(&cookie).await;
    lin.command(&crate::test_server::hello(1)).await;
    let Event::Welcome(welcome) = lin.event().await else { panic!() };
    drop(lin);
    let count = REPLAY_EVENTS_MAX as u64 + 1;
    for number in 0..count {
        wei.command(&post(10 + number, RoomId::LOBBY, &number.to_string())).await;
    }
    let mut replies = 0;
    while replies < count {
        replies += u64::from(matches!(wei.event().await, Event::Reply(_)));
    }
    let (mut lin, events) = come_back(&server, &cookie, welcome.through).await;
    let Some(Event::Reset(reset)) = events.iter().find(|event| matches!(event, Event::Reset(_))) else {
        panic!("{events:?}")
    };
    let mut seqs: Vec<u64> = reset.room.messages.iter().map(|message| message.seq).collect();
    let mut before = reset.room.messages[0].n;
    let mut older = reset.room.older;
    while older {
        let history = HistoryQuery { reference: 9, room: RoomId::LOBBY, at: PageAnchor::Before(before) };
        lin.command(&Command::History(history)).await;
        let Event::History(page) = lin.event().await else { panic!() };
        seqs.splice(0..0, page.messages.iter().map(|message| message.seq));
        before = page.messages[0].n;
        older = page.older;
    }
    assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_gap_is_filled_on_request() {
    let server = TestServer::start();
    let mut wei = server.join_and_open("Wei").await;
    for number in 2..6 {
        reply(&mut wei, &post(number, RoomId::LOBBY, &number.to_string())).await;
    }
    let to = Address::Room(RoomId::LOBBY);
    wei.command(&Command::Events(EventsQuery { reference: 9, to, after: 3 })).await;
    let Event::Events(found) = wei.event().await else { panic!() };
    assert_eq!((texts(&found.events), found.more), (vec!["4", "5"], false));
}

#[tokio::test]
async fn a_client_that_catches_up_slowly_stays_connected() {
    let folder = TempFolder::new();
    let mut options = folder.server_options();
    options.config.limit_posts = 0;
    let server = TestServer::with_options(options);
    let cookie = server.join("Lin").await;
    let mut wei = server.join_and_open("Wei").await;
    let rooms = [make(&mut wei, 2, "a").await, make(&mut wei, 3, "b").await, make(&mut wei, 4, "c").await];
    let mut lin = server.open_v1_socket(&cookie).await;
    lin.command(&crate::test_server::hello(1)).await;
    assert!(matches!(lin.event().await, Event::Welcome(_)));
    for (number, room) in rooms.iter().enumerate() {
        reply(&mut lin, &Command::RoomJoin(moved(20 + number as u64, *room))).await;
    }
    lin.command(&Command::Ping).await;
    let through = loop {
        if let Event::Pong(pong) = lin.event().await {
            break pong.through;
        }
    };
    drop(lin);
    // Less in each room than a replay may hold. JSON escapes each character as six bytes, so that all rooms
    // together have 17 MB of frames: more than the kernel's buffers hold.
    let text = "\u{1}".repeat(TEXT_BYTES_MAX);
    let each = 60;
    for number in 0..3 * each {
        let room = rooms[usize::try_from(number % 3).unwrap()];
        reply(&mut wei, &post(100 + number, room, &text)).await;
    }
    let mut slow = server.open_v1_socket(&cookie).await;
    let hello = Hello { reference: 1, build: "test".into(), cursor: Some(through), held: vec![], room: None };
    slow.command(&Command::Hello(hello)).await;
    // Behind the welcome all posts are buffered. Posts before the attach would count to the replay of the
    // lobby, and too many of them would reset it.
    let Event::Welcome(welcome) = slow.event().await else { panic!() };
    assert!(welcome.resumed);
    // The client reads nothing now, so its replay cannot end. Post more than can be buffered, but less than
    // a replay may hold.
    let late = 16;
    for number in 0..late {
        reply(&mut wei, &post(500 + number, RoomId::LOBBY, &text)).await;
    }
    // The server answers behind everything that this client has missed.
    slow.command(&Command::Ping).await;
    let (mut positions, mut caught_up) = (Vec::new(), 0);
    loop {
        match slow.event().await {
            Event::Posted(event) => positions.push(event.n),
            Event::CaughtUp(_) => caught_up += 1,
            Event::Reset(_) => panic!("no room missed too much"),
            Event::Pong(_) => break,
            _ => {}
        }
    }
    assert_eq!(positions.len() as u64, 3 * each + late);
    assert!(positions.is_sorted_by(|a, b| a < b), "each once, in order");
    assert_eq!(caught_up, 2, "the buffer overflowed, and the session was attached once more");
}
