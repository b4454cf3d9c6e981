use crate::stage::*;
use client::input::Input;
use client::view::{ReadyState, RowState, View};
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
async fn a_new_version_is_never_loaded_over_a_draft_or_an_unsent_message() {
    let mut view = room();
    view.new_version = true;
    let mut stage = Stage::open(view.clone()).await;
    assert!(text("#new_version").starts_with("A new version is here."));
    let field = write("a draft").await;
    press("#reload_btn").await;
    assert!(text("#new_version").contains("The composer still has text"));
    assert_eq!(field.value(), "a draft");
    write("").await;
    let rows = with_rows([row(ME, 1, "on its way", RowState::Waiting)]).rows;
    stage.show(View { rows, ..view }).await;
    press("#reload_btn").await;
    assert!(text("#new_version").contains("not sent yet"));
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
