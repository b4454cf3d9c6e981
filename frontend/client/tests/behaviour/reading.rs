//! Messages of others, names and presence.

use crate::house::{House, LOBBY, frame, member};
use crate::page::{Page, ann, bo, close_code, commands, event_queries, scheduled};
use client::input::{Input, Timer};
use client::limits::GAP_REQUESTS_MAX;
use client::view::Edge;
use shared::command::Command;
use shared::event::{Gone, MemberJoined, Posted};
use shared::{Address, ErrorCode, Event, MemberId, RoomId};
use std::rc::Rc;

#[test]
fn the_snapshot_and_later_events_have_one_order() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    for (number, text) in [(2, "two"), (3, "three")] {
        let posted = house.post(&bo(), number, text);
        page.frame(posted.clone());
        page.frame(posted);
    }
    assert_eq!(page.rows(), ["one", "two", "three"]);
}

#[test]
fn a_missing_event_is_detected_and_fetched() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let after = house.through().through.n;
    house.post(&bo(), 1, "lost on the way");
    let next = house.post(&bo(), 2, "next");
    let requests = event_queries(&page.frame(next));
    assert_eq!(page.rows(), [""; 0], "a part is never shown as the whole");
    assert_eq!((requests.len(), requests[0].to, requests[0].after), (1, Address::Room(LOBBY), after));
    let answer = house.events(requests[0].reference, requests[0].to, requests[0].after, 1);
    assert_eq!(event_queries(&page.frame(answer)), [], "the buffered event follows now");
    assert_eq!(page.rows(), ["lost on the way", "next"]);
}

#[test]
fn a_long_gap_is_fetched_page_by_page() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut talk = house.talk(LOBBY, 1..=7);
    let mut requests = event_queries(&page.frame(talk.pop().unwrap()));
    for many in [2, 4, 6] {
        let answer = house.events(requests[0].reference, requests[0].to, requests[0].after, 2);
        requests = event_queries(&page.frame(answer));
        assert_eq!(page.rows().len(), if many == 6 { 7 } else { many });
    }
    assert_eq!(requests, []);
}

#[test]
fn a_gap_that_is_too_long_is_replaced_by_a_snapshot() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "held");
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=9);
    let requests = event_queries(&page.frame(talk[8].clone()));
    page.frame(house.reset(Some(requests[0].reference + 1), LOBBY, 3));
    assert_eq!(page.rows(), ["held"], "the answer to another question");
    page.frame(house.reset(Some(requests[0].reference), LOBBY, 3));
    assert_eq!(page.texts(), [7, 8, 9]);
    assert_eq!(page.view().pane().older, Edge::More);
    let next = house.talk(LOBBY, 10..=10);
    page.frames(next);
    assert_eq!(page.texts(), [7, 8, 9, 10]);
}

#[test]
fn a_temporarily_refused_gap_request_is_sent_again() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=2);
    let requests = event_queries(&page.frame(talk[1].clone()));
    let out = page.frame(House::error(requests[0].reference, ErrorCode::TooManyRequests));
    assert!(scheduled(&out, Timer::Request).is_some() && event_queries(&out).is_empty());
    let again = event_queries(&page.fire_timer(Timer::Request));
    page.frame(house.events(again[0].reference, again[0].to, again[0].after, 9));
    assert_eq!(page.texts(), [1, 2]);
}

#[test]
fn gap_requests_in_flight_stay_within_the_limit() {
    for many in [GAP_REQUESTS_MAX - 1, GAP_REQUESTS_MAX, GAP_REQUESTS_MAX + 1] {
        let mut house = House::new(1);
        for id in 10..10 + many as u64 {
            house.create_room(id, &id.to_string());
            house.join_room(id);
        }
        let mut page = Page::welcome_in(&house);
        let mut requests = Vec::new();
        for id in 10..10 + many as u64 {
            let talk = house.talk(RoomId(id), 1..=2);
            requests.extend(event_queries(&page.frame(talk[1].clone())));
        }
        assert_eq!(requests.len(), many.min(GAP_REQUESTS_MAX));
        let answer = house.events(requests[0].reference, requests[0].to, requests[0].after, 9);
        assert_eq!(event_queries(&page.frame(answer)).len(), many - requests.len(), "the next transport");
    }
}

#[test]
fn a_gap_that_cannot_be_filled_starts_over() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=2);
    let requests = event_queries(&page.frame(talk[1].clone()));
    let out = page.frame(house.events(requests[0].reference, requests[0].to, u64::MAX, 9));
    assert!(close_code(&out).is_some());
    page.retry();
    let hello = commands(&page.give(Input::ConnectionOpened(page.socket)));
    assert!(matches!(&hello[..], [Command::Hello(hello)] if hello.cursor.is_none()));
}

#[test]
fn held_messages_survive_a_reconnect_without_a_gap() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    house.post(&bo(), 2, "two");
    house.post(&bo(), 3, "three");
    page.break_connection(1006);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 2));
    assert_eq!(page.rows(), ["one", "two", "three"]);
    assert_eq!(page.view().pane().older, Edge::End);
    house.post(&bo(), 4, "four");
    house.post(&bo(), 5, "five");
    page.break_connection(1006);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 1));
    assert_eq!(page.rows(), ["five"]);
    assert_eq!(page.view().pane().older, Edge::More);
}

