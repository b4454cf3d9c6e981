//! The place at which a person reads a room's history.

use crate::house::{House, LOBBY, member};
use crate::page::{Page, ann, bo, history_queries};
use client::effect::Effect;
use client::input::Input;
use client::limits::WINDOW_STEP_ROWS;
use shared::RoomId;
use shared::command::PageAnchor;

const TEA: RoomId = RoomId(7);

/// Answers the requests for history among these effects, and those that follow. Returns the requested anchors.
fn answer(page: &mut Page, house: &House, room: RoomId, effects: Vec<Effect>) -> Vec<PageAnchor> {
    let mut anchors = Vec::new();
    let mut queries = history_queries(&effects);
    while let Some(query) = queries.pop() {
        assert!(anchors.len() < 20, "{anchors:?}");
        anchors.push(query.at);
        let answer = house.history(query.reference, room, query.at);
        queries.extend(history_queries(&page.frame(answer)));
    }
    anchors
}

/// A house with 400 messages in a room, of which Ann reads those around the hundredth.
fn reader() -> (House, Page) {
    let mut house = House::with_room(1, 7, "tea");
    let frames = house.talk(TEA, 1..=400);
    let hundredth = shared::Event::parse(&frames[99]).unwrap().position().unwrap().n;
    let mut page = Page::welcome_in(&house);
    let out = page.give(Input::OpenRoom(TEA));
    answer(&mut page, &house, TEA, out);
    let out = page.give(Input::Jump(TEA.into(), PageAnchor::Around(hundredth)));
    answer(&mut page, &house, TEA, out);
    assert!(page.texts().contains(&100) && !page.texts().contains(&400));
    (house, page)
}

/// Ann comes back after Bo took another name and 600 messages in the lobby were missed.
fn return_to_a_reset(house: &mut House, page: &mut Page) -> Vec<PageAnchor> {
    let n = house.through().through.n;
    house.rename(member(2, "Bob"));
    (1..=600).for_each(|number| drop(house.post(&member(3, "Cy"), 5_000 + number, "x")));
    page.reconnect_to_hello();
    page.frame(house.welcome_back(page.hello, &ann(), n));
    let out = page.frame(house.reset(None, LOBBY, 50));
    let mut anchors = answer(page, house, TEA, out);
    let out = page.frame(house.caught_up());
    anchors.extend(answer(page, house, TEA, out));
    anchors
}

fn names(page: &mut Page) -> Vec<String> {
    let mut names: Vec<String> = page.view().pane().rows.iter().map(|row| row.name.to_string()).collect();
    names.dedup();
    names
}

#[test]
fn a_reset_of_the_lobby_keeps_the_place_in_the_open_room_and_updates_its_names() {
    let (mut house, mut page) = reader();
    let before = page.texts();
    assert_eq!(names(&mut page), ["Bo"]);
    let requested = return_to_a_reset(&mut house, &mut page);
    assert!(requested.iter().all(|at| matches!(at, PageAnchor::After(_))), "{requested:?}");
    let view = page.view();
    assert_eq!((view.room(), view.pane().following), (TEA, false));
    assert_eq!((page.texts(), names(&mut page)), (before.clone(), vec!["Bob".to_owned()]));
    // The messages around the window are loaded again.
    let out = page.give(Input::LoadOlder(TEA.into()));
    answer(&mut page, &house, TEA, out);
    assert_eq!(
        (page.texts()[0], names(&mut page)),
        (before[0] - WINDOW_STEP_ROWS as u64, vec!["Bob".to_owned()])
    );
}

#[test]
fn a_reset_of_the_lobby_keeps_the_newest_messages_of_the_open_room() {
    let (mut house, mut page) = reader();
    page.give(Input::JumpToLatest(TEA.into()));
    let before = page.texts();
    return_to_a_reset(&mut house, &mut page);
    assert_eq!((page.texts(), names(&mut page)), (before, vec!["Bob".to_owned()]));
    assert!(page.view().pane().following);
}

#[test]
fn a_reset_of_the_lobby_keeps_the_place_in_a_room_that_is_not_open() {
    let (mut house, mut page) = reader();
    let before = page.texts();
    page.give(Input::OpenRoom(LOBBY));
    assert_eq!(return_to_a_reset(&mut house, &mut page), []);
    let out = page.give(Input::OpenRoom(TEA));
    assert_eq!(page.texts(), before);
    answer(&mut page, &house, TEA, out);
    assert_eq!((page.texts(), names(&mut page)), (before, vec!["Bob".to_owned()]));
}

#[test]
fn a_room_read_in_the_middle_opens_there_again() {
    let (mut house, mut page) = reader();
    let before = page.texts();
    let out = page.give(Input::OpenRoom(LOBBY));
    answer(&mut page, &house, LOBBY, out);
    let posted = house.post_in(TEA, &bo(), 9_999, "401");
    page.frame(posted);
    assert_eq!(page.give(Input::OpenRoom(TEA)), []);
    let view = page.view();
    assert_eq!((page.texts(), view.pane().following, view.pane().new_below), (before, false, 1));
    // A room that was read at its end opens at its end.
    page.give(Input::JumpToLatest(TEA.into()));
    page.give(Input::OpenRoom(LOBBY));
    page.give(Input::OpenRoom(TEA));
    assert!(page.view().pane().following);
    assert!(page.texts().len() <= 2 * WINDOW_STEP_ROWS && page.texts().contains(&401));
}
