//! What people with a screen reader, a keyboard, a touch screen or a translator meet.

use crate::fixture::*;
use client::input::Input;
use client::view::{Edge, Person, RoomItem, RoomLookupState, RowState, UnjoinedRoom};
use shared::{ErrorCode, Member, MemberId, RoomId};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement, MouseEvent};
use yew::scheduler;

fn has_focus(selector: &str) -> bool {
    page().active_element().is_some_and(|focused| focused.matches(selector).unwrap())
}

async fn press_mouse(event: &str, selector: &str) {
    let mouse = MouseEvent::new(event).unwrap();
    mouse.init_mouse_event_with_can_bubble_arg(event, true);
    find(selector).dispatch_event(&mouse).unwrap();
    scheduler::flush().await;
}

#[wasm_bindgen_test]
async fn a_dialog_closes_only_when_a_press_begins_and_ends_outside() {
    let _fixture = Fixture::open(room()).await;
    for (begin, end, closes) in [
        ("#jump_str", "dialog", false),
        ("dialog", "#jump_str", false),
        ("#jump_str", "#jump_str", false),
        ("dialog", "dialog", true),
    ] {
        press("#room_btn").await;
        press_mouse("mousedown", begin).await;
        press_mouse("mouseup", end).await;
        // The target of a click is the element that contains both places.
        let target = if begin == end { begin } else { "dialog" };
        press_mouse("click", target).await;
        assert_eq!(maybe("dialog[open]").is_none(), closes, "from {begin} to {end}");
        if !closes {
            press("dialog .dialog_head button").await;
        }
    }
}

/// Focuses an element, shows another view, and checks that something else has the focus then.
async fn leaves(fixture: &mut Fixture, focused: &str, next: Parts, wanted: &str) {
    find(focused).focus().unwrap();
    assert!(has_focus(focused), "{focused}");
    fixture.show(next).await;
    // Observers are called after the document has changed.
    next_frame().await;
    assert!(maybe(focused).is_none(), "{focused} is still there");
    assert!(has_focus(wanted), "after {focused}: {:?}", page().active_element().map(|it| it.outer_html()));
}

#[wasm_bindgen_test]
async fn the_composer_has_the_focus_when_a_pressed_button_is_gone() {
    let rows = || with_rows([row(2, 1, "tea", RowState::Settled)]);
    let mut fixture = Fixture::open(Parts { following: false, ..rows() }).await;
    leaves(&mut fixture, "#new_messages", rows(), "#send_str").await;

    fixture.show(Parts { older: Edge::Failed, ..rows() }).await;
    leaves(&mut fixture, ".edge .retry", Parts { older: Edge::Loading, ..rows() }, "#send_str").await;

    let mine = |state| with_rows([row(ME, 1, "tea", state)]);
    fixture.show(mine(RowState::Failed(ErrorCode::TextTooLong))).await;
    leaves(&mut fixture, ".failed_actions .retry", mine(RowState::Sending), "#send_str").await;

    fixture.show(Parts { new_epoch: true, ..room() }).await;
    leaves(&mut fixture, "#new_epoch .quiet", room(), "#send_str").await;

    let mut offline = room();
    offline.connection.welcomed = false;
    fixture.show(offline).await;
    while style("#reconnect_btn", "visibility") == "hidden" {
        next_frame().await;
    }
    leaves(&mut fixture, "#reconnect_btn", room(), "#send_str").await;
}

#[wasm_bindgen_test]
async fn the_focus_stays_in_the_dialog_when_a_pressed_button_is_gone() {
    let directory = |edge| {
        let page = client::view::DirectoryPage { find: String::new(), rooms: Vec::new(), edge };
        Parts { directory: Some(page), ..room() }
    };
    let mut fixture = Fixture::open(directory(Edge::More)).await;
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
    press("#directory_btn").await;
    leaves(&mut fixture, "#directory_more", directory(Edge::Loading), "#find_str").await;
}

#[wasm_bindgen_test]
async fn the_focus_is_not_taken_from_the_body_when_something_else_goes() {
    let mut fixture = Fixture::open(Parts { new_epoch: true, ..room() }).await;
    let focused: HtmlElement = page().active_element().unwrap().unchecked_into();
    focused.blur().unwrap();
    fixture.show(room()).await;
    next_frame().await;
    assert!(has_focus("body"), "reading on a page must not scroll or open a keyboard");
}

