//! Marks of the log: the cursor moves with each event, and a `hello` names what is held past it.

use crate::house::{House, LOBBY, frame, with_field};
use crate::page::{Page, ann, commands, event_queries};
use client::input::{Input, Timer};
use shared::command::Command;
use shared::event::{EventFrame, Reply, Through};
use shared::limits::HELD_MAX;
use shared::{Cursor, ErrorCode, Event, RoomId};

const TEA: RoomId = RoomId(7);

/// The next events of a room, each with a mark.
fn talk(house: &mut House, room: RoomId, number: u64, mark: u32) -> (String, Cursor) {
    let text = house.talk(room, number..=number).remove(0);
    (with_field(&text, "mark", &format!("{mark:08x}")), house.marked(mark))
}

/// `cursor` and `held` of the next `hello`.
fn claims(page: &mut Page) -> (Option<Cursor>, Vec<Cursor>) {
    let hello = page.reconnect_to_hello();
    (hello.cursor, hello.held)
}

#[test]
fn the_cursor_moves_with_each_event_in_order() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    page.frame(talk(&mut house, LOBBY, 1, 1).0);
    let (text, cursor) = talk(&mut house, TEA, 2, 2);
    page.frame(text);
    assert_eq!(claims(&mut page), (Some(cursor), vec![]));
}

#[test]
fn an_event_past_a_gap_is_named_and_moves_no_cursor() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    talk(&mut house, LOBBY, 1, 1);
    let (text, past_gap) = talk(&mut house, LOBBY, 2, 2);
    page.frame(text);
    assert_eq!(claims(&mut page), (Some(before), vec![past_gap]));
    page.frame(house.welcome_back(page.hello, &ann(), before.n));
    page.frames(house.missed(before.n));
    assert_eq!(claims(&mut page), (Some(before), vec![past_gap]), "the replay has not ended");
    page.frame(house.welcome_back(page.hello, &ann(), before.n));
    page.frames(house.missed(before.n));
    page.frame(frame(&Event::CaughtUp(Through { through: past_gap })));
    assert_eq!(claims(&mut page), (Some(past_gap), vec![]));
}

#[test]
fn a_cursor_without_a_mark_takes_the_one_that_came_while_an_event_was_missing() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    talk(&mut house, LOBBY, 1, 1);
    let (text, past_gap) = talk(&mut house, LOBBY, 2, 2);
    let query = event_queries(&page.frame(text)).remove(0);
    page.frame(house.events(query.reference, query.to, query.after, 9));
    page.give(Input::ThroughReceived(page.socket, past_gap.unmarked()));
    assert_eq!(claims(&mut page), (Some(past_gap), vec![]));
}

#[test]
fn an_event_within_a_change_is_named_and_moves_no_cursor() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    let text = house.talk(LOBBY, 1..=1).remove(0);
    let end = Cursor { n: house.n + 1, ..house.marked(5) };
    page.frame(with_field(&text, "held", &end.to_string()));
    assert_eq!(page.texts(), [1]);
    assert_eq!(claims(&mut page), (Some(before), vec![end]));
}

#[test]
fn a_replay_is_named_from_its_welcome_on() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    house.talk(LOBBY, 1..=2);
    page.reconnect_to_hello();
    let head = house.marked(3);
    let welcome = house.welcome_back(page.hello, &ann(), before.n);
    page.frame(with_field(&welcome, "held", &head.to_string()));
    assert_eq!(claims(&mut page), (Some(before), vec![head]));
}

#[test]
fn a_page_without_a_usable_cursor_still_names_its_position() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let (text, cursor) = talk(&mut house, LOBBY, 1, 1);
    page.frame(text);
    let other = Cursor { epoch: shared::Epoch(2), ..cursor };
    // Another epoch ends the session, and the next one starts with a snapshot.
    page.frame(frame(&Event::Pong(Through { through: other })));
    page.retry();
    let opened = page.give(Input::ConnectionOpened(page.socket));
    let [Command::Hello(hello)] = &commands(&opened)[..] else { panic!("{opened:?}") };
    assert_eq!((hello.cursor, &hello.held[..]), (None, &[cursor][..]));
}

/// An answer over HTTP that tells the mark of the log at a position.
fn answer(held: Cursor) -> EventFrame {
    let event = Event::Pong(Through { through: Cursor::new(held.epoch, 0) });
    EventFrame { event, mark: None, held: Some(held) }
}

