//! Paging through history.

use crate::house::{House, LOBBY};
use crate::page::{Page, ann, close_code, history_queries, scheduled};
use client::effect::Effect;
use client::input::Conversation;
use client::input::{Input, Timer};
use client::limits::{OUTBOX_ROWS_MAX, SETTLE_MS, WINDOW_ROWS_MAX, WINDOW_STEP_ROWS};
use client::view::Edge;
use shared::ErrorCode;
use shared::command::PageAnchor;

/// Ann's page in a house with this many messages.
fn page_in_history(house: &House) -> Page {
    let mut page = Page::welcome_in(house);
    page.give(Input::FollowEnd(Conversation::LOBBY, false));
    page
}

/// Answers the one request for history among these effects.
fn answer(page: &mut Page, house: &House, effects: &[Effect]) -> Vec<Effect> {
    let requests = history_queries(effects);
    assert_eq!(requests.len(), 1, "{requests:?}");
    page.frame(house.history(requests[0].reference, requests[0].room, requests[0].at))
}

fn whole(house_from: u64, to: u64) -> Vec<u64> {
    (house_from..=to).collect()
}

fn talkative(many: u64) -> House {
    let mut house = House::new(1);
    house.talk(LOBBY, 1..=many);
    house
}

#[test]
fn older_pages_are_loaded_until_the_first_message() {
    let house = talkative(230);
    let mut page = page_in_history(&house);
    for from in [81, 31, 1] {
        assert_eq!(page.view().pane().older, Edge::More);
        let out = page.give(Input::LoadOlder(Conversation::LOBBY));
        assert_eq!(page.view().pane().older, Edge::Loading);
        assert_eq!(history_queries(&page.give(Input::LoadOlder(Conversation::LOBBY))), [], "one at a time");
        answer(&mut page, &house, &out);
        assert_eq!(page.texts(), whole(from, 230));
    }
    assert_eq!(page.view().pane().older, Edge::End);
}

#[test]
fn rows_that_leave_the_window_are_still_held() {
    let house = talkative(500);
    let mut page = page_in_history(&house);
    while page.view().pane().older != Edge::End {
        let out = page.give(Input::LoadOlder(Conversation::LOBBY));
        if !history_queries(&out).is_empty() {
            answer(&mut page, &house, &out);
        }
        assert!(page.view().pane().rows.len() <= WINDOW_ROWS_MAX);
    }
    assert_eq!(page.texts(), whole(1, 300));
    assert_eq!(page.view().pane().newer, Edge::More);
    while page.view().pane().newer != Edge::End {
        assert_eq!(history_queries(&page.give(Input::LoadNewer(Conversation::LOBBY))), []);
    }
    assert_eq!(page.texts(), whole(201, 500));
    assert_eq!(page.view().pane().older, Edge::More);
}

#[test]
fn a_new_message_does_not_move_a_person_who_reads_history() {
    let mut house = talkative(500);
    let mut page = page_in_history(&house);
    for _ in 0..6 {
        let out = page.give(Input::LoadOlder(Conversation::LOBBY));
        answer(&mut page, &house, &out);
    }
    let before = page.view().pane().rows.clone();
    assert_eq!(before.len(), WINDOW_ROWS_MAX);
    let talk = house.talk(LOBBY, 501..=520);
    page.frames(talk);
    assert!(std::rc::Rc::ptr_eq(&before, &page.view().pane().rows));
    assert_eq!((page.view().pane().new_below, page.view().pane().newer), (20, Edge::More));
    page.give(Input::JumpToLatest(Conversation::LOBBY));
    assert!(page.view().pane().following);
    assert_eq!((page.view().pane().new_below, page.view().pane().newer), (0, Edge::End));
    assert_eq!(page.texts(), whole(421, 520));
}

