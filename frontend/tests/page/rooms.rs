//! The sidebar's rooms, the header, the page's address and title.

use crate::fixture::*;
use client::input::Input;
use client::persisted::CommandBody;
use client::view::{PendingCommand, RoomItem, RoomLookupState, RowState, UnjoinedRoom};
use shared::{ErrorCode, RoomId};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

/// Three rooms, of which the second is open.
fn three() -> Parts {
    let tea = RoomItem { description: "Leaves and water.".into(), members: Some(12), ..room_item(2, "tea") };
    let hike = RoomItem { unread: 130, draft: true, failed: true, ..room_item(5, "周末徒步") };
    Parts { rooms: [room_item(1, ""), tea, hike].into(), room: RoomId(2), ..room() }
}

/// Opens the sidebar if the test's frame, whose width depends on the browser, is too narrow to show it.
async fn show_sidebar() {
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
}

async fn go(path: &str) {
    // The page of the test before goes, and its address with it.
    yew::scheduler::flush().await;
    let history = web_sys::window().unwrap().history().unwrap();
    history.replace_state_with_url(&JsValue::NULL, "", Some(path)).unwrap();
}

fn current_path() -> String {
    web_sys::window().unwrap().location().pathname().unwrap()
}

#[wasm_bindgen_test]
async fn the_sidebar_marks_rooms_with_unread_messages_drafts_and_failures() {
    let fixture = Fixture::open(three()).await;
    show_sidebar().await;
    let links = page().query_selector_all(".room_list a").unwrap();
    assert_eq!(links.length(), 3);
    assert_eq!(text(".room_list a[aria-current=page] .room_name"), "tea");
    let hike = find(".room_list a[data-room='5']");
    assert_eq!(hike.get_attribute("href").as_deref(), Some("/r/5"));
    assert_eq!(text(".failed_mark .visually_hidden"), "Not sent");
    assert_eq!(text(".count [aria-hidden]"), "99+");
    assert_eq!(text(".count .visually_hidden"), "130 unread");
    assert_eq!(find(".draft_mark").get_attribute("title").as_deref(), Some("Draft"));
    press(".room_list a[data-room='5'] .room_name").await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId(5))]);
    press(".room_list a[data-room='1']").await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId::LOBBY)]);
}

#[wasm_bindgen_test]
async fn the_people_are_beside_the_room_when_the_window_is_wide() {
    let _fixture = Fixture::open(three()).await;
    // The width of the test's frame depends on the browser. A narrow page has a button instead.
    assert_ne!(maybe("#people_btn").is_some(), maybe("main + .side_panel .people_list").is_some());
    assert!(maybe("dialog[open]").is_none());
}

#[wasm_bindgen_test]
async fn the_lobby_is_shown_before_the_list_has_arrived() {
    let _fixture = Fixture::open(Parts { rooms: [].into(), ..room() }).await;
    show_sidebar().await;
    assert_eq!(text(".room_list"), "#Lobby");
}

#[wasm_bindgen_test]
async fn the_header_and_the_title_name_the_open_room() {
    let mut fixture = Fixture::open(three()).await;
    assert_eq!(text(".header h1 .room_name"), "tea");
    assert_eq!(text(".header .about"), "12 membersLeaves and water.");
    assert_eq!(page().title(), "tea · Teahouse");
    fixture.show(room()).await;
    assert_eq!(page().title(), "Lobby · Teahouse");
    assert!(text(".header .about").ends_with("Everyone is in this room."));
}

#[wasm_bindgen_test]
async fn the_url_follows_the_open_room_and_back_goes_back() {
    go("/").await;
    let mut fixture = Fixture::open(Parts { room: RoomId::LOBBY, ..three() }).await;
    assert_eq!(current_path(), "/");
    fixture.show(three()).await;
    assert_eq!(current_path(), "/r/2");
    fixture.show(Parts { room: RoomId(5), ..three() }).await;
    assert_eq!(current_path(), "/r/5");
    fixture.take_inputs();
    web_sys::window().unwrap().history().unwrap().back().unwrap();
    while current_path() != "/r/2" {
        next_frame().await;
    }
    next_frame().await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId(2))]);
    fixture.show(three()).await;
    assert_eq!(current_path(), "/r/2");
    // A room that was left is no place to come back to.
    let rooms = [room_item(1, "")].into();
    fixture.show(Parts { rooms, room: RoomId::LOBBY, ..three() }).await;
    assert_eq!(current_path(), "/");
    drop(fixture);
}

