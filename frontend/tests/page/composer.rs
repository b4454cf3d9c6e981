use crate::fixture::*;
use client::input::Conversation;
use client::input::Input;
use client::view::{AtRisk, DraftView};
use shared::limits::TEXT_BYTES_MAX;
use shared::{ClientId, RoomId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlTextAreaElement;

fn sent(inputs: Vec<Input>) -> Vec<String> {
    let text = |input| match input {
        Input::Send { text, conversation: Conversation::LOBBY, client_id }
            if client_id != ClientId([0; 16]) =>
        {
            text
        }
        other => panic!("{other:?}"),
    };
    inputs.into_iter().map(text).collect()
}

fn field() -> HtmlTextAreaElement {
    find("#send_str").unchecked_into()
}

/// Dispatches a composition event to the composer's field, as an input method does.
async fn compose(event: &str) {
    let event = web_sys::Event::new(event).unwrap();
    find("#send_str").dispatch_event(&event).unwrap();
    yew::scheduler::flush().await;
}

#[wasm_bindgen_test]
async fn enter_sends_and_the_client_clears_the_field() {
    let mut fixture = Fixture::open(room()).await;
    let field = write("第一句\n第二句").await;
    assert!(enter("#send_str", |_| {}).await);
    assert_eq!(sent(fixture.take_inputs()), ["第一句\n第二句"]);
    assert_eq!(field.value(), "第一句\n第二句");
    fixture.show(with_draft("", 1)).await;
    assert_eq!(field.value(), "");
    write("by the button").await;
    press("#send_btn").await;
    assert_eq!(sent(fixture.take_inputs()), ["by the button"]);
}

#[wasm_bindgen_test]
async fn each_input_is_emitted_and_a_change_by_the_client_is_shown() {
    let mut fixture = Fixture::open(with_draft("from the last visit", 3)).await;
    let field = field();
    assert_eq!(field.value(), "from the last visit");
    assert!(fixture.take_drafts().is_empty(), "nobody typed that");
    write("from the last visit, and more").await;
    assert_eq!(fixture.take_drafts(), [(RoomId::LOBBY, "from the last visit, and more".to_owned())]);
    // The same revision: what the client holds is what was typed, whatever the view has.
    fixture.show(with_draft("from the last visit", 3)).await;
    assert_eq!(field.value(), "from the last visit, and more");
    fixture.show(with_draft("before\nfrom the last visit, and more", 4)).await;
    assert_eq!(field.value(), "before\nfrom the last visit, and more");
}

#[wasm_bindgen_test]
async fn text_typed_during_a_send_stays() {
    let mut fixture = Fixture::open(room()).await;
    let field = write("sent").await;
    assert!(enter("#send_str", |_| {}).await);
    fixture.take_drafts();
    // The client has not answered yet when the next key is pressed.
    field.set_value("sent and");
    fixture.show(with_draft("", 1)).await;
    assert_eq!(field.value(), " and");
    assert_eq!(fixture.take_drafts(), [(RoomId::LOBBY, " and".to_owned())]);
}

#[wasm_bindgen_test]
async fn a_composition_is_not_interrupted_when_the_draft_changes() {
    let mut fixture = Fixture::open(room()).await;
    let field = write("sent").await;
    assert!(enter("#send_str", |_| {}).await);
    fixture.take_drafts();
    fixture.take_inputs();
    compose("compositionstart").await;
    write("sentcha g").await;
    fixture.show(with_draft("cha g", 1)).await;
    assert_eq!(field.value(), "sentcha g", "under the input method's hands nothing moves");
    write("sentcha guan").await;
    // What the client is told is what the field stands for.
    assert_eq!(fixture.take_drafts().last().unwrap().1, "cha guan");
    write("sent茶馆").await;
    compose("compositionend").await;
    assert_eq!(field.value(), "茶馆");
    assert_eq!(fixture.take_drafts().last().unwrap().1, "茶馆");
    assert!(enter("#send_str", |_| {}).await);
    assert_eq!(sent(fixture.take_inputs()), ["茶馆"]);
}

#[wasm_bindgen_test]
async fn each_room_has_its_own_draft() {
    let mut fixture = Fixture::open(with_draft("to the lobby", 1)).await;
    let other = RoomId(2);
    let draft = DraftView { conversation: other.into(), text: "to the others".into(), revision: 1 };
    let rooms = [room_item(1, ""), room_item(2, "others")].into();
    fixture.show(Parts { draft, room: other, rooms, ..room() }).await;
    assert_eq!(field().value(), "to the others");
    assert_eq!(field().placeholder(), "Message #others");
    write("to the others too").await;
    assert_eq!(fixture.take_drafts(), [(other, "to the others too".to_owned())]);
    press("#send_btn").await;
    let [Input::Send { conversation, .. }] = &fixture.take_inputs()[..] else { panic!("nothing was sent") };
    assert_eq!(conversation.room, other);
    fixture.show(with_draft("to the lobby", 1)).await;
    assert_eq!(field().value(), "to the lobby");
}

#[wasm_bindgen_test]
async fn each_message_has_its_own_id() {
    let fixture = Fixture::open(room()).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        write("tea").await;
        press("#send_btn").await;
        let [Input::Send { client_id, .. }] = fixture.take_inputs()[..] else { panic!("nothing was sent") };
        ids.push(client_id);
    }
    assert_ne!(ids[0], ids[1]);
}