#[test]
fn the_window_stays_within_its_limit_with_waiting_rows() {
    let most = WINDOW_ROWS_MAX as u64;
    let waits = [1, 2, 150, most - 1, most, most + 1, OUTBOX_ROWS_MAX as u64];
    for (settled, waits) in
        [most - 1, most, most + 1].into_iter().flat_map(|settled| waits.map(|waits| (settled, waits)))
    {
        let mut house = talkative(100);
        let mut page = Page::welcome_in(&house);
        let talk = house.talk(LOBBY, 101..=settled);
        page.frames(talk);
        page.break_connection(1006);
        (1..=waits).for_each(|number| drop(page.send(number, &(settled + number).to_string())));
        let newest = settled + waits;
        // Sending jumps to the end, where the last hundred and later messages are shown.
        assert_eq!(page.texts(), whole((settled - 99).max(newest + 1 - most.min(newest)), newest));
        let rows = page.view().pane().rows.clone();
        page.give(Input::FollowEnd(Conversation::LOBBY, false));
        assert!(std::rc::Rc::ptr_eq(&rows, &page.view().pane().rows), "to go up moves nothing");
        let steps = newest / WINDOW_STEP_ROWS as u64 + 1;
        for _ in 0..steps {
            page.give(Input::LoadOlder(Conversation::LOBBY));
            assert!(page.view().pane().rows.len() <= WINDOW_ROWS_MAX);
        }
        assert_eq!((page.texts(), page.view().pane().older), (whole(1, most.min(newest)), Edge::End));
        // The list does not report again that the person is at the end.
        for _ in 0..steps {
            page.give(Input::LoadNewer(Conversation::LOBBY));
            assert!(page.view().pane().rows.len() <= WINDOW_ROWS_MAX && !page.view().pane().following);
        }
        assert_eq!((page.texts().last(), page.view().pane().newer), (Some(&newest), Edge::End));
        page.give(Input::JumpToLatest(Conversation::LOBBY));
        assert_eq!((page.texts().last(), page.view().pane().newer), (Some(&newest), Edge::End));
        assert!(page.view().pane().rows.len() <= WINDOW_ROWS_MAX);
    }
}

#[test]
fn the_window_follows_at_the_end() {
    let mut house = talkative(100);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 101..=350);
    page.frames(talk);
    assert_eq!(page.texts(), whole(51, 350));
    assert_eq!((page.view().pane().older, page.view().pane().newer), (Edge::More, Edge::End));
}

#[test]
fn new_rows_are_added_below_until_the_window_is_full() {
    let mut house = talkative(100);
    let mut page = page_in_history(&house);
    let talk = house.talk(LOBBY, 101..=350);
    page.frames(talk);
    assert_eq!(page.texts(), whole(1, 300));
    assert_eq!(page.view().pane().new_below, 250);
    page.give(Input::FollowEnd(Conversation::LOBBY, true));
    assert!(!page.view().pane().following, "the window does not end at the end of the room");
    page.give(Input::LoadNewer(Conversation::LOBBY));
    page.give(Input::FollowEnd(Conversation::LOBBY, true));
    assert!(page.view().pane().following);
    assert_eq!(page.texts(), whole(51, 350));
}

#[test]
fn a_jump_shows_another_place_with_pages_at_both_ends() {
    let house = talkative(1_000);
    let mut page = page_in_history(&house);
    let out = page.give(Input::Jump(Conversation::LOBBY, PageAnchor::Date(5_000 + 3 * 300)));
    assert!(page.view().pane().jumping);
    answer(&mut page, &house, &out);
    let view = page.view();
    assert_eq!(page.texts(), whole(275, 324));
    let landed = view.pane().jump_target.unwrap();
    assert_eq!(view.pane().rows.iter().position(|row| row.key == landed.key), Some(25));
    assert_eq!(
        (view.pane().older, view.pane().newer, view.pane().following),
        (Edge::More, Edge::More, false)
    );
    let out = page.give(Input::LoadNewer(Conversation::LOBBY));
    answer(&mut page, &house, &out);
    let out = page.give(Input::LoadOlder(Conversation::LOBBY));
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(225, 374));
}

