//! What others say and who is here.

use crate::house::{House, frame, member};
use crate::page::{Page, ann, bo, closes, commands, set};
use client::input::{Input, Timer};
use shared::command::Command;
use shared::event::{Gone, MemberJoined, Posted};
use shared::{Address, Event, MemberId, RoomId};
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
fn an_event_that_is_missing_is_noticed_and_a_fresh_snapshot_fetched() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let lost = house.post(&bo(), 1, "lost on the way");
    let next = house.post(&bo(), 2, "next");
    let out = page.frame(next);
    assert!(closes(&out).is_some() && set(&out, Timer::Retry).is_some());
    assert_eq!(page.rows(), [""; 0], "a part is never shown as the whole");
    page.retry();
    let out = page.give(Input::Opened(page.socket));
    assert!(matches!(&commands(&out)[..], [Command::Hello(hello)] if hello.cursor.is_none()));
    let welcome = house.welcome(page.hello, &ann());
    page.frame(welcome);
    page.frame(lost);
    assert_eq!(page.rows(), ["lost on the way", "next"]);
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
    page.give(Input::Opened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 2));
    assert_eq!(page.rows(), ["one", "two", "three"]);
    assert!(!page.view().older);
    house.post(&bo(), 4, "four");
    house.post(&bo(), 5, "five");
    page.breaks(1006);
    page.retry();
    page.give(Input::Opened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 1));
    assert_eq!(page.rows(), ["five"]);
    assert!(page.view().older);
}

#[test]
fn a_rename_reaches_every_row_of_its_author_and_leaves_the_others_alone() {
    let mut house = House::new(1);
    house.post(&bo(), 1, "one");
    house.post(&ann(), 2, "two");
    let mut page = Page::welcome_in(&house);
    page.frame(House::here(&[ann(), bo()]));
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
fn people_come_and_go() {
    let mut page = Page::welcome_in(&House::new(1));
    page.frame(House::here(&[bo()]));
    assert_eq!(page.view().people.iter().map(|person| person.me).collect::<Vec<_>>(), [true, false]);
    page.frame(frame(&Event::Gone(Gone { members: vec![MemberId(2)], count: 1 })));
    assert_eq!((page.view().people.len(), page.view().people_count), (1, 1));
}

#[test]
fn events_for_ourselves_have_an_order_of_their_own() {
    let mut house = House::new(1);
    let joined = |n, to, prev| {
        frame(&Event::MemberJoined(MemberJoined { n, to, prev, at: 1, member: member(3, "Cy") }))
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
    assert!(closes(&page.frame(joined(20, me, 15))).is_some());
}

#[test]
fn frames_of_a_newer_server_are_passed_over() {
    let mut page = Page::welcome_in(&House::new(1));
    for text in [
        r#"{"type":"sung","n":4,"to":{"room":1},"prev":0,"song":"la"}"#,
        r#"{"type":"posted"}"#,
        r#"{"type":"here","members":"all"}"#,
        "[]",
        "",
        "茶",
    ] {
        assert_eq!(page.frame(text.to_owned()), [], "{text}");
    }
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
