//! To come back by a cursor.

use super::{
    client::{By, Client},
    talk::{make, moved, post, reply, said, say},
};
use crate::house::House;
use shared::{
    Address, Command, Cursor, Epoch, Event, RoomId,
    limits::{REPLAY_EVENTS_MAX, TEXT_BYTES_MAX},
};
use tokio::sync::watch;

/// Goes, and comes back by its cursor.
async fn again(house: &House, by: By, client: &Client) -> Client {
    let back = Client::back(house, by, &client.caller.cookie, Some(client.cursor), None).await.unwrap();
    assert!(back.welcome.resumed, "{:?}", back.welcome);
    back
}

pub(super) async fn what_was_missed_comes_once_and_in_order(by: By) {
    let house = House::with(|config| config.limit_posts = 0);
    let (wei, lin) = (house.join("Wei").await, house.join("Lin").await);
    let mut wei = Client::enter(&house, By::WebSocket, &wei).await;
    let mut lin = Client::enter(&house, by, &lin).await;
    for round in 1..5 {
        let from = 100 * round;
        say(&mut wei, RoomId::LOBBY, from..from + 5).await;
        assert_eq!(lin.hear(5).await, said(from..from + 5));
        lin.settle().await;
        // The first is still there: a server that does not know yet that it is gone.
        let mut second = again(&house, by, &lin).await;
        drop(lin);
        say(&mut wei, RoomId::LOBBY, from + 5..from + 10).await;
        assert_eq!(second.hear(5).await, said(from + 5..from + 10));
        second.settle().await;
        say(&mut wei, RoomId::LOBBY, from + 10..from + 30).await;
        lin = again(&house, by, &second).await;
        assert_eq!(lin.hear(20).await, said(from + 10..from + 30));
    }
}

