use crate::fixture::*;
use client::input::Conversation;
use client::input::Input;
use client::view::{Edge, JumpTarget, Row, RowKey, RowState};
use shared::RoomId;
use shared::command::PageAnchor;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

/// Rows of several heights by several authors, so that bylines come and go with the rows before them.
fn rows(numbers: std::ops::Range<u16>) -> Vec<Row> {
    let text = |number: u16| "a line of tea ".repeat(usize::from(number % 7 * number % 5 + 1) * 3);
    let author = |number: u16| 2 + u64::from(number / 3 % 2);
    numbers.map(|number| row(author(number), number, &text(number), RowState::Settled)).collect()
}

/// Parts of a person who does not follow the end, with more messages at both ends.
fn reading(numbers: std::ops::Range<u16>) -> Parts {
    Parts { following: false, older: Edge::More, newer: Edge::More, ..with_rows(rows(numbers)) }
}

fn list() -> Element {
    find(".scroll").into()
}

fn from_the_end(list: &Element) -> i32 {
    list.scroll_height() - list.scroll_top() - list.client_height()
}

#[track_caller]
fn assert_at_end(list: &Element) {
    let left = from_the_end(list);
    assert!(left <= 1, "{left} px from the end, at {} of {}", list.scroll_top(), list.scroll_height());
}

/// Distance in CSS pixels from the list's top edge down to a message's text.
#[track_caller]
fn offset(key: RowKey) -> f64 {
    let text = find(&format!("p[data-key='{key}']"));
    text.get_bounding_client_rect().top() - list().get_bounding_client_rect().top()
}

/// Scrolls the list so that a message's text begins in its middle.
async fn read_at(key: RowKey) {
    list().scroll_by_with_x_and_y(0.0, offset(key) - f64::from(list().client_height()) / 2.0);
    next_frame().await;
}

#[wasm_bindgen_test]
async fn a_room_read_in_its_middle_is_scrolled_there_again() {
    let rooms = vec![room_item(1, ""), room_item(2, "tea")];
    let reading = || Parts { rooms: rooms.clone(), ..reading(0..120) };
    let mut fixture = Fixture::open(reading()).await;
    let key = rows(60..61)[0].key;
    read_at(key).await;
    let before = offset(key);
    fixture.show(Parts { rooms: rooms.clone(), room: RoomId(2), ..with_rows([]) }).await;
    next_frame().await;
    fixture.show(reading()).await;
    assert!((offset(key) - before).abs() < 1.0, "{} and {before}", offset(key));
    next_frame().await;
    assert!((offset(key) - before).abs() < 1.0, "{} and {before}", offset(key));
}

#[wasm_bindgen_test]
async fn the_list_stays_at_its_end_while_the_person_is_there() {
    let mut fixture = Fixture::open(with_rows(rows(0..120))).await;
    let list = list();
    next_frame().await;
    assert!(list.scroll_height() > list.client_height(), "the list does not scroll");
    assert_at_end(&list);
    fixture.show(with_rows(rows(0..121))).await;
    assert_at_end(&list);
    // The composer grows, the list shrinks.
    write("1\n2\n3\n4").await;
    next_frame().await;
    assert_at_end(&list);
    // Rows are let go of at the start.
    fixture.show(with_rows(rows(60..122))).await;
    assert_at_end(&list);
    assert!(fixture.take_inputs().is_empty(), "the client knows that it is followed");
}

