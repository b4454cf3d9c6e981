//! Sending: a message is shown at once and is in the log once.

use crate::house::{House, client_id};
use crate::page::{Page, ann, bo, posts, scheduled};
use client::input::{Input, Timer};
use client::limits::OUTBOX_ROWS_MAX;
use client::view::{Edge, RowKey, RowState};
use shared::ErrorCode;

fn key(number: u64) -> RowKey {
    RowKey { author: ann().id, client_id: client_id(number) }
}

#[test]
fn a_message_is_shown_at_once_and_settles_in_place() {
    let mut house = House::new(1);
    house.post(&bo(), 7, "before");
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "hello"));
    assert_eq!(page.rows(), ["before", "hello…"]);
    assert_eq!(page.view().pane().rows[1].key, key(1));
    let event = house.post(&ann(), 1, "hello");
    page.frame(house.reply(sent[0].reference));
    let settled = page.view();
    assert_eq!(page.rows(), ["before", "hello"]);
    assert_eq!((settled.pane().rows[1].key, settled.pane().rows[1].mine), (key(1), true));
    page.frame(event);
    assert!(std::rc::Rc::ptr_eq(&settled, &page.view()), "the event changes nothing any more");
}

#[test]
fn a_message_is_settled_by_its_event_when_it_arrives_first() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "one"));
    page.send(2, "two");
    let event = house.post(&ann(), 1, "one");
    assert_eq!(posts(&page.frame(event))[0].text, "two");
    assert_eq!(page.rows(), ["one", "two…"]);
    assert_eq!(page.frame(house.reply(sent[0].reference)), [], "the row is settled already");
    assert_eq!(page.rows(), ["one", "two…"]);
}

#[test]
fn an_earlier_message_settles_above_the_local_echo() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "mine"));
    let theirs = house.post(&bo(), 7, "theirs");
    let mine = house.post(&ann(), 1, "mine");
    page.frame(house.reply(sent[0].reference));
    page.frame(theirs);
    assert_eq!(page.rows(), ["theirs", "mine"]);
    page.frame(mine);
    assert_eq!(page.rows(), ["theirs", "mine"]);
}

#[test]
fn messages_are_sent_one_after_the_other() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut sent = posts(&page.send(1, "1"));
    assert_eq!(posts(&page.send(2, "2")), []);
    assert_eq!(posts(&page.send(3, "3")), []);
    for number in 1..=3 {
        assert_eq!(sent[0].client_id, client_id(number));
        house.post(&ann(), number, "x");
        sent = posts(&page.frame(house.reply(sent[0].reference)));
    }
    assert_eq!(sent, []);
}

#[test]
fn a_message_waits_for_the_next_welcome_without_a_connection() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "in flight");
    page.break_connection(1006);
    assert_eq!(posts(&page.send(2, "written offline")), []);
    assert_eq!(page.rows(), ["in flight~", "written offline~"]);
    assert_eq!(page.view().composer.waiting, 2);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    assert_eq!(page.rows(), ["in flight~", "written offline~"], "not before the welcome");
    let welcome = house.welcome(page.hello, &ann());
    let sent = posts(&page.frame(welcome));
    assert_eq!((sent.len(), sent[0].client_id), (1, client_id(1)));
    assert_eq!(page.rows(), ["in flight…", "written offline…"]);
}

#[test]
fn a_post_that_was_committed_before_the_connection_broke_is_not_sent_again() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "committed");
    page.send(2, "next");
    house.post(&ann(), 1, "committed");
    let sent = posts(&page.reconnect(&house, &ann()));
    assert_eq!(sent.iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), ["next"]);
    assert_eq!(page.rows(), ["committed", "next…"]);
}

#[test]
fn a_late_reply_settles_no_other_message() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let old = posts(&page.send(1, "one"));
    let sent = posts(&page.reconnect(&house, &ann()));
    assert_ne!(old[0].reference, sent[0].reference);
    house.post(&bo(), 7, "other");
    page.frame(house.reply(old[0].reference));
    assert_eq!(page.rows(), ["one…"]);
}

#[test]
fn a_temporarily_refused_post_is_sent_again_after_a_wait() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "one"));
    page.send(2, "two");
    let out = page.frame(House::error(sent[0].reference, ErrorCode::StoreRefused));
    assert_eq!(posts(&out), []);
    assert_eq!(page.rows(), ["one~", "two…"]);
    page.now = scheduled(&out, Timer::Resend).unwrap();
    let again = posts(&page.give(Input::TimerFired(Timer::Resend)));
    assert_eq!(again[0].client_id, client_id(1));
}

#[test]
fn a_permanently_refused_post_fails_with_its_reason() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "one"));
    page.send(2, "two");
    let out = page.frame(House::error(sent[0].reference, ErrorCode::RoomUnknown));
    assert_eq!(posts(&out)[0].text, "two");
    assert_eq!(page.rows(), ["two…", "one!"]);
    assert_eq!(page.view().pane().rows[1].state, RowState::Failed(ErrorCode::RoomUnknown));
    page.give(Input::Retry(key(1)));
    assert_eq!(page.rows(), ["two…", "one…"]);
    page.frame(House::error(posts(&out)[0].reference, ErrorCode::RoomUnknown));
    page.give(Input::Discard(key(2)));
    assert_eq!(page.rows(), ["one…"]);
}

#[test]
fn an_unanswered_post_is_sent_on_another_connection() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let begin = page.now;
    page.send(1, "one");
    assert_eq!(page.rows(), ["one…"]);
    // The timer was scheduled when the attempt began and is scheduled again when it fires.
    while !page.view().connection.silent {
        page.fire_timer(Timer::Silence);
    }
    assert!(page.now - begin <= 10_000, "{}", page.now - begin);
    assert_eq!((page.rows(), page.view().composer.waiting), (vec!["one~".to_owned()], 1), "it is told");
    while page.view().connection.silent {
        page.fire_timer(Timer::Silence);
    }
    assert!(page.now - begin < 20_000, "{}", page.now - begin);
    page.retry();
    assert_eq!(posts(&page.enter(&house, &ann()))[0].client_id, client_id(1));
}

#[test]
fn can_send_is_false_when_the_outbox_is_full() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    for number in 0..OUTBOX_ROWS_MAX as u64 {
        assert!(page.view().composer.can_send && page.client.can_send(), "{number}");
        page.send(number, "x");
    }
    assert!(!page.view().composer.can_send && !page.client.can_send());
    page.send(9_999, "too many");
    assert_eq!(page.view().composer.waiting, 0);
    page.break_connection(1006);
    assert_eq!(page.view().composer.waiting, OUTBOX_ROWS_MAX as u32);
    let mut nobody = Page::opened();
    assert!(!nobody.view().composer.can_send);
    nobody.send(1, "x");
    assert_eq!(nobody.view().pane().rows.len(), 0);
}

#[test]
fn an_old_committed_post_leaves_the_outbox_and_is_not_shown_at_the_end() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "old");
    page.break_connection(1006);
    house.post(&ann(), 1, "old");
    let old = house.reply(0);
    for number in 10..15 {
        house.post(&bo(), number, "later");
    }
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    let sent = posts(&page.frame(house.welcome_with(page.hello, &ann(), "build", 5)));
    page.frame(old.replace("\"ref\":0", &format!("\"ref\":{}", sent[0].reference)));
    assert_eq!(page.rows(), ["later"; 5]);
    assert_eq!(page.view().pane().older, Edge::More);
}