pub(super) async fn several_rooms_are_resumed(by: By) {
    let house = House::with(|config| config.limit_posts = 0);
    let (wei, lin) = (house.join("Wei").await, house.join("Lin").await);
    let mut wei = Client::enter(&house, By::WebSocket, &wei).await;
    let mut rooms = vec![RoomId::LOBBY];
    for (number, name) in [(2, "a"), (3, "b"), (4, "c")] {
        rooms.push(reply(&mut wei, &make(number, name)).await.room.unwrap());
    }
    let mut lin = Client::enter(&house, by, &lin).await;
    for (number, room) in [(20, rooms[1]), (21, rooms[2])] {
        reply(&mut lin, &Command::RoomJoin(moved(number, room))).await;
        for to in [Address::Member(lin.welcome.you.id), Address::Room(room)] {
            assert_eq!(lin.event().await.position().map(|it| it.to), Some(to));
        }
    }
    let cursor = lin.settle().await;
    let (cookie, caller) = (lin.caller.cookie.clone(), lin.caller.clone());
    drop(lin);
    // Out of the second room she is taken while she is away, and into the third.
    let mut other = Client::enter(&house, by, &cookie).await;
    for number in 100..140 {
        let room = rooms[usize::try_from(number % 4).unwrap()];
        if number == 120 {
            reply(&mut other, &Command::RoomLeave(moved(50, rooms[2]))).await;
            reply(&mut other, &Command::RoomJoin(moved(51, rooms[3]))).await;
        }
        reply(&mut wei, &post(number, room, &number.to_string())).await;
    }
    let of = |theirs: fn(u64) -> bool| -> Vec<String> {
        (100..140).filter(|number| theirs(*number)).map(|number| number.to_string()).collect()
    };
    let mut back = Client::back(&house, by, &cookie, Some(cursor), None).await.unwrap();
    let listed: Vec<_> = back.welcome.rooms.iter().map(|room| room.id).collect();
    assert_eq!((listed, back.welcome.resumed), (vec![rooms[0], rooms[1], rooms[3]], true));
    // Of the room that she left, and of the one that she joined since, the list tells.
    assert_eq!(back.hear(20).await, of(|number| number % 4 < 2));
    reply(&mut wei, &post(200, rooms[2], "not for her")).await;
    reply(&mut wei, &post(201, rooms[3], "for her")).await;
    assert_eq!(back.hear(1).await, ["for her"]);
    // A poll without a welcome has no list: it is told what was said since she joined.
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

pub(super) async fn too_much_of_one_room_resets_it(by: By) {
    let house = House::with(|config| config.limit_posts = 0);
    let (wei, lin) = (house.join("Wei").await, house.join("Lin").await);
    let mut wei = Client::enter(&house, By::WebSocket, &wei).await;
    let mut lin = Client::enter(&house, by, &lin).await;
    let room = reply(&mut lin, &make(2, "a")).await.room.unwrap();
    reply(&mut wei, &Command::RoomJoin(moved(3, room))).await;
    while !matches!(lin.event().await, Event::MemberJoined(joined) if joined.member.name == "Wei") {}
    let cursor = lin.settle().await;
    let (cookie, caller) = (lin.caller.cookie.clone(), lin.caller.clone());
    drop(lin);
    let count = REPLAY_EVENTS_MAX as u64 + 1;
    say(&mut wei, RoomId::LOBBY, 100..100 + count).await;
    say(&mut wei, room, 1_000..1_010).await;
    let mut back = Client::back(&house, by, &cookie, Some(cursor), None).await.unwrap();
    assert_eq!(back.hear(10).await, said(1_000..1_010), "of the other room nothing is too much");
    let Event::Reset(reset) = back.event().await else { panic!() };
    let texts: Vec<_> = reset.room.messages.iter().map(|message| message.text.clone()).collect();
    assert_eq!(texts, said(100 + count - texts.len() as u64..100 + count));
    assert!(reset.room.older && back.settle().await.n >= reset.room.as_of);
    // At the limit, and one above; as polls without a welcome tell it.
    let since = Cursor { n: reset.room.messages[0].n - 1, ..cursor };
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

pub(super) async fn another_log_begins_anew(by: By) {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let mut wei = Client::enter(&house, by, &cookie).await;
    say(&mut wei, RoomId::LOBBY, 2..5).await;
    assert_eq!(wei.hear(3).await, said(2..5));
    let held = wei.settle().await;
    for cursor in [
        Cursor { epoch: Epoch(held.epoch.0 ^ 1), ..held },
        Cursor { n: held.n + 1, ..held },
        Cursor { n: u64::MAX, ..held },
    ] {
        let back = Client::back(&house, by, &cookie, Some(cursor), None).await.unwrap();
        assert!(!back.welcome.resumed, "{cursor}");
        let room = back.welcome.room.clone().unwrap();
        assert_eq!((room.messages.len(), back.welcome.through), (3, held));
        // And a poll that asks for no welcome gets one all the same.
        let quiet = back.caller.poll(&format!("cursor={cursor}")).await.unwrap();
        assert!(matches!(&quiet.events[..], [Event::Welcome(welcome)] if !welcome.resumed), "{cursor}");
        assert_eq!(quiet.through, held);
    }
}

pub(super) async fn who_never_reads_loses_nothing(by: By) {
    let house = House::with(|config| config.limit_posts = 0);
    let (wei, lin) = (house.join("Wei").await, house.join("Lin").await);
    let mut wei = Client::enter(&house, By::WebSocket, &wei).await;
    let cursor = Client::enter(&house, by, &lin).await.cursor;
    let (gate, shut) = watch::channel(false);
    let deaf = Client::gated(&house, by, &lin, Some(cursor), None, shut);
    // More than its queue and all the kernel's buffers hold.
    let text = "x".repeat(TEXT_BYTES_MAX);
    let count = 700;
    let talk = async {
        for number in 1..=count {
            reply(&mut wei, &post(number, RoomId::LOBBY, &text)).await;
        }
        gate.send(true).unwrap();
    };
    let (deaf, ()) = tokio::join!(deaf, talk);
    let mut deaf = deaf.unwrap();
    let (mut held, mut codes) = (0, Vec::new());
    while held < count {
        match deaf.any().await {
            Ok(Event::Posted(posted)) => {
                assert_eq!(posted.seq, held + 1, "a hole");
                held = posted.seq;
            }
            Ok(Event::Reset(reset)) => {
                let first = reset.room.messages[0].seq;
                assert!(first <= held + 1 || reset.room.older, "a hole");
                held = reset.room.messages.last().unwrap().seq;
            }
            Ok(_) => {}
            Err(code) => {
                codes.push(code);
                let cursor = Some(deaf.cursor);
                deaf = Client::back(&house, by, &lin, cursor, None).await.unwrap();
                assert!(deaf.welcome.resumed);
            }
        }
    }
    // An answer to a poll ends, so it is never too slow.
    assert_eq!(codes, if by.polls() { vec![] } else { vec![4008] });
}
