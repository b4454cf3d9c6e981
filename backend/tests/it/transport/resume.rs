//! Resuming at a cursor.

use super::{
    client::{Client, Transport},
    messages::{number_texts, post, post_numbers, reply, room_create, room_move},
};
use crate::test_server::TestServer;
use shared::{
    Address, Command, Cursor, Epoch, Event, RoomId,
    limits::{PLAIN_BYTES_MAX, REPLAY_EVENTS_MAX},
};
use tokio::sync::watch;

/// Reconnects at the client's cursor.
async fn reconnect(server: &TestServer, transport: Transport, client: &Client) -> Client {
    let back =
        Client::resume(server, transport, &client.caller.cookie, Some(client.cursor), None).await.unwrap();
    assert!(back.welcome.resumed, "{:?}", back.welcome);
    back
}

pub(super) async fn missed_events_come_once_and_in_order(transport: Transport) {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut wei = Client::connect(&server, Transport::WebSocket, &wei).await;
    let mut lin = Client::connect(&server, transport, &lin).await;
    for round in 1..5 {
        let from = 100 * round;
        post_numbers(&mut wei, RoomId::LOBBY, from..from + 5).await;
        assert_eq!(lin.next_texts(5).await, number_texts(from..from + 5));
        lin.read_to_cursor().await;
        // The first session is still open: the server has not noticed its end yet.
        let mut second = reconnect(&server, transport, &lin).await;
        drop(lin);
        post_numbers(&mut wei, RoomId::LOBBY, from + 5..from + 10).await;
        assert_eq!(second.next_texts(5).await, number_texts(from + 5..from + 10));
        second.read_to_cursor().await;
        post_numbers(&mut wei, RoomId::LOBBY, from + 10..from + 30).await;
        lin = reconnect(&server, transport, &second).await;
        assert_eq!(lin.next_texts(20).await, number_texts(from + 10..from + 30));
    }
}

pub(super) async fn several_rooms_are_resumed_by_one_cursor(transport: Transport) {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut wei = Client::connect(&server, Transport::WebSocket, &wei).await;
    let mut rooms = vec![RoomId::LOBBY];
    for (number, name) in [(2, "a"), (3, "b"), (4, "c")] {
        rooms.push(reply(&mut wei, &room_create(number, name)).await.room.unwrap());
    }
    let mut lin = Client::connect(&server, transport, &lin).await;
    for (number, room) in [(20, rooms[1]), (21, rooms[2])] {
        reply(&mut lin, &Command::RoomJoin(room_move(number, room))).await;
        for to in [Address::Member(lin.welcome.you.id), Address::Room(room)] {
            assert_eq!(lin.event().await.position().map(|it| it.to), Some(to));
        }
    }
    let cursor = lin.read_to_cursor().await;
    let (cookie, caller) = (lin.caller.cookie.clone(), lin.caller.clone());
    drop(lin);
    // While she is away, another session leaves the second room and joins the third.
    let mut other = Client::connect(&server, transport, &cookie).await;
    for number in 100..140 {
        let room = rooms[usize::try_from(number % 4).unwrap()];
        if number == 120 {
            reply(&mut other, &Command::RoomLeave(room_move(50, rooms[2]))).await;
            reply(&mut other, &Command::RoomJoin(room_move(51, rooms[3]))).await;
        }
        reply(&mut wei, &post(number, room, &number.to_string())).await;
    }
    let of = |theirs: fn(u64) -> bool| -> Vec<String> {
        (100..140).filter(|number| theirs(*number)).map(|number| number.to_string()).collect()
    };
    let mut back = Client::resume(&server, transport, &cookie, Some(cursor), None).await.unwrap();
    let listed: Vec<_> = back.welcome.rooms.iter().map(|room| room.id).collect();
    assert_eq!((listed, back.welcome.resumed), (vec![rooms[0], rooms[1], rooms[3]], true));
    // The list of the welcome stands for the room that she left and the one that she has joined since.
    assert_eq!(back.next_texts(20).await, of(|number| number % 4 < 2));
    reply(&mut wei, &post(200, rooms[2], "not for her")).await;
    reply(&mut wei, &post(201, rooms[3], "for her")).await;
    assert_eq!(back.next_texts(1).await, ["for her"]);
    // A poll without a welcome has no list, so it gets the events since she joined.
    let quiet = caller.poll(&format!("cursor={cursor}")).await.unwrap();
    let texts = quiet.events.iter().filter_map(|event| match event {
        Event::Posted(posted) => Some(posted.text.clone()),
        _ => None,
    });
    let mut expected = of(|number| number % 4 < 2 || (number > 120 && number % 4 == 3));
    expected.push("for her".into());
    assert_eq!(texts.collect::<Vec<_>>(), expected);
    assert!(
        quiet
            .events
            .iter()
            .any(|event| matches!(event, Event::MemberLeft(left) if left.room == Some(rooms[2])))
    );
}