fn announcements() -> Vec<String> {
    let found = page().query_selector_all("#announcements > *").unwrap();
    (0..found.length()).map(|index| found.get(index).unwrap().text_content().unwrap()).collect()
}

#[wasm_bindgen_test]
async fn new_messages_are_announced_with_their_author_and_loaded_ones_are_not() {
    let rows = |numbers: std::ops::Range<u16>| {
        with_rows(numbers.map(|number| row(2, number, &format!("text {number}"), RowState::Settled)))
    };
    let mut fixture = Fixture::open(Parts { loaded: false, ..room() }).await;
    let region = find("#announcements");
    assert_eq!(region.get_attribute("aria-live").as_deref(), Some("polite"));
    assert_eq!(find("#char_list").get_attribute("aria-live").as_deref(), Some("off"));
    fixture.show(rows(10..20)).await;
    fixture.show(rows(0..20)).await;
    assert_eq!(announcements(), [""; 0]);
    fixture.show(rows(0..21)).await;
    assert_eq!(announcements(), ["Jonas Okafor: text 20"]);
    // The messages of a replay come one after the other.
    for end in 22..30 {
        fixture.show(Parts { catching_up: true, ..rows(0..end) }).await;
    }
    assert_eq!(announcements(), ["Jonas Okafor: text 20"]);
    fixture.show(rows(0..30)).await;
    assert_eq!(announcements(), ["9 new messages"]);
    assert!(find("#announcements").is_same_node(Some(&region)));
}

#[wasm_bindgen_test]
async fn the_region_of_the_notices_exists_before_the_first_notice() {
    let mut fixture = Fixture::open(room()).await;
    let region = find(".notices");
    assert_eq!(region.get_attribute("aria-live").as_deref(), Some("polite"));
    fixture.show(Parts { new_epoch: true, catching_up: true, ..room() }).await;
    assert!(find("#new_epoch").parent_element().unwrap().is_same_node(Some(&region)));
    // A notice that is soon gone is not read out.
    assert_eq!(style("#catching_up", "visibility"), "hidden");
    assert_eq!(style("#new_epoch", "visibility"), "visible");
}

fn style(selector: &str, property: &str) -> String {
    let style = web_sys::window().unwrap().get_computed_style(&find(selector)).unwrap().unwrap();
    style.get_property_value(property).unwrap()
}

#[wasm_bindgen_test]
async fn a_countdown_is_not_read_out_each_second() {
    let mut view = room();
    view.connection.ready_state = client::view::ReadyState::Closed;
    view.connection.retry_at = Some(frontend::clock::mono_ms() + 9_500);
    let _fixture = Fixture::open(view).await;
    assert_eq!(find(".notice .notice_text").get_attribute("aria-hidden").as_deref(), Some("true"));
    assert_eq!(text(".notice .visually_hidden"), "Connection lost.");
}

async fn go_back(until: impl Fn() -> bool) {
    web_sys::window().unwrap().history().unwrap().back().unwrap();
    while !until() {
        next_frame().await;
    }
}

#[wasm_bindgen_test]
async fn going_back_closes_the_dialog_and_stays_in_the_room() {
    let location = || web_sys::window().unwrap().location().pathname().unwrap();
    let history = web_sys::window().unwrap().history().unwrap();
    let null = wasm_bindgen::JsValue::NULL;
    history.replace_state_with_url(&null, "", Some("/")).unwrap();
    let tea = RoomItem { description: "Leaves.".into(), ..room_item(9, "tea") };
    let rooms = || Parts { rooms: [room_item(1, ""), tea.clone()].into(), ..room() };
    let mut fixture = Fixture::open(rooms()).await;
    fixture.show(Parts { room: RoomId(9), ..rooms() }).await;
    assert_eq!(location(), "/r/9");
    fixture.take_inputs();

    press("#room_btn").await;
    go_back(|| maybe("dialog[open]").is_none()).await;
    assert_eq!(location(), "/r/9");
    assert_eq!(fixture.take_inputs(), []);

    // A dialog that was closed otherwise needs no step of its own.
    press("#room_btn").await;
    press("dialog .dialog_head button").await;
    assert!(maybe("dialog[open]").is_none());
    go_back(|| location() == "/").await;
    next_frame().await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId::LOBBY)]);
    fixture.show(rooms()).await;

    // Nor does a dialog from which a room is opened.
    press("#room_btn").await;
    fixture.show(Parts { room: RoomId(9), ..rooms() }).await;
    assert!(maybe("dialog[open]").is_none());
    assert_eq!(location(), "/r/9");
    go_back(|| location() == "/").await;
    assert!(history.state().unwrap().is_null(), "that is the entry of the dialog");
    next_frame().await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId::LOBBY)]);
}

