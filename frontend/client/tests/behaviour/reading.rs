//! What others say and who is here.

use crate::house::{House, LOBBY, frame, member};
use crate::page::{Page, ann, bo, closes, commands, event_queries, set};
use client::input::{Input, Timer};
use client::limits::GAP_REQUESTS_MAX;
use client::view::Edge;
use shared::command::Command;
use shared::event::{Gone, MemberJoined, Posted};
use shared::{Address, ErrorCode, Event, MemberId, RoomId};
use std::rc::Rc;

#[test]
fn the_snapshot_and_what_is_said_after_it_stand_in_one_order() {
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
fn an_event_that_is_missing_is_noticed_and_fetched() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let after = house.through().through.n;
    house.post(&bo(), 1, "lost on the way");
    let next = house.post(&bo(), 2, "next");
    let asked = event_queries(&page.frame(next));
    assert_eq!(page.rows(), [""; 0], "a part is never shown as the whole");
    assert_eq!((asked.len(), asked[0].to, asked[0].after), (1, Address::Room(LOBBY), after));
    let answer = house.events(asked[0].reference, asked[0].to, asked[0].after, 1);
    assert_eq!(event_queries(&page.frame(answer)), [], "what waits follows now");
    assert_eq!(page.rows(), ["lost on the way", "next"]);
}

#[test]
fn a_long_hole_is_fetched_page_by_page() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut talk = house.talk(LOBBY, 1..=7);
    let mut asked = event_queries(&page.frame(talk.pop().unwrap()));
    for many in [2, 4, 6] {
        let answer = house.events(asked[0].reference, asked[0].to, asked[0].after, 2);
        asked = event_queries(&page.frame(answer));
        assert_eq!(page.rows().len(), if many == 6 { 7 } else { many });
    }
    assert_eq!(asked, []);
}

#[test]
fn a_hole_that_is_too_long_is_answered_by_a_snapshot_that_touches_nothing() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "held");
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=9);
    let asked = event_queries(&page.frame(talk[8].clone()));
    page.frame(house.reset(Some(asked[0].reference + 1), LOBBY, 3));
    assert_eq!(page.rows(), ["held"], "the answer to another question");
    page.frame(house.reset(Some(asked[0].reference), LOBBY, 3));
    assert_eq!(page.texts(), [7, 8, 9]);
    assert_eq!(page.view().older, Edge::More);
    let next = house.talk(LOBBY, 10..=10);
    page.frames(next);
    assert_eq!(page.texts(), [7, 8, 9, 10]);
}

#[test]
fn a_hole_whose_filling_is_refused_for_now_is_asked_for_again() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=2);
    let asked = event_queries(&page.frame(talk[1].clone()));
    let out = page.frame(House::error(asked[0].reference, ErrorCode::TooManyRequests));
    assert!(set(&out, Timer::Request).is_some() && event_queries(&out).is_empty());
    let again = event_queries(&page.ring(Timer::Request));
    page.frame(house.events(again[0].reference, again[0].to, again[0].after, 9));
    assert_eq!(page.texts(), [1, 2]);
}

#[test]
fn no_more_holes_are_asked_for_at_once_than_the_limit_says() {
    for many in [GAP_REQUESTS_MAX - 1, GAP_REQUESTS_MAX, GAP_REQUESTS_MAX + 1] {
        let mut house = House::new(1);
        for id in 10..10 + many as u64 {
            house.make(id, &id.to_string());
            house.join(id);
        }
        let mut page = Page::welcome_in(&house);
        let mut asked = Vec::new();
        for id in 10..10 + many as u64 {
            let talk = house.talk(RoomId(id), 1..=2);
            asked.extend(event_queries(&page.frame(talk[1].clone())));
        }
        assert_eq!(asked.len(), many.min(GAP_REQUESTS_MAX));
        let answer = house.events(asked[0].reference, asked[0].to, asked[0].after, 9);
        assert_eq!(event_queries(&page.frame(answer)).len(), many - asked.len(), "the next in turn");
    }
}

#[test]
fn a_server_that_cannot_tell_what_is_missing_is_asked_for_everything() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=2);
    let asked = event_queries(&page.frame(talk[1].clone()));
    let out = page.frame(house.events(asked[0].reference, asked[0].to, u64::MAX, 9));
    assert!(closes(&out).is_some());
    page.retry();
    let hello = commands(&page.give(Input::ConnectionOpened(page.socket)));
    assert!(matches!(&hello[..], [Command::Hello(hello)] if hello.cursor.is_none()));
}

#[test]
fn what_is_held_stays_over_a_reconnect_and_a_gap_drops_it() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    house.post(&bo(), 2, "two");
    house.post(&bo(), 3, "three");
    page.breaks(1006);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 2));
    assert_eq!(page.rows(), ["one", "two", "three"]);
    assert_eq!(page.view().older, Edge::End);
    house.post(&bo(), 4, "four");
    house.post(&bo(), 5, "five");
    page.breaks(1006);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 1));
    assert_eq!(page.rows(), ["five"]);
    assert_eq!(page.view().older, Edge::More);
}