pub(super) async fn a_room_with_too_many_missed_events_is_reset(transport: Transport) {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut wei = Client::connect(&server, Transport::WebSocket, &wei).await;
    let mut lin = Client::connect(&server, transport, &lin).await;
    let room = reply(&mut lin, &room_create(2, "a")).await.room.unwrap();
    reply(&mut wei, &Command::RoomJoin(room_move(3, room))).await;
    while !matches!(lin.event().await, Event::MemberJoined(joined) if joined.member.name == "Wei") {}
    let cursor = lin.read_to_cursor().await;
    let (cookie, caller) = (lin.caller.cookie.clone(), lin.caller.clone());
    drop(lin);
    let count = REPLAY_EVENTS_MAX as u64 + 1;
    post_numbers(&mut wei, RoomId::LOBBY, 100..100 + count).await;
    post_numbers(&mut wei, room, 1_000..1_010).await;
    let mut back = Client::resume(&server, transport, &cookie, Some(cursor), None).await.unwrap();
    assert_eq!(
        back.next_texts(10).await,
        number_texts(1_000..1_010),
        "of the other room nothing is too much"
    );
    let Event::Reset(reset) = back.event().await else { panic!() };
    let texts: Vec<_> = reset.room.messages.iter().map(|message| message.text.clone()).collect();
    assert_eq!(texts, number_texts(100 + count - texts.len() as u64..100 + count));
    assert!(reset.room.older && back.read_to_cursor().await.n >= reset.room.as_of);
    // At the limit and one above it, read by polls without a welcome.
    let since = Cursor { n: reset.room.messages[0].n - 1, ..cursor.unmarked() };
    for (cursor, expected) in [(cursor, (true, 10)), (since, (false, 10 + texts.len()))] {
        let quiet = caller.poll(&format!("cursor={cursor}")).await.unwrap();
        let posted = quiet.events.iter().filter(|event| matches!(event, Event::Posted(_))).count();
        let resets = quiet.events.iter().any(|event| matches!(event, Event::Reset(_)));
        assert_eq!((resets, posted), expected);
    }
    reply(&mut wei, &post(2_000, RoomId::LOBBY, "and on")).await;
    let Event::Posted(posted) = back.event().await else { panic!() };
    assert_eq!((posted.prev, &*posted.text), (reset.room.last, "and on"));
}

pub(super) async fn a_cursor_of_another_log_gets_a_new_welcome(transport: Transport) {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut wei = Client::connect(&server, transport, &cookie).await;
    post_numbers(&mut wei, RoomId::LOBBY, 2..5).await;
    assert_eq!(wei.next_texts(3).await, number_texts(2..5));
    let reached = wei.read_to_cursor().await;
    for cursor in [
        Cursor { epoch: Epoch(reached.epoch.0 ^ 1), ..reached },
        Cursor { n: reached.n + 1, ..reached },
        Cursor { n: u64::MAX, ..reached },
    ] {
        let back = Client::resume(&server, transport, &cookie, Some(cursor), None).await.unwrap();
        assert!(!back.welcome.resumed, "{cursor}");
        let room = back.welcome.room.clone().unwrap();
        assert_eq!((room.messages.len(), back.welcome.through.unmarked()), (3, reached.unmarked()));
        // A poll that asks for no welcome gets one nevertheless.
        let quiet = back.caller.poll(&format!("cursor={cursor}")).await.unwrap();
        let [Event::Welcome(welcome), rest @ ..] = &quiet.events[..] else { panic!("{:?}", quiet.events) };
        assert!(!welcome.resumed, "{cursor}");
        assert!(rest.iter().all(|event| event.position().is_none()), "only presence may follow: {rest:?}");
        assert_eq!(quiet.through.unmarked(), reached.unmarked());
    }
}

pub(super) async fn a_stalled_reader_loses_no_event(transport: Transport) {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let lin = server.join("Lin").await;
    let mut talker = server.open_text_socket().await;
    let cursor = Client::connect(&server, transport, &lin).await.cursor;
    let (gate, shut) = watch::channel(false);
    let stalled = Client::resume_gated(&server, transport, &lin, Some(cursor), None, shut);
    // More than its queue and all buffers of the kernel hold. Few long texts, several at once: the kernel
    // ends a connection whose window is shut for 20 seconds.
    let text = "x".repeat(PLAIN_BYTES_MAX);
    let (rounds, at_once) = (44, 4);
    let count = rounds * at_once;
    let talk = async {
        for _ in 0..rounds {
            for _ in 0..at_once {
                talker.send_text(&text).await;
            }
            for _ in 0..at_once {
                talker.next_text().await;
            }
        }
        gate.send(true).unwrap();
    };
    let (stalled, ()) = tokio::join!(stalled, talk);
    let mut stalled = stalled.unwrap();
    let (mut last_seq, mut codes) = (0, Vec::new());
    while last_seq < count {
        match stalled.next_item().await {
            Ok(Event::Posted(posted)) => {
                assert_eq!(posted.seq, last_seq + 1, "a gap");
                last_seq = posted.seq;
            }
            Ok(Event::Reset(reset)) => {
                let first = reset.room.messages[0].seq;
                assert!(first <= last_seq + 1 || reset.room.older, "a gap");
                last_seq = reset.room.messages.last().unwrap().seq;
            }
            Ok(_) => {}
            Err(code) => {
                codes.push(code);
                let cursor = Some(stalled.cursor);
                stalled = Client::resume(&server, transport, &lin, cursor, None).await.unwrap();
                assert!(stalled.welcome.resumed);
            }
        }
    }
    // The response to a poll ends, so a poll is never too slow.
    assert_eq!(codes, if transport.is_poll() { vec![] } else { vec![4008] });
}
