//! The connection inspector with its real core and the browser's real WebSocket. The test's own server has no
//! `/conn_ws`, so these tests pass the server's frames to the shell themselves.

use crate::fixture::*;
use client::inspect::life::LifecycleEvent;
use client::inspect::{InspectorInput, SocketEvent};
use client::view::ReadyState;
use frontend::inspector::shell::Shell;
use frontend::inspector::{InspectorApp, InspectorProps};
use shared::Member;
use shared::MemberId;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::scheduler;

const HANDSHAKE: &str = include_str!("../../../shared/tests/golden/v1/event_trace_handshake.json");
const FRAME: &str = include_str!("../../../shared/tests/golden/v1/event_trace_frame.json");
const COUNTED: &str = include_str!("../../../shared/tests/golden/v1/event_trace_counted.json");

/// The inspector's page. Dropping it removes the page from the document.
struct InspectorOnPage {
    shell: Shell,
    app: Option<yew::AppHandle<InspectorApp>>,
    root: Element,
}

impl InspectorOnPage {
    async fn open() -> Self {
        forget();
        let (shell, root) = (Shell::default(), new_root());
        let props = InspectorProps { shell: shell.clone() };
        let app = yew::Renderer::<InspectorApp>::with_root_and_props(root.clone(), props).render();
        scheduler::flush().await;
        InspectorOnPage { shell, app: Some(app), root }
    }

    /// Reports a message of the server on the first connection.
    async fn receive(&self, text: &str) {
        self.shell.handle(InspectorInput::EventReceived(1, SocketEvent::Message(text.to_owned())));
        scheduler::flush().await;
    }
}