#[wasm_bindgen_test]
async fn the_list_does_not_move_a_person_who_reads_older_messages() {
    let mut fixture = Fixture::open(with_rows(rows(0..120))).await;
    let list = list();
    next_frame().await;
    list.set_scroll_top(10);
    next_frame().await;
    assert_eq!(fixture.take_inputs(), [Input::FollowEnd(Conversation::LOBBY, false)]);
    let news =
        |new_below| Parts { following: false, new_below, ..with_rows(rows(0..120 + new_below as u16)) };
    fixture.show(news(0)).await;
    assert_eq!(text("#new_messages"), "Jump to latest");
    fixture.show(news(3)).await;
    next_frame().await;
    assert_eq!(list.scroll_top(), 10);
    assert_eq!(text("#new_messages"), "3 new messages");
    press("#new_messages").await;
    assert_eq!(fixture.take_inputs(), [Input::JumpToLatest(Conversation::LOBBY)]);
    fixture.show(with_rows(rows(0..123))).await;
    assert_at_end(&list);
    assert!(maybe("#new_messages").is_none());
}

#[wasm_bindgen_test]
async fn a_return_to_the_end_is_emitted() {
    let mut fixture = Fixture::open(with_rows(rows(0..120))).await;
    next_frame().await;
    list().set_scroll_top(10);
    next_frame().await;
    fixture.show(Parts { following: false, ..with_rows(rows(0..120)) }).await;
    list().set_scroll_top(list().scroll_height());
    next_frame().await;
    assert_eq!(
        fixture.take_inputs(),
        [Input::FollowEnd(Conversation::LOBBY, false), Input::FollowEnd(Conversation::LOBBY, true)]
    );
}

#[wasm_bindgen_test]
async fn the_end_of_the_window_is_not_the_end_of_the_room() {
    let fixture = Fixture::open(reading(0..120)).await;
    list().set_scroll_top(list().scroll_height());
    next_frame().await;
    assert!(!fixture.take_inputs().contains(&Input::FollowEnd(Conversation::LOBBY, true)));
}

#[wasm_bindgen_test]
async fn an_own_message_scrolls_to_the_end_from_anywhere() {
    let mut fixture = Fixture::open(with_rows(rows(0..120))).await;
    let list = list();
    next_frame().await;
    list.set_scroll_top(10);
    next_frame().await;
    fixture.show(Parts { following: false, ..with_rows(rows(0..120)) }).await;
    // Who sends follows again: the client says so.
    let mine = row(ME, 200, "mine", RowState::Sending);
    fixture.show(with_rows(rows(0..120).into_iter().chain([mine]))).await;
    assert_at_end(&list);
}

#[wasm_bindgen_test]
async fn older_messages_are_added_above_without_a_jump() {
    let mut fixture = Fixture::open(reading(100..200)).await;
    let key = rows(110..111)[0].key;
    read_at(key).await;
    let before = offset(key);
    for from in [50, 0] {
        fixture.show(reading(from..200)).await;
        assert!((offset(key) - before).abs() < 1.0, "from {from}: moved by {}", offset(key) - before);
    }
    next_frame().await;
    assert!((offset(key) - before).abs() < 1.0);
}

#[wasm_bindgen_test]
async fn the_list_does_not_jump_when_the_first_row_loses_its_byline() {
    let mut fixture = Fixture::open(reading(101..200)).await;
    let first = rows(101..102)[0].key;
    list().set_scroll_top(0);
    next_frame().await;
    let before = offset(first);
    assert!(find(&format!(".message:has(p[data-key='{first}'])")).class_list().contains("has_byline"));
    fixture.show(reading(51..200)).await;
    assert!(!find(&format!(".message:has(p[data-key='{first}'])")).class_list().contains("has_byline"));
    assert!((offset(first) - before).abs() < 1.0, "moved by {}", offset(first) - before);
}

#[wasm_bindgen_test]
async fn the_list_does_not_jump_when_the_window_moves() {
    let mut fixture = Fixture::open(reading(0..300)).await;
    let key = rows(280..281)[0].key;
    read_at(key).await;
    let before = offset(key);
    // There and back, many times: nothing adds up.
    for _ in 0..10 {
        fixture.show(reading(50..350)).await;
        fixture.show(reading(0..300)).await;
        next_frame().await;
    }
    fixture.show(reading(50..350)).await;
    assert!((offset(key) - before).abs() < 1.0, "moved by {}", offset(key) - before);
    assert!(page().query_selector_all("#char_list .message").unwrap().length() <= 300);
}

