use crate::stage::*;
use client::input::Input;
use shared::limits::TEXT_BYTES_MAX;
use shared::{ClientId, RoomId};
use wasm_bindgen_test::wasm_bindgen_test;

fn sent(inputs: Vec<Input>) -> Vec<String> {
    let text = |input| match input {
        Input::Send { text, room: RoomId::LOBBY, client_id } if client_id != ClientId([0; 16]) => text,
        other => panic!("{other:?}"),
    };
    inputs.into_iter().map(text).collect()
}

#[wasm_bindgen_test]
async fn enter_sends_and_empties_the_field() {
    let stage = Stage::open(room()).await;
    let field = write("第一句\n第二句").await;
    assert!(enter("#send_str", |_| {}).await);
    assert_eq!(sent(stage.emitted()), ["第一句\n第二句"]);
    assert_eq!(field.value(), "");
    write("by the button").await;
    press("#send_btn").await;
    assert_eq!(sent(stage.emitted()), ["by the button"]);
}

#[wasm_bindgen_test]
async fn two_messages_have_two_ids() {
    let stage = Stage::open(room()).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        write("tea").await;
        press("#send_btn").await;
        let [Input::Send { client_id, .. }] = stage.emitted()[..] else { panic!("nothing was sent") };
        ids.push(client_id);
    }
    assert_ne!(ids[0], ids[1]);
}

#[wasm_bindgen_test]
async fn shift_enter_breaks_the_line() {
    let stage = Stage::open(room()).await;
    write("one").await;
    assert!(!enter("#send_str", |init| init.set_shift_key(true)).await);
    assert!(stage.emitted().is_empty());
}

#[wasm_bindgen_test]
async fn an_enter_of_an_input_method_never_sends() {
    let stage = Stage::open(room()).await;
    let field = write("cha guan").await;
    assert!(!enter("#send_str", |init| init.set_is_composing(true)).await);
    assert!(!enter("#send_str", |init| init.set_key_code(229)).await);
    assert!(stage.emitted().is_empty());
    assert_eq!(field.value(), "cha guan");
    // The control: the same key outside a composition.
    assert!(enter("#send_str", |_| {}).await);
    assert_eq!(sent(stage.emitted()), ["cha guan"]);
}

#[wasm_bindgen_test]
async fn what_cannot_be_sent_is_kept_and_told() {
    let stage = Stage::open(room()).await;
    for (text_in, reason) in [
        ("", "Write something before you send."),
        (" \n\t", "Write something before you send."),
        (&"a".repeat(TEXT_BYTES_MAX + 1), "Too long by 1 bytes"),
    ] {
        let field = write(text_in).await;
        assert!(enter("#send_str", |_| {}).await);
        assert!(stage.emitted().is_empty());
        assert!(text("#send_error").starts_with(reason), "{}", text("#send_error"));
        assert_eq!(field.value(), text_in);
    }
    // The reason goes as soon as the text can be sent.
    write(&"a".repeat(TEXT_BYTES_MAX)).await;
    assert_eq!(text("#send_error"), "");
    press("#send_btn").await;
    assert_eq!(sent(stage.emitted())[0].len(), TEXT_BYTES_MAX);
}

#[wasm_bindgen_test]
async fn a_full_outbox_keeps_the_text() {
    let mut view = room();
    view.can_send = false;
    let stage = Stage::open(view).await;
    let field = write("one too many").await;
    press("#send_btn").await;
    assert!(stage.emitted().is_empty());
    assert_eq!(field.value(), "one too many");
    assert!(text("#send_error").starts_with("Too many messages"));
}

#[wasm_bindgen_test]
async fn the_field_grows_to_a_few_lines_and_no_further() {
    let _stage = Stage::open(room()).await;
    let one = write("one").await.offset_height();
    let three = write("1\n2\n3").await.offset_height();
    let six = write("1\n2\n3\n4\n5\n6").await.offset_height();
    let sixty = write(&"line\n".repeat(60)).await.offset_height();
    assert!(one < three && three < six, "{one} {three} {six}");
    assert!(sixty < 2 * six && sixty >= six, "{six} {sixty}");
    press("#send_btn").await;
    assert_eq!(find("#send_str").offset_height(), one);
}

#[wasm_bindgen_test]
async fn text_that_came_in_without_an_input_event_counts() {
    use wasm_bindgen::JsCast;
    let stage = Stage::open(room()).await;
    let field: web_sys::HtmlTextAreaElement = find("#send_str").unchecked_into();
    field.set_value("put there by a script");
    press("#send_btn").await;
    assert_eq!(sent(stage.emitted()), ["put there by a script"]);
}

#[wasm_bindgen_test]
async fn waiting_messages_are_counted_above_the_field() {
    let mut view = room();
    view.waiting = 2;
    let _stage = Stage::open(view).await;
    assert_eq!(text(".waiting_line"), "Waiting for the connection: 2");
}
