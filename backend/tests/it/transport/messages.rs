//! Connecting, posting, rooms, history, presence and limits.

use super::client::{Client, Transport};
use crate::test_server::TestServer;
use shared::{
    Address, ClientId, Command, ErrorCode, Event, RoomId,
    command::{HistoryQuery, MarkRead, PageAnchor, Post, RoomCreate, RoomMove, RoomsQuery},
    event::{ReadMarker, Reply},
    limits::{HISTORY_MESSAGES, NAME_CHARS_MAX, TEXT_BYTES_MAX},
};

/// The client id of a command with this number. A retry has the same number.
fn id(number: u64) -> ClientId {
    ClientId(u128::from(number).to_be_bytes())
}

pub(super) fn post(number: u64, room: RoomId, text: &str) -> Command {
    Command::Post(Post { reference: number, client_id: id(number), room, text: text.to_owned() })
}

pub(super) fn room_create(number: u64, name: &str) -> Command {
    let (name, description) = (name.to_owned(), String::new());
    Command::RoomCreate(RoomCreate { reference: number, client_id: id(number), name, description })
}

pub(super) fn room_move(number: u64, room: RoomId) -> RoomMove {
    RoomMove { reference: number, client_id: id(number), room }
}

pub(super) async fn reply(client: &mut Client, command: &Command) -> Reply {
    match client.request(command).await {
        Ok(Event::Reply(reply)) => reply,
        other => panic!("{command:?}: {other:?}"),
    }
}

/// Posts these numbers to a room. Returns the position of the last post.
pub(super) async fn post_numbers(client: &mut Client, room: RoomId, numbers: std::ops::Range<u64>) -> u64 {
    let mut last = 0;
    for number in numbers {
        last = reply(client, &post(number, room, &number.to_string())).await.n;
    }
    last
}