#[wasm_bindgen_test]
async fn the_list_keeps_its_place_when_its_size_changes() {
    let _fixture = Fixture::open(reading(0..200)).await;
    let key = rows(100..101)[0].key;
    list().scroll_by_with_x_and_y(0.0, offset(key));
    next_frame().await;
    let before = offset(key);
    // The texts above it take more lines.
    find("#app").class_list().add_1("narrow").unwrap();
    let style = find("#app").style();
    style.set_property("width", "340px").unwrap();
    next_frame().await;
    assert!((offset(key) - before).abs() < 1.0, "moved by {}", offset(key) - before);
}

#[wasm_bindgen_test]
async fn messages_beyond_an_edge_are_requested_once() {
    let mut fixture = Fixture::open(reading(100..200)).await;
    next_frame().await;
    fixture.take_inputs();
    list().set_scroll_top(30);
    next_frame().await;
    list().set_scroll_top(20);
    next_frame().await;
    let older = |fixture: &Fixture| {
        fixture.take_inputs().iter().filter(|input| **input == Input::LoadOlder(Conversation::LOBBY)).count()
    };
    assert!(older(&fixture) <= 1);
    fixture.show(Parts { older: Edge::Loading, ..reading(100..200) }).await;
    next_frame().await;
    assert_eq!(older(&fixture), 0);
    fixture.show(reading(50..200)).await;
    list().set_scroll_top(0);
    next_frame().await;
    assert_eq!(older(&fixture), 1);
    fixture.show(Parts { older: Edge::End, ..reading(50..200) }).await;
    next_frame().await;
    assert_eq!(older(&fixture), 0);
    fixture.take_inputs();
    list().set_scroll_top(list().scroll_height());
    next_frame().await;
    assert!(fixture.take_inputs().contains(&Input::LoadNewer(Conversation::LOBBY)));
}

#[wasm_bindgen_test]
async fn a_failed_edge_is_requested_again_by_its_button() {
    let view = Parts { older: Edge::Failed, newer: Edge::Failed, ..reading(0..120) };
    let fixture = Fixture::open(view).await;
    list().set_scroll_top(0);
    next_frame().await;
    fixture.take_inputs();
    press(".edge:first-child .retry").await;
    press(".edge:last-child .retry").await;
    assert_eq!(
        fixture.take_inputs(),
        [Input::LoadOlder(Conversation::LOBBY), Input::LoadNewer(Conversation::LOBBY)]
    );
}

#[wasm_bindgen_test]
async fn a_jump_centres_its_row_and_marks_it() {
    let key = rows(60..61)[0].key;
    let landed = |revision| Parts { jump_target: Some(JumpTarget { key, revision }), ..reading(10..110) };
    // An earlier visit's jump is none of this one's.
    let mut fixture = Fixture::open(Parts { following: true, newer: Edge::End, ..landed(1) }).await;
    next_frame().await;
    assert_at_end(&list());
    assert!(maybe(".marked, .marked_too").is_none());
    fixture.show(landed(2)).await;
    next_frame().await;
    let text = find(".marked p");
    assert_eq!(text.get_attribute("data-key").unwrap(), key.to_string());
    let middle = offset(key) + text.get_bounding_client_rect().height() / 2.0;
    let wanted = f64::from(list().client_height()) / 2.0;
    assert!((middle - wanted).abs() <= 1.0, "{middle} and not {wanted}");
    fixture.show(landed(3)).await;
    assert!(maybe(".marked_too").is_some(), "the same row is marked anew");
    assert_eq!(
        fixture
            .take_inputs()
            .iter()
            .filter(|input| matches!(input, Input::Jump(Conversation::LOBBY, PageAnchor::Newest)))
            .count(),
        0
    );
}
