use crate::stage::*;
use client::input::Input;
use client::stored::{Body, Owner};
use client::view::{LeftBehind, Pending, ReadyState, RoomItem, RowState, View};
use shared::{Epoch, ErrorCode, MemberId};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_real_ready_state_is_always_said() {
    let mut stage = Stage::open(room()).await;
    for (ready_state, number, word) in [
        (ReadyState::Connecting, "0", "connecting"),
        (ReadyState::Open, "1", "open"),
        (ReadyState::Closing, "2", "closing"),
        (ReadyState::Closed, "3", "closed"),
    ] {
        let mut view = room();
        view.link.ready_state = ready_state;
        stage.show(view).await;
        let pill = find("#ready_state");
        assert_eq!(pill.get_attribute("data-state").as_deref(), Some(number));
        assert_eq!(pill.text_content().as_deref(), Some(word));
        assert_eq!(pill.get_attribute("title").unwrap(), format!("readyState {number}: {word}"));
        assert_eq!(maybe("#reconnect_btn").is_some(), ready_state != ReadyState::Open);
    }
    assert_eq!(page().query_selector_all("#ready_state").unwrap().length(), 1);
}

#[wasm_bindgen_test]
async fn a_retry_is_counted_down_and_can_be_had_at_once() {
    let mut view = room();
    view.link.ready_state = ReadyState::Closed;
    view.link.retry_at = Some(frontend::clock::now() + 9_500);
    let stage = Stage::open(view).await;
    assert_eq!(text(".notice_text"), "No connection. Next attempt in 10 s.");
    press("#reconnect_btn").await;
    assert_eq!(stage.emitted(), [Input::ReconnectNow]);
}

#[wasm_bindgen_test]
async fn where_nothing_is_stored_a_new_version_is_never_loaded_over_a_draft_or_an_unsent_message() {
    let mut view = room();
    view.new_version = true;
    view.memory_only = true;
    let mut stage = Stage::open(view.clone()).await;
    assert!(text("#new_version").starts_with("A new version is here."));
    assert!(maybe("#reload_btn").is_some());
    let drafted = View { draft: with_draft("a draft", 1).draft, ..view.clone() };
    stage.show(drafted.clone()).await;
    assert!(text("#new_version").contains("Some text is not sent yet"));
    assert!(maybe("#reload_btn").is_none());
    let elsewhere = RoomItem { draft: true, ..room_item(2, "tea") };
    stage.show(View { rooms: [elsewhere].into(), ..view.clone() }).await;
    assert!(maybe("#reload_btn").is_none());
    let rows = with_rows([row(ME, 1, "on its way", RowState::Waiting)]).rows;
    stage.show(View { rows, ..view }).await;
    assert!(text("#new_version").contains("Some messages are not sent yet"));
    assert!(maybe("#reload_btn").is_none());
    // Where it is stored it is there again afterwards.
    stage.show(View { memory_only: false, ..drafted }).await;
    assert!(maybe("#reload_btn").is_some());
}

#[wasm_bindgen_test]
async fn what_another_left_behind_is_counted_and_dropped_only_when_asked_twice() {
    let owner = Owner { epoch: Some(Epoch(7)), member: MemberId(9) };
    let left = LeftBehind { owner, name: "Jonas".into(), rows: 2, drafts: 1 };
    let stage = Stage::open(View { left_behind: [left].into(), ..room() }).await;
    let told = "Jonas left on this device: unsent messages 2, drafts 1.";
    assert_eq!(text("#left_behind .notice_text"), told);
    press("#left_behind .take").await;
    assert_eq!(stage.emitted(), [Input::TakeOver(owner)]);
    press("#left_btn").await;
    assert!(stage.emitted().is_empty());
    press("#left_yes").await;
    assert_eq!(stage.emitted(), [Input::DropLeft(owner)]);
}

#[wasm_bindgen_test]
async fn a_rooms_command_that_was_refused_is_told_with_its_reason() {
    let key = row(ME, 4, "", RowState::Settled).key;
    let body = Body::Create { name: "tea".to_owned(), description: String::new() };
    let pending = Pending { key, body, state: RowState::Failed(ErrorCode::NameTaken) };
    let stage = Stage::open(View { pending: [pending].into(), ..room() }).await;
    let told = text("#refused_command .notice_text");
    assert_eq!(
        told,
        "The room “tea” could not be made. Another room has this name, or one that looks like it."
    );
    press("#refused_command .retry").await;
    press("#refused_command .discard").await;
    assert_eq!(stage.emitted(), [Input::Retry(key), Input::Discard(key)]);
}

#[wasm_bindgen_test]
async fn what_was_missed_is_said_to_be_coming() {
    let mut stage = Stage::open(View { catching_up: true, ..room() }).await;
    assert_eq!(text("#catching_up"), "Fetching what you missed…");
    stage.show(View { jumping: true, ..room() }).await;
    assert!(maybe("#jumping").is_some());
    stage.show(View { jump_failed: true, ..room() }).await;
    assert!(maybe("#jump_failed").is_some());
    stage.show(room()).await;
    assert!(maybe(".notice").is_none());
}

#[wasm_bindgen_test]
async fn a_new_epoch_is_told_until_it_is_dismissed() {
    let mut view = room();
    view.new_epoch = true;
    let stage = Stage::open(view).await;
    assert!(text("#new_epoch").contains("not kept"));
    press("#new_epoch button").await;
    assert_eq!(stage.emitted(), [Input::DismissEpoch]);
}