#[test]
fn segments_are_merged_when_they_touch_and_not_before() {
    let mut house = talkative(300);
    let mut page = page_in_history(&house);
    let out = page.give(Input::Jump(Conversation::LOBBY, PageAnchor::Date(5_000 + 3 * 120)));
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(95, 144));
    let talk = house.talk(LOBBY, 301..=301);
    page.frames(talk);
    assert_eq!(page.texts(), whole(95, 144), "the newest do not touch it");
    let out = page.give(Input::LoadNewer(Conversation::LOBBY));
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(95, 194));
    let out = page.give(Input::LoadNewer(Conversation::LOBBY));
    answer(&mut page, &house, &out);
    while page.view().pane().newer != Edge::End {
        assert_eq!(
            history_queries(&page.give(Input::LoadNewer(Conversation::LOBBY))),
            [],
            "all the rest is held"
        );
    }
    assert_eq!(page.texts(), whole(95, 301).split_off(0));
}

#[test]
fn a_jump_to_a_held_message_sends_no_request() {
    let house = talkative(100);
    let mut page = page_in_history(&house);
    assert_eq!(history_queries(&page.give(Input::Jump(Conversation::LOBBY, PageAnchor::Around(3 * 40)))), []);
    let view = page.view();
    let landed = view.pane().jump_target.unwrap();
    let row = view.pane().rows.iter().find(|row| row.key == landed.key).unwrap();
    assert_eq!(&*row.text, "40");
    page.give(Input::Jump(Conversation::LOBBY, PageAnchor::Around(3 * 40)));
    assert_ne!(page.view().pane().jump_target.unwrap().revision, landed.revision, "again is another jump");
}

#[test]
fn a_temporarily_refused_page_is_requested_again() {
    let house = talkative(150);
    let mut page = page_in_history(&house);
    let requests = history_queries(&page.give(Input::LoadOlder(Conversation::LOBBY)));
    let out = page.frame(House::error(requests[0].reference, ErrorCode::TooManyRequests));
    assert_eq!((history_queries(&out), page.view().pane().older), (vec![], Edge::Loading));
    assert!(scheduled(&out, Timer::Request).is_some());
    let out = page.fire_timer(Timer::Request);
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(1, 150));
}

#[test]
fn a_permanently_refused_page_can_be_requested_by_the_person() {
    let house = talkative(150);
    let mut page = page_in_history(&house);
    let requests = history_queries(&page.give(Input::LoadOlder(Conversation::LOBBY)));
    let out = page.frame(House::error(requests[0].reference, ErrorCode::RoomUnknown));
    assert_eq!((out, page.view().pane().older), (vec![], Edge::Failed));
    let out = page.give(Input::LoadOlder(Conversation::LOBBY));
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(1, 150));
}

#[test]
fn a_page_that_touches_nothing_is_not_merged() {
    let house = talkative(300);
    let mut page = page_in_history(&house);
    let requests = history_queries(&page.give(Input::LoadOlder(Conversation::LOBBY)));
    page.frame(house.history(requests[0].reference, LOBBY, PageAnchor::Before(3 * 150)));
    assert_eq!((page.texts(), page.view().pane().older), (whole(201, 300), Edge::Failed));
}

#[test]
fn a_missing_answer_ends_the_connection() {
    let house = talkative(150);
    let mut page = page_in_history(&house);
    page.give(Input::LoadOlder(Conversation::LOBBY));
    page.now += SETTLE_MS;
    assert!(close_code(&page.give(Input::TimerFired(Timer::Silence))).is_some());
    page.retry();
    let hello = page.give(Input::ConnectionOpened(page.socket));
    assert_eq!(history_queries(&hello), []);
    let out = page.frame(house.welcome(page.hello, &ann()));
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(1, 150));
}

#[test]
fn sending_jumps_to_the_newest_message() {
    let house = talkative(500);
    let mut page = page_in_history(&house);
    let out = page.give(Input::Jump(Conversation::LOBBY, PageAnchor::Date(5_000)));
    answer(&mut page, &house, &out);
    page.send(1, "7");
    assert_eq!(page.view().pane().rows.last().map(|row| row.text.to_string()).as_deref(), Some("7"));
    assert!(page.view().pane().following);
}

#[test]
fn unsettled_rows_are_shown_only_at_the_end_of_the_room() {
    let house = talkative(500);
    let mut page = page_in_history(&house);
    page.send(1, "7");
    let out = page.give(Input::Jump(Conversation::LOBBY, PageAnchor::Date(5_000)));
    answer(&mut page, &house, &out);
    assert_eq!(page.texts(), whole(1, 50));
}