impl Drop for InspectorOnPage {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

fn bytes() -> String {
    find("#hex_str").unchecked_into::<HtmlTextAreaElement>().value()
}

fn value(selector: &str) -> String {
    find(selector).unchecked_into::<HtmlInputElement>().value()
}

#[wasm_bindgen_test]
async fn a_refused_connection_is_shown_with_ready_states_0_and_3() {
    let inspector = InspectorOnPage::open().await;
    assert_eq!(inspector.shell.view().life.state(), ReadyState::Connecting);
    assert_eq!(find("#ready_state").get_attribute("data-state").as_deref(), Some("0"));
    press("#send_btn").await;
    assert!(text("#send_error").contains("InvalidStateError"));
    let is_closed =
        |what: &LifecycleEvent| matches!(what, LifecycleEvent::Closed { code: 1006, clean: false, .. });
    while !inspector.shell.view().life.entries.iter().any(|entry| is_closed(&entry.event)) {
        next_frame().await;
    }
    let entries = text("#moments");
    let [state, failed, closed] = ["readyState = 3", "error", "code 1006"]
        .map(|part| entries.find(part).unwrap_or_else(|| panic!("{part}: {entries}")));
    assert!(state < failed && failed < closed, "{entries}");
    assert!(!entries.contains("readyState = 1"), "{entries}");
    assert_eq!(page().query_selector_all(".states .reached").unwrap().length(), 2, "0 and 3");
    press("#connect_btn").await;
    assert_eq!(inspector.shell.view().life.state(), ReadyState::Connecting);
}

#[wasm_bindgen_test]
async fn the_handshake_is_shown_with_its_arithmetic_and_no_secret() {
    let inspector = InspectorOnPage::open().await;
    inspector.receive(HANDSHAKE).await;
    assert_eq!(text("#step_accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "RFC 6455 §1.3");
    assert_eq!(text("#verdict"), "The server sent the same value.");
    let heads = text("#heads");
    assert!(heads.contains("Cookie44 bytes, not shown"), "{heads}");
    assert!(heads.contains("sec-websocket-protocolnot sent"), "{heads}");
    let names = page().query_selector_all("#heads dl:first-of-type dt").unwrap();
    let names: Vec<_> = (0..6).map(|at| names.item(at).unwrap().text_content().unwrap()).collect();
    let sent = ["Connection", "Cookie", "Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade"];
    assert_eq!(names, sent, "in the order and the case of the server's report");
    assert!(heads.contains("Upgradewebsocketswitch"), "a name in any case has its note: {heads}");
    type_into("#key_str", "x3JJHMbDL1EzLkh9GBhXDw==").await;
    assert_eq!(text("#step_accept"), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    assert!(text("#verdict").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(text("#key_error"), "");
    type_into("#key_str", "tea").await;
    assert!(!text("#key_error").is_empty());
    press(".accept .example").await;
    assert_eq!(value("#key_str"), "dGhlIHNhbXBsZSBub25jZQ==");
}

#[wasm_bindgen_test]
async fn a_frame_is_expanded_and_decoded() {
    let inspector = InspectorOnPage::open().await;
    inspector.receive(FRAME).await;
    inspector.receive(COUNTED).await;
    assert!(maybe(".frames .frame_detail").is_none());
    assert!(text(".frames").contains("812"), "{}", text(".frames"));
    press("#frame_rows button").await;
    let detail = text("#frame_rows .frame_detail");
    for part in ["37 fa 21 3d", "7f 9f 4d 51 58", "48 65 6c 6c 6f", "Hello", "No errors found."] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    let layout = text("#frame_rows .layout");
    assert_eq!(
        layout,
        "Byte 10x81FIN, RSV and opcodeByte 20x85 & 127 = 50–125: this is the length itself\
         Bytes 3–637 fa 21 3dMasking keyBytes 7–11Payload"
    );
    assert!(text("#frame_rows").contains("compute byte 2 AND 127"), "{}", text("#frame_rows"));
    assert_eq!(find("#frame_rows button").get_attribute("aria-expanded").as_deref(), Some("true"));
    press("#frame_rows button").await;
    assert!(maybe(".frames .frame_detail").is_none());
}

#[wasm_bindgen_test]
async fn a_frame_without_its_whole_header_shows_the_bytes_that_came() {
    let inspector = InspectorOnPage::open().await;
    inspector.receive(&FRAME.replace("818537fa213d", "81fe01").replace("7f9f4d5158", "")).await;
    press("#frame_rows button").await;
    let layout = text("#frame_rows .layout");
    for part in
        ["0xfe & 127 = 126", "Bytes 3–401Payload length, incomplete", "Bytes 5–8Masking key, incomplete"]
    {
        assert!(layout.contains(part), "{part}: {layout}");
    }
}

#[wasm_bindgen_test]
async fn the_editor_shows_where_the_length_is() {
    let _inspector = InspectorOnPage::open().await;
    let field: HtmlTextAreaElement = find("#hex_str").unchecked_into();
    for (typed, parts) in [
        ("8a 80 37 fa 21 3d", &["0x80 & 127 = 0", "Empty: the frame ends with byte 6"][..]),
        (
            "82 7e 01 00",
            &["0x7e & 127 = 126", "126: bytes 3–4", "Bytes 3–40x0100 = 256", "Bytes 5–260Payload"],
        ),
        (
            "82 7f 00 00 00 00 00 01 00 00",
            &["0x7f & 127 = 127", "Bytes 3–100x0000000000010000 = 65536", "Bytes 11–65,546Payload"],
        ),
    ] {
        field.set_value(typed);
        type_again(&field).await;
        let layout = text("#meaning .layout");
        for part in parts {
            assert!(layout.contains(part), "{part}: {layout}");
        }
    }
    field.set_value("8");
    type_again(&field).await;
    assert!(!text("#editor").contains("compute byte 2"));
}

#[wasm_bindgen_test]
async fn the_inspector_explains_the_missing_sec_websocket_location() {
    let _inspector = InspectorOnPage::open().await;
    let note = find("#location_note");
    assert!(!note.has_attribute("open"));
    press("#location_note summary").await;
    assert!(note.has_attribute("open"));
    assert!(text("#location_note").contains("Sec-WebSocket-Accept (§4) proves"));
}

#[wasm_bindgen_test]
async fn bytes_and_fields_follow_each_other() {
    let _inspector = InspectorOnPage::open().await;
    assert_eq!(bytes(), "81 85 37 fa 21 3d 7f 9f 4d 51 58");
    type_into("#payload_str", "Hel").await;
    assert_eq!(bytes(), "81 83 37 fa 21 3d 7f 9f 4d");
    press("#masked").await;
    press("#fin").await;
    assert_eq!(bytes(), "01 03 48 65 6c");
    assert!(text("#meaning").contains("A browser must mask its frames."));
    press("input[name=from][value=server]").await;
    assert!(text("#meaning").contains("No errors found."));
    let field: HtmlTextAreaElement = find("#hex_str").unchecked_into();
    for (typed, error) in [("89 0", "character 4"), ("x", "character 1"), ("茶 8", "character 1")] {
        field.set_value(typed);
        type_again(&field).await;
        assert!(text("#hex_error").contains(error), "{typed}: {}", text("#hex_error"));
    }
    field.set_value("88 02 03 ed");
    type_again(&field).await;
    assert_eq!(text("#hex_error"), "");
    assert_eq!(value("#payload_str"), "03 ed");
    assert!(text("#meaning").contains("must not carry the code 1005"));
}

#[wasm_bindgen_test]
async fn the_close_codes_of_the_server_are_explained() {
    let inspector = InspectorOnPage::open().await;
    for (code, reason, meaning) in [
        (1001, "", "the other side is going away"),
        (1009, "", "the message was too long"),
        (1011, "", "internal error"),
        (1012, "retry-ms=2340", "the reason says how many milliseconds"),
        (1013, "", "can't be saved or read"),
        (4008, "", "too slowly"),
        (4009, "", "for 60 seconds"),
        (4401, "", "not signed in"),
        (4402, "", "hello didn't come in time"),
        (4429, "", "too many sessions"),
    ] {
        let closed = SocketEvent::Closed { code, reason: reason.to_owned(), clean: true };
        inspector.shell.handle(InspectorInput::EventReceived(1, closed));
        scheduler::flush().await;
        let row = text("#moments li:last-child");
        assert!(row.contains(&format!("code {code}, reason \"{reason}\"")) && row.contains(meaning), "{row}");
    }
}

/// Chooses an option of a `<select>` as a person does.
async fn choose(selector: &str, place: &str) {
    let select: HtmlSelectElement = find(selector).unchecked_into();
    select.set_value(place);
    let event = web_sys::Event::new("change").unwrap();
    event.init_event_with_bubbles_and_cancelable("change", true, false);
    select.dispatch_event(&event).unwrap();
    scheduler::flush().await;
}

#[wasm_bindgen_test]
async fn a_select_shows_the_value_in_the_bytes() {
    let _inspector = InspectorOnPage::open().await;
    let chosen = |selector: &str| find(selector).unchecked_into::<HtmlSelectElement>().value();
    press("#masked").await;
    type_into("#payload_str", &"y".repeat(200)).await;
    assert_eq!(chosen("#form"), "1");
    // Twice: the select also jumps back when it had jumped back before.
    for _ in 0..2 {
        choose("#form", "0").await;
        assert_eq!(
            (&*chosen("#form"), &*text("#form_error")),
            ("1", "A length of 200 doesn't fit into 7 bits.")
        );
        assert!(bytes().starts_with("81 7e 00 c8 79"), "{}", bytes());
    }
    choose("#form", "2").await;
    assert_eq!((&*chosen("#form"), &*text("#form_error")), ("2", ""));
    type_into("#payload_str", "Hi").await;
    assert_eq!((&*chosen("#form"), &*bytes()), ("2", "81 7f 00 00 00 00 00 00 00 02 48 69"));
    // A chosen option follows the bytes as well.
    choose("#opcode", "9").await;
    let field: HtmlTextAreaElement = find("#hex_str").unchecked_into();
    field.set_value("80 00 88 00");
    type_again(&field).await;
    assert_eq!((&*chosen("#form"), &*chosen("#opcode")), ("0", "0"));
    let meaning = text("#meaning");
    assert!(
        meaning.contains("no message is unfinished. (RFC 6455 §5.4; a peer closes with 1002)"),
        "{meaning}"
    );
}

async fn type_again(field: &Element) {
    let event = web_sys::InputEvent::new("input").unwrap();
    event.init_event_with_bubbles_and_cancelable("input", true, false);
    field.dispatch_event(&event).unwrap();
    scheduler::flush().await;
}

#[wasm_bindgen_test]
async fn the_inspector_shows_who_is_signed_in() {
    let inspector = InspectorOnPage::open().await;
    for (me, sentence) in [
        (None, "You're not signed in"),
        (Some(Member { id: MemberId(1), name: "阿哲".to_owned() }), "Signed in as 阿哲"),
    ] {
        let is_nobody = me.is_none();
        inspector.shell.handle(InspectorInput::IdentityFetched(Ok(me)));
        scheduler::flush().await;
        assert!(text("#who").contains(sentence), "{}", text("#who"));
        assert_eq!(maybe("#who a").is_some(), is_nobody);
    }
    // The title is in the person's language.
    press("input[name=language][value=\"zh-CN\"]").await;
    assert_eq!(text("h1"), "连接检查器");
    assert_eq!(page().title(), "连接检查器 · 茶馆");
    press("input[name=language][value=en]").await;
}

#[wasm_bindgen_test]
async fn the_settings_link_to_the_inspector() {
    let _fixture = Fixture::open(room()).await;
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
    press("#settings_btn").await;
    let link = find("#inspect_link");
    assert_eq!(link.get_attribute("href").as_deref(), Some("/inspect"));
}