#[test]
fn a_rename_reaches_every_row_of_its_author_and_leaves_the_others_alone() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    house.post(&ann(), 2, "two");
    let mut page = Page::welcome_in(&house);
    page.frame(House::here(&[ann(), bo()], house.n));
    let before = page.view();
    let renamed = house.rename(member(2, "Bob"));
    page.frame(renamed);
    let after = page.view();
    assert_eq!(&*after.rows[0].name, "Bob");
    assert!(Rc::ptr_eq(&before.rows[1], &after.rows[1]));
    assert_eq!(after.people.iter().map(|person| &*person.name).collect::<Vec<_>>(), ["Ann", "Bob"]);
    let said = house.post(&member(2, "Bob"), 3, "three");
    page.frame(said);
    assert_eq!(&*page.view().rows[2].name, "Bob");
}

#[test]
fn what_was_said_by_somebody_who_left_stands_under_the_name_of_then() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    let renamed = house.rename(member(2, "Bob"));
    page.frame(renamed);
    let left = house.leave(MemberId(2));
    page.frame(left);
    assert_eq!(&*page.view().rows[0].name, "Bo");
    page.reconnect(&house, &ann());
    assert_eq!(&*page.view().rows[0].name, "Bo", "and so a fresh snapshot has it");
}

#[test]
fn who_left_while_the_page_was_gone_has_no_name_of_today() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    house.rename(member(2, "Bob"));
    let mut page = Page::welcome_in(&house);
    assert_eq!(&*page.view().rows[0].name, "Bob");
    page.breaks(1006);
    house.leave(MemberId(2));
    page.retry();
    page.enter(&house, &ann());
    assert_eq!(&*page.view().rows[0].name, "Bo");
}

#[test]
fn a_rename_that_the_snapshot_has_and_the_people_of_the_welcome_have_not_is_taken() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    let renamed = house.rename(member(1, "Anna"));
    page.retry();
    // The hub is told of a commit a moment after the store has it.
    page.enter(&house, &ann());
    page.frame(renamed);
    assert_eq!(&*page.view().people[0].name, "Anna");
}

#[test]
fn a_word_that_comes_behind_a_newer_renaming_changes_no_name() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    let mut page = Page::welcome_in(&house);
    let before = house.n;
    let renamed = house.rename(member(2, "Bob"));
    page.frame(renamed);
    page.frame(House::here(&[ann(), bo()], before));
    assert_eq!(&*page.view().rows[0].name, "Bob");
    page.frame(House::here(&[ann(), member(2, "Bobby")], house.n + 1));
    assert_eq!(&*page.view().rows[0].name, "Bobby", "of a renaming that is still to come");
}

#[test]
fn people_come_and_go() {
    let mut page = Page::welcome_in(&House::new(1));
    page.frame(House::here(&[bo()], 0));
    assert_eq!(page.view().people.iter().map(|person| person.me).collect::<Vec<_>>(), [true, false]);
    page.frame(frame(&Event::Gone(Gone { members: vec![MemberId(2)], count: 1 })));
    assert_eq!((page.view().people.len(), page.view().people_count), (1, 1));
}

#[test]
fn events_for_ourselves_have_an_order_of_their_own() {
    let mut house = House::new(1);
    let joined = |n, to, prev| {
        frame(&Event::MemberJoined(MemberJoined {
            n,
            to,
            prev,
            at: 1,
            member: member(3, "Cy"),
            room: None,
            members: None,
        }))
    };
    let mut page = Page::welcome_in(&house);
    let me = Address::Member(ann().id);
    assert_eq!(closes(&page.frame(joined(10, me, 0))), None);
    assert_eq!(closes(&page.frame(joined(12, me, 10))), None);
    assert_eq!(closes(&page.frame(joined(99, Address::Member(MemberId(8)), 98))), None, "not for us");
    assert_eq!(closes(&page.frame(joined(99, Address::Room(RoomId(8)), 98))), None, "not this room");
    let said = house.post(&bo(), 1, "in the room");
    assert_eq!(closes(&page.frame(said)), None);
    assert_eq!(page.rows(), ["in the room"]);
    let asked = event_queries(&page.frame(joined(20, me, 15)));
    assert_eq!((asked[0].to, asked[0].after), (me, 12));
}

#[test]
fn frames_of_a_newer_server_are_passed_over() {
    let mut page = Page::welcome_in(&House::new(1));
    for text in [r#"{"type":"posted"}"#, r#"{"type":"here","members":"all"}"#, "[]", "", "茶"] {
        assert_eq!(page.frame(text.to_owned()), [], "{text}");
    }
}

#[test]
fn an_event_of_a_newer_server_takes_its_place_and_shows_nothing() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let posted = house.post(&bo(), 1, "x").replace("posted", "sung");
    assert_eq!(page.frame(posted), []);
    let next = house.post(&bo(), 2, "next");
    assert_eq!(page.frame(next), []);
    assert_eq!(page.rows(), ["next"]);
}

#[test]
fn passers_by_are_told_apart() {
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
    assert_eq!(page.view().rows.iter().map(|row| row.tag).collect::<Vec<_>>(), [Some(7), Some(8)]);
}