#[test]
fn answers_over_http_are_named_until_the_cursor_passes_them() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    let told = |n: u64| Cursor { n, mark: Some(n as u32), ..before };
    for count in [HELD_MAX - 1, HELD_MAX, HELD_MAX + 1] {
        for n in 1..=count as u64 {
            page.give(Input::AnswerReceived(page.socket, answer(told(before.n + n))));
            page.give(Input::AnswerReceived(page.socket, answer(told(before.n + n))));
        }
        let (cursor, held) = claims(&mut page);
        assert_eq!((cursor, held.len()), (Some(before), count.min(HELD_MAX)), "each once");
        // The last ones stay: each of them follows all earlier ones.
        let first = before.n + 1 + (count - held.len()) as u64;
        assert_eq!([held.first(), held.last()], [Some(&told(first)), Some(&told(before.n + count as u64))]);
        page.frame(house.welcome(page.hello, &ann()));
    }
    let (text, cursor) = talk(&mut house, LOBBY, 1, 1);
    page.give(Input::AnswerReceived(page.socket, answer(cursor)));
    page.frame(text);
    assert_eq!(claims(&mut page), (Some(cursor), vec![]));
}

#[test]
fn a_position_is_named_as_long_as_an_earlier_one_follows_it() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    let told = |n: u64| Cursor { n: before.n + n, mark: Some(n as u32), ..before };
    let newest = HELD_MAX as u64 + 2;
    for n in 1..=newest {
        page.give(Input::AnswerReceived(page.socket, answer(told(n))));
    }
    // The server has started again with an older log.
    for n in 1..=3 {
        page.give(Input::AnswerReceived(page.socket, answer(Cursor { mark: Some(1_000), ..told(n) })));
    }
    let (_, held) = claims(&mut page);
    assert_eq!(held.len(), HELD_MAX);
    assert!(held.contains(&told(newest)), "{held:?}");
}

#[test]
fn another_mark_at_a_known_position_ends_the_session() {
    for by_event in [false, true] {
        let mut house = House::new(1);
        let mut page = Page::welcome_in(&house);
        let (text, lost) = talk(&mut house, LOBBY, 1, 1);
        page.give(Input::AnswerReceived(page.socket, answer(lost)));
        // The server has started again with an older log, in which another message is at this position.
        let other = Cursor { mark: Some(2), ..lost };
        match by_event {
            true => page.frame(text.replace("\"mark\":\"00000001\"", "\"mark\":\"00000002\"")),
            false => page.give(Input::AnswerReceived(page.socket, answer(other))),
        };
        assert!(!page.view().connection.welcomed, "{by_event}");
        page.retry();
        let opened = page.give(Input::ConnectionOpened(page.socket));
        let [Command::Hello(hello)] = &commands(&opened)[..] else { panic!("{opened:?}") };
        assert_eq!(hello.cursor, None);
        assert!(hello.held.contains(&lost), "{:?}", hello.held);
    }
}

#[test]
fn a_message_whose_event_never_comes_ends_the_session() {
    for (past_last, is_lost) in [(-1, true), (0, true), (1, false)] {
        let mut house = House::with_room(1, 7, "tea");
        let mut page = Page::welcome_in(&house);
        let sent = page.send(1, "lost");
        let [Command::Post(post)] = &commands(&sent)[..] else { panic!("{sent:?}") };
        // The server starts again with an older log, in which other messages are at these positions.
        let [(first, _), (second, last)] = [1, 2].map(|n| talk(&mut house, TEA, n, n as u32));
        let n = last.n.saturating_add_signed(past_last);
        // On a WebSocket a reply tells no mark.
        page.frame(frame(&Event::Reply(Reply { reference: post.reference, n, seq: 1, at: 1, room: None })));
        page.frames([first, second]);
        assert_eq!(page.view().connection.welcomed, !is_lost, "{past_last}");
    }
}

#[test]
fn missing_events_are_requested_again_from_a_server_that_lags() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    talk(&mut house, LOBBY, 1, 1);
    let sent = page.frame(talk(&mut house, LOBBY, 2, 2).0);
    let [Command::Events(query)] = &commands(&sent)[..] else { panic!("{sent:?}") };
    page.frame(House::error(query.reference, ErrorCode::RoomUnknown));
    let sent = page.give(Input::TimerFired(Timer::Request));
    assert!(matches!(commands(&sent)[..], [Command::Events(_)]), "{sent:?}");
}