const NAMES: [&str; 3] = ["أحمد (١)", "דנה!", "غرفة 2"];

#[wasm_bindgen_test]
async fn names_keep_their_direction_in_rows_lists_and_sentences() {
    let [author, me, tea] = NAMES;
    let written = client::view::Row { name: author.into(), ..row(2, 1, "tea", RowState::Settled) };
    let person = |id, name: &str| Person { id: MemberId(id), name: name.into(), away: false, me: id == ME };
    let identity = client::view::IdentityView::Somebody {
        me: Member { id: MemberId(ME), name: me.to_owned() },
        busy: false,
        refusal: None,
    };
    let lookup = RoomLookupState::Found(tea.into());
    let view = Parts {
        identity,
        rows: vec![Rc::new(written)],
        rooms: [room_item(1, ""), room_item(9, tea)].into(),
        room: RoomId(9),
        people: [person(ME, me), person(2, author)].into(),
        people_count: 2,
        unjoined_room: Some(UnjoinedRoom { id: RoomId(77), lookup }),
        ..room()
    };
    let _fixture = Fixture::open(view).await;
    for name in [".byline b", ".header .room_name"] {
        assert_eq!(style(name, "direction"), "rtl", "{name}");
    }
    assert_eq!(page().title(), format!("\u{2068}{tea}\u{2069} · Teahouse"));
    let has_menu = maybe("#menu_btn").is_some();
    if has_menu {
        press("#menu_btn").await;
    }
    for name in [".me_name bdi", "[data-room='9'] .room_name"] {
        assert_eq!(style(name, "direction"), "rtl", "{name}");
    }
    if has_menu {
        press("dialog .dialog_head button").await;
    }
    if maybe("#people_btn").is_some() {
        press("#people_btn").await;
    }
    assert_eq!(style(".people_list .name", "direction"), "rtl");
}

#[wasm_bindgen_test]
async fn headings_skip_no_level_and_everything_is_in_a_landmark() {
    let people = vec![Person { id: MemberId(ME), name: "阿哲".into(), away: true, me: true }];
    let _fixture =
        Fixture::open(Parts { people, people_count: 1, ..with_rows([row(2, 1, "tea", RowState::Settled)]) })
            .await;
    let headings = page().query_selector_all("#app :is(h1, h2, h3, h4)").unwrap();
    let level = |index| headings.get(index).unwrap().unchecked_into::<Element>().tag_name()[1..].to_owned();
    let levels: Vec<u8> = (0..headings.length()).map(|index| level(index).parse().unwrap()).collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    for part in [".brand_name", "#ready_state", ".me_name", ".people_list", "#send_str"] {
        if let Some(part) = maybe(part) {
            let landmark = "main, nav, aside, section[aria-label], .house > * > header, dialog";
            assert!(part.closest(landmark).unwrap().is_some(), "{}", part.outer_html());
        }
    }
}

/// Runs the script of the document's head.
fn run_early_script() {
    js_sys::eval(include_str!("../../src/early.js")).unwrap();
}

#[wasm_bindgen_test]
async fn the_chosen_theme_and_language_are_there_before_the_program() {
    forget();
    let root = page().document_element().unwrap();
    let bars = ["light", "dark"].map(|theme| {
        let bar = page().create_element("meta").unwrap();
        bar.set_id(&format!("bar_{theme}"));
        page().head().unwrap().append_child(&bar).unwrap();
        bar
    });
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    for theme in ["dark", "light", "system"] {
        storage.set_item("teahouse.theme", theme).unwrap();
        storage.set_item("teahouse.language", "zh-CN").unwrap();
        root.set_attribute("data-theme", "system").unwrap();
        root.set_attribute("lang", "en").unwrap();
        run_early_script();
        assert_eq!(root.get_attribute("data-theme").as_deref(), Some(theme));
        assert_eq!(root.get_attribute("lang").as_deref(), Some("zh-CN"));
        let media = bars.each_ref().map(|bar| bar.get_attribute("media"));
        assert_eq!(media[0].as_deref(), Some(if theme == "dark" { "not all" } else { "all" }));
    }
    forget();
    bars.iter().for_each(Element::remove);
}