/// The texts that [`post_numbers`] posts.
pub(super) fn number_texts(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

pub(super) async fn a_new_member_is_welcomed_and_gets_posts(transport: Transport) {
    let server = TestServer::start();
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut wei = Client::connect(&server, transport, &wei).await;
    let first = reply(&mut wei, &post(2, RoomId::LOBBY, "茶好了")).await;
    let mut lin = Client::connect(&server, transport, &lin).await;
    let room = lin.welcome.room.as_ref().unwrap();
    assert_eq!((&*lin.welcome.you.name, &*room.messages[0].text), ("Lin", "茶好了"));
    let second = reply(&mut lin, &post(3, RoomId::LOBBY, "thanks")).await;
    assert_eq!((first.seq, second.seq), (1, 2));
    let Event::Posted(posted) = lin.event().await else { panic!() };
    assert_eq!((posted.n, posted.prev, &*posted.text), (second.n, first.n, "thanks"));
    assert_eq!(wei.next_texts(2).await, ["茶好了", "thanks"], "its own too");
    // A retry gets the first reply, and is published to nobody.
    assert_eq!(reply(&mut lin, &post(3, RoomId::LOBBY, "thanks")).await, second);
    reply(&mut lin, &post(4, RoomId::LOBBY, "more")).await;
    assert_eq!(wei.next_texts(1).await, ["more"]);
}

pub(super) async fn a_read_marker_is_told_to_every_session(transport: Transport) {
    let server = TestServer::start();
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut here = Client::connect(&server, transport, &wei).await;
    let mut there = Client::connect(&server, transport, &wei).await;
    let mut lin = Client::connect(&server, transport, &lin).await;
    let first = reply(&mut lin, &post(2, RoomId::LOBBY, "one")).await;
    reply(&mut lin, &post(3, RoomId::LOBBY, "two")).await;
    let mark = Command::MarkRead(MarkRead { reference: 4, room: RoomId::LOBBY, n: first.n });
    let Ok(Event::ReadMarker(answer)) = here.request(&mark).await else { panic!() };
    let wanted = ReadMarker { n: first.n, read_to: 1, version: 1, unread: Some(1) };
    assert_eq!((answer.room, answer.seq, answer.marker), (RoomId::LOBBY, 2, wanted));
    let told = loop {
        if let Event::ReadMarker(told) = there.event().await {
            break told;
        }
    };
    // A marker that moved between two polls is told without the number.
    let polls = matches!(transport, Transport::LongPolls | Transport::Polls);
    let unread = told.marker.unread.or(polls.then_some(1));
    assert_eq!((told.reference, ReadMarker { unread, ..told.marker }), (None, wanted));
    // The marker outlasts the session.
    let later = Client::connect(&server, transport, &wei).await;
    assert_eq!(later.welcome.rooms[0].marker, Some(wanted));
    let elsewhere = Command::MarkRead(MarkRead { reference: 5, room: RoomId(77), n: 1 });
    assert_eq!(here.request(&elsewhere).await, Err(ErrorCode::RoomUnknown));
}

pub(super) async fn a_post_stays_in_its_room(transport: Transport) {
    let server = TestServer::start();
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let (mut wei, mut lin) =
        (Client::connect(&server, transport, &wei).await, Client::connect(&server, transport, &lin).await);
    let room = reply(&mut wei, &room_create(2, "品茶")).await.room.unwrap();
    reply(&mut wei, &post(3, room, "for this room")).await;
    reply(&mut wei, &post(4, RoomId::LOBBY, "for all")).await;
    assert_eq!(lin.next_texts(1).await, ["for all"]);
    let rooms = Command::Rooms(RoomsQuery { reference: 5, find: "茶".into(), after: None });
    let Ok(Event::Rooms(found)) = lin.request(&rooms).await else { panic!() };
    assert_eq!((found.rooms[0].id, found.rooms[0].members, found.rooms[0].joined), (room, 1, false));
    reply(&mut lin, &Command::RoomJoin(room_move(6, room))).await;
    let Event::MemberJoined(own) = lin.event().await else { panic!() };
    assert_eq!(own.room.unwrap().id, room);
    let Event::MemberJoined(joined) = lin.event().await else { panic!() };
    assert_eq!(joined.to, Address::Room(room));
    reply(&mut wei, &post(7, room, "welcome")).await;
    let Event::Posted(posted) = lin.event().await else { panic!() };
    assert_eq!((posted.to, posted.prev, posted.seq), (Address::Room(room), joined.n, 2));
    reply(&mut lin, &Command::RoomLeave(room_move(8, room))).await;
    reply(&mut wei, &post(9, room, "gone?")).await;
    reply(&mut wei, &post(10, RoomId::LOBBY, "all again")).await;
    assert_eq!(lin.next_texts(1).await, ["all again"]);
    assert_eq!(lin.request(&post(11, room, "still here?")).await, Err(ErrorCode::RoomUnknown));
    // A client that connects with this room open gets its snapshot.
    let wei = wei.caller.cookie.clone();
    let again = Client::resume(&server, transport, &wei, None, Some(room)).await.unwrap();
    assert_eq!(again.welcome.room.as_ref().unwrap().room, room);
}

pub(super) async fn history_is_read_page_by_page(transport: Transport) {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut wei = Client::connect(&server, transport, &server.join("Wei").await).await;
    let count = HISTORY_MESSAGES as u64 + 1;
    post_numbers(&mut wei, RoomId::LOBBY, 0..count).await;
    let mut messages = Vec::new();
    let mut at = PageAnchor::Newest;
    loop {
        let query = Command::History(HistoryQuery { reference: 2, room: RoomId::LOBBY, at });
        let Ok(Event::History(page)) = wei.request(&query).await else { panic!() };
        messages.splice(0..0, page.messages.iter().map(|message| message.text.clone()));
        if !page.older {
            break;
        }
        at = PageAnchor::Before(page.messages[0].n);
    }
    assert_eq!(messages, number_texts(0..count));
}

pub(super) async fn two_sessions_of_a_member_get_the_same_events(transport: Transport) {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut tabs = [
        Client::connect(&server, transport, &cookie).await,
        Client::connect(&server, transport, &cookie).await,
    ];
    let room = reply(&mut tabs[0], &room_create(2, "a")).await.room.unwrap();
    reply(&mut tabs[1], &post(3, room, "from the other")).await;
    for tab in &mut tabs {
        let Event::MemberJoined(joined) = tab.event().await else { panic!() };
        assert_eq!(joined.room.unwrap().id, room);
        assert_eq!(tab.next_texts(1).await, ["from the other"]);
    }
}

/// Reads until a member is reported as here, away or gone.
async fn wait_for_presence(client: &mut Client, sought: &str) {
    loop {
        let changes: Vec<String> = match client.next_item().await.unwrap() {
            Event::Here(here) => here.members.iter().map(|it| format!("here {}", it.name)).collect(),
            Event::Away(away) => away.members.iter().map(|it| format!("away {}", it.name)).collect(),
            Event::Gone(gone) => gone.members.iter().map(|it| format!("gone {}", it.0)).collect(),
            Event::Present(present) => {
                let state = |away| if away { "away" } else { "here" };
                present.members.iter().map(|it| format!("{} {}", state(it.away), it.member.name)).collect()
            }
            _ => continue,
        };
        if changes.iter().any(|changes| changes == sought) {
            return;
        }
    }
}

pub(super) async fn presence_is_published(transport: Transport) {
    let server = TestServer::start();
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut watcher = Client::connect(&server, Transport::WebSocket, &wei).await;
    let mut lin = Client::connect(&server, transport, &lin).await;
    assert!(lin.welcome.present.iter().any(|it| it.member.name == "Wei"));
    wait_for_presence(&mut watcher, "here Lin").await;
    lin.set_away(true).await;
    wait_for_presence(&mut watcher, "away Lin").await;
    lin.set_away(false).await;
    wait_for_presence(&mut watcher, "here Lin").await;
    watcher.set_away(true).await;
    wait_for_presence(&mut lin, "away Wei").await;
    let id = lin.welcome.you.id.0;
    drop(lin);
    // A member who polls stays present for a while. The hub's own tests wait for the end of it.
    if !transport.is_poll() {
        wait_for_presence(&mut watcher, &format!("gone {id}")).await;
    }
}

pub(super) async fn texts_and_names_are_refused_past_their_limits(transport: Transport) {
    let server = TestServer::start();
    let mut wei = Client::connect(&server, transport, &server.join("Wei").await).await;
    for (number, (length, refused)) in [
        (0, Some(ErrorCode::TextEmpty)),
        (1, None),
        (TEXT_BYTES_MAX - 1, None),
        (TEXT_BYTES_MAX, None),
        (TEXT_BYTES_MAX + 1, Some(ErrorCode::TextTooLong)),
    ]
    .into_iter()
    .enumerate()
    {
        // Each character takes six bytes in JSON.
        let reply = wei.request(&post(2 + number as u64, RoomId::LOBBY, &"\u{1}".repeat(length))).await;
        assert_eq!(reply.err(), refused, "{length}");
    }
    for (number, (length, refused)) in [
        (NAME_CHARS_MAX - 1, None),
        (NAME_CHARS_MAX, None),
        (NAME_CHARS_MAX + 1, Some(ErrorCode::NameTooLong)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(
            wei.request(&room_create(20 + number as u64, &"x".repeat(length))).await.err(),
            refused,
            "{length}"
        );
    }
    assert_eq!(wei.request(&post(30, RoomId(99), "x")).await, Err(ErrorCode::RoomUnknown));
    assert_eq!(wei.request(&room_create(31, "Lobby")).await, Err(ErrorCode::NameTaken));
    assert_eq!(
        wei.request(&Command::RoomLeave(room_move(32, RoomId::LOBBY))).await,
        Err(ErrorCode::LobbyStays)
    );
}

pub(super) async fn a_session_is_refused_past_the_limit_of_its_member(transport: Transport) {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut streams = Vec::new();
    for _ in 0..hub::limits::SESSIONS_PER_MEMBER_MAX - 1 {
        streams.push(Client::connect(&server, Transport::Events, &cookie).await);
    }
    drop(Client::connect(&server, transport, &cookie).await);
    // As soon as the server has noticed the end of that session.
    let last = loop {
        match Client::resume(&server, Transport::Events, &cookie, None, None).await {
            Ok(last) => break last,
            Err(code) => assert_eq!(code, 4429),
        }
    };
    assert_eq!(Client::resume(&server, transport, &cookie, None, None).await.err(), Some(4429));
    let reply = last.caller.post(&Command::Ping).await;
    assert_eq!(reply, Err((429, ErrorCode::TooManyRequests)), "a request is one too");
}
