use crate::stage::*;
use client::view::{Row, RowState};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

fn rows(count: u8) -> Vec<Row> {
    (1..=count).map(|number| row(2, number, "a line of tea", RowState::Settled)).collect()
}

fn from_the_end(list: &Element) -> i32 {
    list.scroll_height() - list.scroll_top() - list.client_height()
}

#[track_caller]
fn assert_at_end(list: &Element) {
    let left = from_the_end(list);
    assert!(left <= 1, "{left} px from the end, at {} of {}", list.scroll_top(), list.scroll_height());
}

#[wasm_bindgen_test]
async fn the_list_stays_at_its_end_while_the_reader_is_there() {
    let mut stage = Stage::open(with_rows(rows(120))).await;
    let list: Element = find(".scroll").into();
    next_frame().await;
    assert!(list.scroll_height() > list.client_height(), "the list does not scroll");
    assert_at_end(&list);
    stage.show(with_rows(rows(121))).await;
    assert_at_end(&list);
    // The composer grows, the list shrinks.
    write("1\n2\n3\n4").await;
    next_frame().await;
    assert_at_end(&list);
}

#[wasm_bindgen_test]
async fn a_reader_of_older_messages_is_not_moved_but_told() {
    let mut stage = Stage::open(with_rows(rows(120))).await;
    let list: Element = find(".scroll").into();
    next_frame().await;
    list.set_scroll_top(10);
    next_frame().await;
    stage.show(with_rows(rows(121))).await;
    next_frame().await;
    assert_eq!(list.scroll_top(), 10);
    press("#new_messages").await;
    assert_at_end(&list);
    assert!(maybe("#new_messages").is_none());
}

#[wasm_bindgen_test]
async fn ones_own_message_is_gone_to_from_anywhere() {
    let mut stage = Stage::open(with_rows(rows(120))).await;
    let list: Element = find(".scroll").into();
    next_frame().await;
    list.set_scroll_top(10);
    next_frame().await;
    let mine = row(ME, 200, "mine", RowState::Sending);
    stage.show(with_rows(rows(120).into_iter().chain([mine.clone()]))).await;
    assert_at_end(&list);
    // A refused row stays last; what others say is news all the same.
    list.set_scroll_top(10);
    next_frame().await;
    let refused = Row { state: RowState::Failed(shared::ErrorCode::RoomUnknown), ..mine };
    stage.show(with_rows(rows(121).into_iter().chain([refused]))).await;
    next_frame().await;
    assert_eq!(list.scroll_top(), 10);
    assert!(maybe("#new_messages").is_some());
}