#[wasm_bindgen_test]
async fn shift_enter_breaks_the_line() {
    let fixture = Fixture::open(room()).await;
    write("one").await;
    assert!(!enter("#send_str", |init| init.set_shift_key(true)).await);
    assert!(fixture.take_inputs().is_empty());
}

#[wasm_bindgen_test]
async fn an_enter_of_an_input_method_never_sends() {
    let fixture = Fixture::open(room()).await;
    let field = write("cha guan").await;
    assert!(!enter("#send_str", |init| init.set_is_composing(true)).await);
    assert!(!enter("#send_str", |init| init.set_key_code(229)).await);
    assert!(fixture.take_inputs().is_empty());
    assert_eq!(field.value(), "cha guan");
    // The control: the same key outside a composition.
    assert!(enter("#send_str", |_| {}).await);
    assert_eq!(sent(fixture.take_inputs()), ["cha guan"]);
}

#[wasm_bindgen_test]
async fn a_text_that_cannot_be_sent_stays_with_an_error() {
    let fixture = Fixture::open(room()).await;
    for (text_in, reason) in [
        ("", "Write a message first."),
        (" \n\t", "Write a message first."),
        (&"a".repeat(TEXT_BYTES_MAX + 1), "The message is 1 byte over the limit"),
    ] {
        let field = write(text_in).await;
        assert!(enter("#send_str", |_| {}).await);
        assert!(fixture.take_inputs().is_empty());
        assert!(text("#send_error").contains(reason), "{}", text("#send_error"));
        assert_eq!(field.value(), text_in);
    }
    let announced = || text("#send_error .visually_hidden");
    let before = announced();
    write(&"a".repeat(TEXT_BYTES_MAX + 2)).await;
    assert!(text("#send_error [aria-hidden]").starts_with("The message is 2 bytes over the limit"));
    assert_eq!(announced(), before, "it is read out once");
    // The reason goes as soon as the text can be sent.
    write(&"a".repeat(TEXT_BYTES_MAX)).await;
    assert_eq!(text("#send_error"), "");
    press("#send_btn").await;
    assert_eq!(sent(fixture.take_inputs())[0].len(), TEXT_BYTES_MAX);
}

#[wasm_bindgen_test]
async fn a_text_stays_in_the_field_when_the_outbox_is_full() {
    let mut view = room();
    view.can_send = false;
    let fixture = Fixture::open(view).await;
    let field = write("one too many").await;
    press("#send_btn").await;
    assert!(fixture.take_inputs().is_empty());
    assert_eq!(field.value(), "one too many");
    assert!(text("#send_error").starts_with("Too many messages"));
}

#[wasm_bindgen_test]
async fn the_field_grows_up_to_a_few_lines() {
    let mut fixture = Fixture::open(room()).await;
    let one = write("one").await.offset_height();
    let three = write("1\n2\n3").await.offset_height();
    let six = write("1\n2\n3\n4\n5\n6").await.offset_height();
    let sixty = write(&"line\n".repeat(60)).await.offset_height();
    assert!(one < three && three < six, "{one} {three} {six}");
    assert!(sixty < 2 * six && sixty >= six, "{six} {sixty}");
    press("#send_btn").await;
    fixture.show(with_draft("", 1)).await;
    assert_eq!(find("#send_str").offset_height(), one);
}

#[wasm_bindgen_test]
async fn text_is_sent_when_it_came_without_an_input_event() {
    let fixture = Fixture::open(room()).await;
    let field = field();
    field.set_value("put there by a script");
    press("#send_btn").await;
    assert_eq!(fixture.take_drafts()[0].1, "put there by a script", "the draft is what is sent");
    assert_eq!(sent(fixture.take_inputs()), ["put there by a script"]);
}

#[wasm_bindgen_test]
async fn waiting_messages_are_counted_above_the_field() {
    let mut view = room();
    view.waiting = 2;
    let mut fixture = Fixture::open(view.clone()).await;
    assert_eq!(
        text(".waiting_line"),
        "2 unsent messages are saved on this device. They will be sent when you reconnect."
    );
    view.at_risk = AtRisk::Commands;
    fixture.show(view).await;
    assert!(text(".waiting_line").ends_with("Keep this page open: this browser can't save them."));
    fixture.show(Parts { at_risk: AtRisk::Drafts, ..room() }).await;
    assert_eq!(
        text(".waiting_line"),
        "This browser can't save your text. Keep this page open until you have sent it."
    );
}