#[wasm_bindgen_test]
async fn the_composer_is_above_a_touch_keyboard() {
    let _fixture = Fixture::open(room()).await;
    js_sys::eval(
        "window.ownViewport = Object.getOwnPropertyDescriptor(window, 'visualViewport');
         const fake = Object.assign(new EventTarget(), { height: 400, scale: 1 });
         Object.defineProperty(window, 'visualViewport', { value: fake, configurable: true });",
    )
    .unwrap();
    run_early_script();
    let bottom = || find("#send_btn").get_bounding_client_rect().bottom();
    let whole = find(".house").offset_height();
    js_sys::eval("visualViewport.dispatchEvent(new Event('resize'))").unwrap();
    assert_eq!(find(".house").offset_height(), 400);
    assert!(bottom() <= 400.0, "{}", bottom());
    press("#room_btn").await;
    let dialog = find("dialog").get_bounding_client_rect();
    assert!(dialog.top() >= 0.0 && dialog.bottom() <= 400.0, "{} to {}", dialog.top(), dialog.bottom());
    // Zooming in with two fingers makes the visible part smaller too, but not the page.
    js_sys::eval(
        "visualViewport.height = 300; visualViewport.scale = 2;
         visualViewport.dispatchEvent(new Event('resize'));
         Object.defineProperty(window, 'visualViewport', window.ownViewport);",
    )
    .unwrap();
    assert_eq!(find(".house").offset_height(), 600);
    let root: HtmlElement = page().document_element().unwrap().unchecked_into();
    root.style().remove_property("--height").unwrap();
    assert_eq!(find(".house").offset_height(), whole);
}

#[wasm_bindgen_test]
async fn a_row_is_rendered_when_a_translator_has_replaced_its_text() {
    run_early_script();
    let mut fixture = Fixture::open(with_rows([row(2, 1, "tea", RowState::Settled)])).await;
    // A translator puts the translation into new elements, and takes the text node out of the document.
    js_sys::eval(
        "for (const it of document.querySelectorAll('#char_list p, .byline b, .header .room_name')) {
           const font = document.createElement('font');
           font.append('translated');
           it.replaceChild(font, it.firstChild);
         }",
    )
    .unwrap();
    fixture.show(with_rows([row(2, 1, "see https://example.org now", RowState::Settled)])).await;
    assert!(text("#char_list p").contains("https://example.org"), "{}", text("#char_list p"));
    // An extension wraps the text node. The position of the new nodes is still known then.
    fixture.show(with_rows([row(2, 2, "tea", RowState::Settled)])).await;
    js_sys::eval(
        "{
           const it = document.querySelector('#char_list p').firstChild;
           const mark = document.createElement('mark');
           it.replaceWith(mark);
           mark.append(it);
         }",
    )
    .unwrap();
    fixture.show(with_rows([row(2, 2, "see https://example.org now", RowState::Settled)])).await;
    assert_eq!(text("#char_list p"), "see https://example.org now");
    fixture.show(with_rows([row(2, 3, "next", RowState::Settled)])).await;
    assert_eq!(text("#char_list p"), "next");
}

#[wasm_bindgen_test]
async fn the_line_of_unsent_messages_exists_before_its_text() {
    let mut fixture = Fixture::open(room()).await;
    let line = find(".waiting_line");
    assert_eq!(line.text_content().as_deref(), Some(""));
    press("#send_btn").await;
    assert_ne!(text("#send_error"), "", "nothing can be sent");
    write("tea").await;
    fixture.show(Parts { waiting: 1, ..room() }).await;
    assert_ne!(text(".waiting_line"), "");
    assert!(find(".waiting_line").is_same_node(Some(&line)));
}
