//! Unread messages: the line above the new ones, the bar that stands for it, what was seen, and the numbers.

use crate::fixture::*;
use client::input::{Conversation, Input};
use client::limits::SEEN_MS;
use client::view::{NewLine, RoomItem, Row, RowKey, RowState};
use frontend::title;
use shared::RoomId;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

fn rows(numbers: std::ops::Range<u16>) -> Vec<Row> {
    numbers.map(|number| row(2, number, "a line of tea", RowState::Settled)).collect()
}

fn key(number: u16) -> RowKey {
    row(2, number, "", RowState::Settled).key
}

/// A room with the line above this row.
fn new_from(number: u16, is_unread: bool) -> Parts {
    let line = NewLine { before: Some(key(number)), count: 12, since: Some(0), is_unread };
    Parts { line: Some(line), ..with_rows(rows(0..120)) }
}

fn list() -> Element {
    find(".scroll").into()
}

/// Distance in CSS pixels from the list's top edge down to the line.
fn line_offset() -> f64 {
    find(".new_line").get_bounding_client_rect().top() - list().get_bounding_client_rect().top()
}

async fn wait(ms: u64) {
    let done = js_sys::Promise::new(&mut |resolve, _| {
        let window = web_sys::window().unwrap();
        window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms as i32).unwrap();
    });
    wasm_bindgen_futures::JsFuture::from(done).await.unwrap();
    next_frame().await;
}

#[wasm_bindgen_test]
async fn a_list_opens_with_its_line_at_a_quarter_of_its_height() {
    let mut fixture = Fixture::open(new_from(20, true)).await;
    next_frame().await;
    assert_eq!(text(".new_line"), "New");
    let following = find(".new_line").next_element_sibling().unwrap();
    assert!(following.query_selector(&format!("p[data-key='{}']", key(20))).unwrap().is_some());
    let wanted = f64::from(list().client_height()) / 4.0;
    assert!((line_offset() - wanted).abs() < 2.0, "{} of {wanted}", line_offset());
    assert_eq!(fixture.take_inputs(), [Input::FollowEnd(Conversation::LOBBY, false)]);
    // What follows moves nothing.
    let more = Parts { following: false, ..new_from(20, true) };
    fixture.show(more).await;
    next_frame().await;
    assert!((line_offset() - wanted).abs() < 2.0);
    assert!(maybe("#new_bar").is_none(), "the line is in sight");
}

#[wasm_bindgen_test]
async fn a_line_that_comes_later_scrolls_nothing() {
    let mut fixture = Fixture::open(with_rows(rows(0..120))).await;
    next_frame().await;
    let end = list().scroll_top();
    fixture.show(new_from(20, true)).await;
    next_frame().await;
    assert!(list().scroll_top() >= end, "{} of {end}", list().scroll_top());
    assert_eq!(fixture.take_inputs(), []);
}

#[wasm_bindgen_test]
async fn a_line_at_the_beginning_of_a_day_is_one_line() {
    let _fixture = Fixture::open(new_from(0, true)).await;
    assert!(find(".new_line").text_content().unwrap().ends_with("New"));
    assert!(find(".new_line").text_content().unwrap().len() > 3, "with the name of the day");
}

#[wasm_bindgen_test]
async fn a_bar_stands_for_the_line_while_it_is_out_of_sight() {
    let reading = || Parts { following: false, ..new_from(5, true) };
    let mut fixture = Fixture::open(reading()).await;
    next_frame().await;
    list().set_scroll_top(list().scroll_height());
    next_frame().await;
    assert!(text("#line_btn").starts_with("12 new since "), "{}", text("#line_btn"));
    assert!(maybe("#new_messages").is_none(), "the bar leads to the newest message too");
    fixture.take_inputs();
    press("#latest_btn").await;
    press("#read_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::JumpToLatest(Conversation::LOBBY), Input::MarkRead]);
    press("#line_btn").await;
    next_frame().await;
    assert!(line_offset() >= 0.0 && maybe("#new_bar").is_none());
    // Once seen and read, it needs no bar.
    fixture.show(Parts { following: false, ..new_from(5, false) }).await;
    list().set_scroll_top(list().scroll_height());
    next_frame().await;
    assert!(maybe("#new_bar").is_none());
}

#[wasm_bindgen_test]
async fn the_bar_asks_for_a_line_that_is_not_loaded() {
    let line = NewLine { before: None, count: 1_000, since: None, is_unread: true };
    let fixture =
        Fixture::open(Parts { line: Some(line), following: false, ..with_rows(rows(0..120)) }).await;
    next_frame().await;
    assert_eq!(text("#line_btn"), "1000 new messages");
    fixture.take_inputs();
    press("#line_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::JumpToLine]);
}

#[wasm_bindgen_test]
async fn the_last_row_in_sight_is_seen_after_half_a_second() {
    let mut fixture = Fixture::open(with_rows(rows(0..120))).await;
    next_frame().await;
    wait(2 * SEEN_MS + 200).await;
    assert_eq!(fixture.take_seen(), [key(119)]);
    wait(SEEN_MS + 200).await;
    assert_eq!(fixture.take_seen(), [], "it is reported once");
    fixture.show(Parts { following: false, ..with_rows(rows(0..160)) }).await;
    list().set_scroll_top(10);
    wait(2 * SEEN_MS + 200).await;
    let seen = fixture.take_seen();
    let [seen] = seen[..] else { panic!("{seen:?}") };
    let text = find(&format!("p[data-key='{seen}']")).get_bounding_client_rect();
    let edge = list().get_bounding_client_rect().bottom();
    assert!(text.top() < edge && text.bottom() > edge - 2.0 * text.height(), "{} at {edge}", text.top());
}

#[wasm_bindgen_test]
async fn the_menu_button_counts_the_unread_messages_of_other_rooms() {
    let rooms = |unread| {
        let open = RoomItem { unread: 9, ..room_item(2, "tea") };
        [room_item(1, ""), open, RoomItem { unread, ..room_item(5, "hike") }].into()
    };
    let mut fixture = Fixture::open(Parts { rooms: rooms(3), room: RoomId(2), ..room() }).await;
    // A wide window has no menu button.
    if maybe("#menu_btn").is_some() {
        assert_eq!(text("#menu_btn .count"), "3");
        let label = find("#menu_btn").get_attribute("aria-label").unwrap();
        assert_eq!(label, "Rooms and settings, 3 unread");
        fixture.show(Parts { rooms: rooms(0), room: RoomId(2), ..room() }).await;
        assert!(maybe("#menu_btn .count").is_none());
    }
}

#[wasm_bindgen_test]
async fn the_title_begins_with_the_number_of_unread_messages() {
    let _fixture = Fixture::open(room()).await;
    for (count, title) in
        [(1, "(1) Lobby · Teahouse"), (100, "(99+) Lobby · Teahouse"), (0, "Lobby · Teahouse")]
    {
        title::set_count(count);
        assert_eq!(page().title(), title);
    }
}