#[wasm_bindgen_test]
async fn a_url_opens_its_room_or_offers_to_join() {
    go("/r/77").await;
    let mut fixture = Fixture::open(Parts { rooms: [].into(), ..room() }).await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId(77))]);
    assert!(maybe("#join_prompt").is_none(), "it is not known yet whether one is in it");
    fixture.show(Parts { rooms: [].into(), room: RoomId(77), ..room() }).await;
    assert!(!has_composer_the_focus(), "it is not known yet whether one is in it");
    find("#send_str").focus().unwrap();
    let unjoined_room = Some(UnjoinedRoom { id: RoomId(77), lookup: RoomLookupState::Searching });
    fixture.show(Parts { unjoined_room, ..room() }).await;
    assert_eq!(current_path(), "/r/77");
    assert_eq!(text("#join_prompt .notice_text"), "You're not in room 77.");
    assert!(fixture.take_inputs().is_empty(), "the client looks the room up by itself");
    assert!(!has_composer_the_focus(), "it is not the room that was asked for");
    press("#join_prompt .join").await;
    let [Input::JoinRoom { room: RoomId(77), .. }] = fixture.take_inputs()[..] else {
        panic!("nobody joins")
    };
    press("#join_prompt .quiet").await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId::LOBBY)]);
    assert!(maybe("#join_prompt").is_none());
    assert_eq!(current_path(), "/");
    assert!(has_composer_the_focus());
}

fn has_composer_the_focus() -> bool {
    page().active_element().is_some_and(|focused| focused.id() == "send_str")
}

/// Parts of a member who is in the lobby only and has opened room 77.
fn unjoined(lookup: RoomLookupState) -> Parts {
    Parts { unjoined_room: Some(UnjoinedRoom { id: RoomId(77), lookup }), ..room() }
}

#[wasm_bindgen_test]
async fn the_join_prompt_names_the_room_when_it_is_found() {
    go("/r/77").await;
    let mut fixture = Fixture::open(unjoined(RoomLookupState::Searching)).await;
    assert_eq!(text("#join_prompt .notice_text"), "You're not in room 77.");
    assert!(find("#join_prompt").class_list().contains("delayed"), "it is soon another text");
    fixture.show(unjoined(RoomLookupState::Found("100%{room}".into()))).await;
    assert_eq!(text("#join_prompt .notice_text"), "You're not in “100%{room}” yet.");
    assert!(!find("#join_prompt").class_list().contains("delayed"));
    fixture.show(unjoined(RoomLookupState::Unlisted)).await;
    assert_eq!(text("#join_prompt .notice_text"), "You're not in room 77.");
    assert_eq!(
        fixture.take_inputs(),
        [Input::OpenRoom(RoomId(77))],
        "the client looks the room up by itself"
    );
}

#[wasm_bindgen_test]
async fn the_join_prompt_leads_to_the_lobby_when_there_is_no_such_room() {
    go("/r/77").await;
    let fixture = Fixture::open(unjoined(RoomLookupState::NoSuchRoom)).await;
    assert_eq!(text("#join_prompt .notice_text"), "This room doesn't exist.");
    assert!(maybe("#join_prompt .join").is_none());
    fixture.take_inputs();
    press("#join_prompt .home").await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId::LOBBY)]);
    assert_eq!(current_path(), "/");
}

#[wasm_bindgen_test]
async fn a_refused_join_is_shown_at_the_join_prompt() {
    go("/r/77").await;
    let mut fixture = Fixture::open(room()).await;
    let key = row(ME, 4, "", RowState::Settled).key;
    let joining = |state| {
        let pending = PendingCommand { key, body: CommandBody::join(RoomId(77)), state };
        Parts { pending: [pending].into(), ..unjoined(RoomLookupState::Unlisted) }
    };
    fixture.show(joining(RowState::Sending)).await;
    fixture.take_inputs();
    press("#join_prompt .join").await;
    assert!(fixture.take_inputs().is_empty(), "once is enough");
    fixture.show(joining(RowState::Failed(ErrorCode::TooManyRooms))).await;
    assert!(text("#join_prompt .notice_text").starts_with("You've reached the room limit"));
    fixture.take_inputs();
    press("#join_prompt .join").await;
    assert_eq!(fixture.take_inputs(), [Input::Retry(key)]);
    fixture.show(joining(RowState::Failed(ErrorCode::RoomUnknown))).await;
    assert_eq!(text("#join_prompt .notice_text"), "This room doesn't exist.");
    assert!(maybe("#refused_command").is_none(), "it is told once");
    press("#join_prompt .home").await;
    assert_eq!(fixture.take_inputs(), [Input::Discard(key), Input::OpenRoom(RoomId::LOBBY)]);
}

#[wasm_bindgen_test]
async fn the_composer_has_the_focus_when_a_room_opens() {
    go("/").await;
    let mut fixture = Fixture::open(Parts { room: RoomId::LOBBY, ..three() }).await;
    assert!(has_composer_the_focus());
    show_sidebar().await;
    press("#new_room_btn").await;
    assert!(!has_composer_the_focus());
    fixture.show(three()).await;
    assert!(maybe("dialog[open]").is_none());
    assert!(has_composer_the_focus(), "the dialog has given it back to its button before");
    // What closes without going anywhere gives it back.
    find("#room_btn").focus().unwrap();
    press("#room_btn").await;
    press("dialog .dialog_head button").await;
    assert!(!has_composer_the_focus());
    go("/").await;
}