#[test]
fn a_rename_reaches_only_the_rows_of_its_author() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    house.post(&ann(), 2, "two");
    let mut page = Page::welcome_in(&house);
    page.frame(House::here_event(&[ann(), bo()], house.n));
    let before = page.view();
    let renamed = house.rename(member(2, "Bob"));
    page.frame(renamed);
    let after = page.view();
    assert_eq!(&*after.pane().rows[0].name, "Bob");
    assert!(Rc::ptr_eq(&before.pane().rows[1], &after.pane().rows[1]));
    assert_eq!(after.people.list.iter().map(|person| &*person.name).collect::<Vec<_>>(), ["Ann", "Bob"]);
    let posted = house.post(&member(2, "Bob"), 3, "three");
    page.frame(posted);
    assert_eq!(&*page.view().pane().rows[2].name, "Bob");
}

#[test]
fn messages_of_a_departed_member_show_the_name_at_that_time() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    let renamed = house.rename(member(2, "Bob"));
    page.frame(renamed);
    let left = house.leave(MemberId(2));
    page.frame(left);
    assert_eq!(&*page.view().pane().rows[0].name, "Bo");
    page.reconnect(&house, &ann());
    assert_eq!(&*page.view().pane().rows[0].name, "Bo", "as in a fresh snapshot");
}

#[test]
fn a_member_who_left_meanwhile_has_no_present_name() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    house.rename(member(2, "Bob"));
    let mut page = Page::welcome_in(&house);
    assert_eq!(&*page.view().pane().rows[0].name, "Bob");
    page.break_connection(1006);
    house.leave(MemberId(2));
    page.retry();
    page.enter(&house, &ann());
    assert_eq!(&*page.view().pane().rows[0].name, "Bo");
}

#[test]
fn the_snapshots_name_wins_over_an_older_presence() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    let renamed = house.rename(member(1, "Anna"));
    page.retry();
    // The hub learns of a commit a moment after the store has it.
    page.enter(&house, &ann());
    page.frame(renamed);
    assert_eq!(&*page.view().people.list[0].name, "Anna");
}

#[test]
fn an_older_name_does_not_replace_a_newer_one() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    let before = house.n;
    let renamed = house.rename(member(2, "Bob"));
    page.frame(renamed);
    page.frame(House::here_event(&[ann(), bo()], before));
    assert_eq!(&*page.view().pane().rows[0].name, "Bob");
    page.frame(House::here_event(&[ann(), member(2, "Bobby")], house.n + 1));
    assert_eq!(&*page.view().pane().rows[0].name, "Bobby", "the rename is still to come");
}

#[test]
fn presence_events_change_the_people() {
    let mut page = Page::welcome_in(&House::new(1));
    page.frame(House::here_event(&[bo()], 0));
    assert_eq!(page.view().people.list.iter().map(|person| person.me).collect::<Vec<_>>(), [true, false]);
    page.frame(frame(&Event::Gone(Gone { members: vec![MemberId(2)], count: 1 })));
    assert_eq!((page.view().people.list.len(), page.view().people.count), (1, 1));
}

#[test]
fn events_to_the_member_have_their_own_order() {
    let mut house = House::new(1);
    let joined = |n, to, prev| {
        frame(&Event::MemberJoined(MemberJoined {
            n,
            to,
            prev,
            at: 1,
            member: member(3, "Cy"),
            by: None,
            room: None,
            members: None,
        }))
    };
    let mut page = Page::welcome_in(&house);
    let me = Address::Member(ann().id);
    assert_eq!(close_code(&page.frame(joined(10, me, 0))), None);
    assert_eq!(close_code(&page.frame(joined(12, me, 10))), None);
    assert_eq!(
        close_code(&page.frame(joined(99, Address::Member(MemberId(8)), 98))),
        None,
        "the event is addressed to another member"
    );
    assert_eq!(close_code(&page.frame(joined(99, Address::Room(RoomId(8)), 98))), None, "not this room");
    let posted = house.post(&bo(), 1, "in the room");
    assert_eq!(close_code(&page.frame(posted)), None);
    assert_eq!(page.rows(), ["in the room"]);
    let requests = event_queries(&page.frame(joined(20, me, 15)));
    assert_eq!((requests[0].to, requests[0].after), (me, 12));
}

#[test]
fn unknown_frames_are_ignored() {
    let mut page = Page::welcome_in(&House::new(1));
    for text in [r#"{"type":"posted"}"#, r#"{"type":"here","members":"all"}"#, "[]", "", "茶"] {
        assert_eq!(page.frame(text.to_owned()), [], "{text}");
    }
}

#[test]
fn an_unknown_durable_event_takes_its_position() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let posted = house.post(&bo(), 1, "x").replace("posted", "sung");
    assert_eq!(page.frame(posted), []);
    let next = house.post(&bo(), 2, "next");
    assert_eq!(page.frame(next), []);
    assert_eq!(page.rows(), ["next"]);
}

#[test]
fn passers_by_are_distinguished_by_their_tag() {
    let mut page = Page::welcome_in(&House::new(1));
    let passer_by = |n, prev, tag| {
        let client_id = crate::house::client_id(n);
        let (to, author) = (Address::Room(RoomId::LOBBY), MemberId::PASSER_BY);
        let (name, text) = ("passer-by".to_owned(), "hi".to_owned());
        frame(&Event::Posted(Posted {
            n,
            to,
            prev,
            seq: n,
            at: 1,
            author,
            name,
            tag: Some(tag),
            client_id,
            text,
        }))
    };
    page.frame(passer_by(1, 0, 7));
    page.frame(passer_by(2, 1, 8));
    assert_eq!(page.view().pane().rows.iter().map(|row| row.tag).collect::<Vec<_>>(), [Some(7), Some(8)]);
}
