//! From the opened page to a `welcome`, and reconnecting.

use crate::house::{House, frame};
use crate::page::{Page, ann, close_code, commands, has_opened, scheduled};
use client::effect::Effect;
use client::input::{ConnectionId, Input, Timer};
use client::view::ReadyState;
use shared::command::{Command, PresenceReport};
use shared::{Cursor, Epoch, ErrorCode, Event};

fn hello(effects: &[Effect]) -> Option<Cursor> {
    match &commands(effects)[..] {
        [Command::Hello(hello)] => hello.cursor,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_frame_is_a_hello_with_the_pages_build() {
    let mut page = Page::opened();
    let out = page.give(Input::IdentityFetched(Ok(Some(ann()))));
    assert!(has_opened(&out));
    let out = page.give(Input::ConnectionOpened(page.socket));
    match &commands(&out)[..] {
        [Command::Hello(hello)] => assert_eq!((hello.build.as_str(), hello.cursor), ("build", None)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_is_live_from_the_welcome_on() {
    let house = House::new(1);
    let mut page = Page::opened();
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    assert_eq!(page.view().connection.ready_state, ReadyState::Connecting);
    page.give(Input::ConnectionOpened(page.socket));
    assert!(!page.view().connection.welcomed);
    page.frame(house.welcome(page.hello + 1, &ann()));
    assert!(!page.view().connection.welcomed, "the welcome of another hello");
    page.frame(house.welcome(page.hello, &ann()));
    assert!(page.view().connection.welcomed);
}

#[test]
fn a_ping_is_answered_and_moves_the_cursor() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let missed = house.post(&ann(), 1, "in another tab");
    page.frame(missed);
    let out = page.frame(frame(&Event::Ping(house.through())));
    assert_eq!(commands(&out), [Command::Pong]);
    page.break_connection(1006);
    page.retry();
    assert_eq!(hello(&page.give(Input::ConnectionOpened(page.socket))), Some(house.through().through));
}

#[test]
fn a_ping_before_the_welcome_is_answered_and_moves_no_cursor() {
    let house = House::new(1);
    let mut page = Page::opened();
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.give(Input::ConnectionOpened(page.socket));
    let out = page.frame(frame(&Event::Ping(house.through())));
    assert_eq!(commands(&out), [Command::Pong]);
    page.break_connection(1006);
    page.retry();
    assert_eq!(hello(&page.give(Input::ConnectionOpened(page.socket))), None);
}

#[test]
fn an_unanswered_liveness_check_ends_the_connection() {
    let house = House::new(1);
    for wake in [Input::VisibilityChanged(true), Input::NetworkReported { online: true }] {
        let mut page = Page::welcome_in(&house);
        let out = page.give(wake);
        assert_eq!(commands(&out), [Command::Ping]);
        let at = scheduled(&out, Timer::Silence).unwrap();
        assert_eq!(at - page.now, 5_000);
        page.now = at;
        let out = page.give(Input::TimerFired(Timer::Silence));
        assert_eq!(close_code(&out), Some(4009));
        assert_eq!(page.view().connection.ready_state, ReadyState::Closing);
        assert!(has_opened(&page.retry()));
    }
}

#[test]
fn an_answered_liveness_check_changes_nothing() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let at = scheduled(&page.give(Input::VisibilityChanged(true)), Timer::Silence).unwrap();
    page.now = at;
    page.frame(frame(&Event::Pong(house.through())));
    let out = page.give(Input::TimerFired(Timer::Silence));
    assert_eq!(close_code(&out), None);
    assert_eq!(scheduled(&out, Timer::Silence), Some(at + 60_000));
}

#[test]
fn a_hidden_page_reports_away_on_every_connection() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let away = Command::Presence(PresenceReport { away: true });
    assert_eq!(commands(&page.give(Input::VisibilityChanged(false))), std::slice::from_ref(&away));
    assert_eq!(commands(&page.give(Input::VisibilityChanged(false))), []);
    assert_eq!(commands(&page.reconnect(&house, &ann())), [away]);
    let present = Command::Presence(PresenceReport { away: false });
    assert_eq!(commands(&page.give(Input::VisibilityChanged(true))), [present, Command::Ping]);
}

#[test]
fn a_shown_page_reconnects_without_waiting() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.give(Input::VisibilityChanged(false));
    page.break_connection(1006);
    assert!(has_opened(&page.give(Input::VisibilityChanged(true))));
}

#[test]
fn a_server_that_drops_its_welcomed_sessions_is_retried_after_a_wait() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let start = page.now;
    for _ in 0..12 {
        page.reconnect(&house, &ann());
    }
    assert!(page.now - start > 5_000, "{} ms", page.now - start);
}

#[test]
fn a_refused_hello_is_retried_after_a_wait() {
    let mut page = Page::opened();
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.give(Input::ConnectionOpened(page.socket));
    let out = page.frame(House::error(page.hello, ErrorCode::Internal));
    assert!(close_code(&out).is_some() && scheduled(&out, Timer::Retry).is_some());
}

#[test]
fn late_events_of_an_older_connection_are_ignored() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let old = page.socket;
    page.reconnect(&house, &ann());
    let before = page.view();
    let late = house.post(&ann(), 1, "late");
    for input in [
        Input::ConnectionOpened(old),
        Input::FrameReceived(old, late),
        Input::ConnectionClosed { connection: old, code: 4401, reason: String::new() },
        Input::ConnectionClosed { connection: ConnectionId(u64::MAX), code: 1006, reason: String::new() },
    ] {
        assert_eq!(page.give(input), []);
    }
    assert_eq!(page.view(), before);
}

#[test]
fn a_newer_build_on_the_server_is_shown() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    assert!(!page.view().notices.new_version);
    page.break_connection(1012);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "next", 100));
    assert!(page.view().notices.new_version);
}

#[test]
fn a_change_of_the_log_ends_the_connection() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut other = house.through();
    other.through.epoch = Epoch(9);
    let out = page.frame(frame(&Event::Ping(other)));
    assert!(close_code(&out).is_some());
    page.retry();
    assert_eq!(hello(&page.give(Input::ConnectionOpened(page.socket))), None);
}

#[test]
fn the_view_is_the_same_while_nothing_visible_changed() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = page.view();
    page.frame(frame(&Event::Ping(house.through())));
    page.frame("not a frame".to_owned());
    assert!(std::rc::Rc::ptr_eq(&before, &page.view()));
    page.break_connection(1006);
    let after = page.view();
    assert_ne!(before.connection, after.connection);
    assert_eq!((&before.pane(), &before.people, &before.rooms), (&after.pane(), &after.people, &after.rooms));
}
