//! The dialogs about rooms: a new room, the room directory, and the menu of the open room.

use crate::fixture::*;
use client::input::Conversation;
use client::input::Input;
use client::persisted::CommandBody;
use client::view::{DirectoryPage, Edge, PendingCommand, RoomItem, RowKey, RowState};
use frontend::{calendar, clock};
use shared::command::PageAnchor;
use shared::event::DirectoryRoom;
use shared::{ClientId, ErrorCode, MemberId, RoomId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;

async fn press_in_sidebar(button: &str) {
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
    press(button).await;
}

fn input(selector: &str) -> HtmlInputElement {
    find(selector).unchecked_into()
}

fn key(client_id: ClientId) -> RowKey {
    RowKey { author: MemberId(ME), client_id }
}

fn with_pending(client_id: ClientId, body: CommandBody, state: RowState) -> Parts {
    Parts { pending: [PendingCommand { key: key(client_id), body, state }].into(), ..room() }
}

/// Fills in the form of a new room and submits it. Returns the command and the other emitted inputs.
async fn make(fixture: &Fixture, name: &str) -> (ClientId, CommandBody, Vec<Input>) {
    input("#room_name_str").set_value(name);
    input("#room_about_str").set_value("Leaves and water.");
    press("#room_form_btn").await;
    let mut emitted = fixture.take_inputs();
    let at = emitted.iter().position(|input| matches!(input, Input::CreateRoom { .. })).unwrap();
    let Input::CreateRoom { client_id, name, description } = emitted.remove(at) else { unreachable!() };
    (client_id, CommandBody::create(name, description), emitted)
}

#[wasm_bindgen_test]
async fn a_dialog_creates_a_room_and_closes() {
    let mut fixture = Fixture::open(room()).await;
    press_in_sidebar("#new_room_btn").await;
    assert!(find("#new_room_dialog").has_attribute("open"));
    assert!(page().active_element().unwrap().matches("#room_name_str").unwrap());
    let (id, body, _) = make(&fixture, "tea").await;
    assert_eq!(body, CommandBody::create("tea".to_owned(), "Leaves and water.".to_owned()));
    fixture.show(with_pending(id, body.clone(), RowState::Sending)).await;
    assert_eq!(find("#room_form_btn").get_attribute("aria-busy").as_deref(), Some("true"));
    press("#room_form_btn").await;
    assert!(fixture.take_inputs().is_empty(), "once is enough");
    fixture.show(with_pending(id, body, RowState::Waiting)).await;
    assert_eq!(text(".form .hint"), "Waiting to reconnect…");
    fixture.show(room()).await;
    assert!(maybe("dialog[open]").is_none());
}

#[wasm_bindgen_test]
async fn a_refusal_is_shown_at_its_field_until_the_next_attempt() {
    let mut fixture = Fixture::open(room()).await;
    press_in_sidebar("#new_room_btn").await;
    press("#room_form_btn").await;
    assert_eq!(text("#room_name_error"), "Enter a name.");
    assert!(fixture.take_inputs().is_empty());
    let (id, body, _) = make(&fixture, "tea").await;
    fixture.show(with_pending(id, body, RowState::Failed(ErrorCode::NameTaken))).await;
    assert_eq!(text("#room_name_error"), "This name or a similar one is taken or reserved. Choose another.");
    assert_eq!(text("#room_about_error"), "");
    let (again, body, also) = make(&fixture, "tea house").await;
    assert_ne!(again, id);
    fixture.show(with_pending(again, body, RowState::Failed(ErrorCode::DescriptionRefused))).await;
    assert_eq!(also, [Input::Discard(key(id))]);
    assert_eq!(text("#room_name_error"), "");
    assert!(text("#room_about_error").contains("at most 300 characters"));
    // What was refused goes with the form.
    press("#new_room_dialog .dialog_head button").await;
    assert_eq!(fixture.take_inputs(), [Input::Discard(key(again)), Input::RoomFormClosed]);
}

#[wasm_bindgen_test]
async fn no_room_is_created_when_the_outbox_is_full() {
    let fixture = Fixture::open(Parts { can_send: false, ..room() }).await;
    press_in_sidebar("#new_room_btn").await;
    input("#room_name_str").set_value("tea");
    press("#room_form_btn").await;
    assert!(fixture.take_inputs().is_empty());
    assert_ne!(text("#room_name_error"), "");
}

fn found(edge: Edge) -> Parts {
    let room_of = |id, name: &str, joined| DirectoryRoom {
        id: RoomId(id),
        name: name.to_owned(),
        description: String::new(),
        members: 4,
        joined,
    };
    let rooms = vec![room_of(1, "", true), room_of(9, "tea", false)];
    Parts { directory: Some(DirectoryPage { find: String::new(), rooms, edge }), ..room() }
}

#[wasm_bindgen_test]
async fn rooms_are_searched_opened_and_joined_in_the_directory() {
    let mut fixture = Fixture::open(room()).await;
    press_in_sidebar("#directory_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::SearchDirectory { find: String::new() }]);
    fixture.show(found(Edge::More)).await;
    assert_eq!(page().query_selector_all("#directory_rooms li").unwrap().length(), 2);
    assert!(text("#directory_rooms").contains("4 members"));
    press("#directory_more").await;
    assert_eq!(fixture.take_inputs(), [Input::LoadMoreDirectory]);
    press("#directory_rooms li:last-child button").await;
    let [Input::JoinRoom { client_id, room: RoomId(9) }] = fixture.take_inputs()[..] else {
        panic!("nobody joins")
    };
    let joining = with_pending(client_id, CommandBody::join(RoomId(9)), RowState::Sending).pending;
    fixture.show(Parts { pending: joining, ..found(Edge::End) }).await;
    press("#directory_rooms li:last-child button").await;
    assert!(fixture.take_inputs().is_empty(), "once is enough");
    press("#directory_rooms li:first-child button").await;
    assert_eq!(
        fixture.take_inputs(),
        [Input::OpenRoom(RoomId::LOBBY), Input::CloseDirectory, Input::RoomFormClosed]
    );
    assert!(maybe("dialog[open]").is_none());
}

#[wasm_bindgen_test]
async fn the_directory_is_searched_a_moment_after_typing() {
    let fixture = Fixture::open(found(Edge::End)).await;
    press_in_sidebar("#directory_btn").await;
    fixture.take_inputs();
    for text in ["t", "te", "tea"] {
        type_into("#find_str", text).await;
    }
    assert!(fixture.take_inputs().is_empty());
    let emitted = loop {
        next_frame().await;
        let emitted = fixture.take_inputs();
        if !emitted.is_empty() {
            break emitted;
        }
    };
    assert_eq!(emitted, [Input::SearchDirectory { find: "tea".to_owned() }]);
}

#[wasm_bindgen_test]
async fn the_dialog_closes_when_a_room_opens() {
    let mut fixture = Fixture::open(found(Edge::End)).await;
    press_in_sidebar("#directory_btn").await;
    let rooms = [room_item(1, ""), room_item(9, "tea")].into();
    fixture.show(Parts { rooms, room: RoomId(9), ..found(Edge::End) }).await;
    assert!(maybe("dialog[open]").is_none());
}

/// Parts of a member whose open room is not the lobby.
fn in_tea() -> Parts {
    let tea = RoomItem { description: "Leaves.".into(), ..room_item(9, "tea") };
    Parts { rooms: [room_item(1, ""), tea].into(), room: RoomId(9), ..room() }
}

#[wasm_bindgen_test]
async fn a_chosen_date_jumps_to_its_first_message() {
    let fixture = Fixture::open(room()).await;
    press("#room_btn").await;
    assert!(maybe("#leave_btn").is_none() && maybe("#room_name_str").is_none(), "the lobby stays as it is");
    press("#jump_btn").await;
    assert!(fixture.take_inputs().is_empty(), "that is no date");
    input("#jump_str").set_value("2026-01-31");
    press("#jump_btn").await;
    let at = clock::day_start("2026-01-31").unwrap();
    assert_eq!(fixture.take_inputs(), [Input::Jump(Conversation::LOBBY, PageAnchor::Date(at))]);
    assert_eq!(calendar::local_day(at) - 1, calendar::local_day(at - 1), "where the person's day begins");
    assert!(maybe("dialog[open]").is_none());
}

#[wasm_bindgen_test]
async fn a_day_is_refused_when_it_is_no_date() {
    for wrong in ["", "2026", "2026-13-01", "yesterday", "31.01.2026"] {
        assert_eq!(clock::day_start(wrong), None, "{wrong}");
    }
}

#[wasm_bindgen_test]
async fn a_dialog_renames_a_room() {
    let mut fixture = Fixture::open(in_tea()).await;
    press("#room_btn").await;
    assert_eq!(input("#room_name_str").value(), "tea");
    assert_eq!(input("#room_about_str").value(), "Leaves.");
    input("#room_name_str").set_value("tea room");
    // Views come and go meanwhile; what is typed stays.
    fixture.show(Parts { people_count: 2, ..in_tea() }).await;
    assert_eq!(input("#room_name_str").value(), "tea room");
    press("#room_form_btn").await;
    let [Input::ChangeRoom { client_id, room: RoomId(9), name, description }] = &fixture.take_inputs()[..]
    else {
        panic!("nothing is changed")
    };
    assert_eq!((name.as_str(), description.as_str()), ("tea room", "Leaves."));
    let body = CommandBody::change(RoomId(9), name.clone(), description.clone());
    let pending = with_pending(*client_id, body, RowState::Sending).pending;
    fixture.show(Parts { pending, ..in_tea() }).await;
    fixture.show(in_tea()).await;
    assert!(maybe("dialog[open]").is_none());
}

#[wasm_bindgen_test]
async fn a_room_is_left_after_a_confirmation() {
    let fixture = Fixture::open(in_tea()).await;
    press("#room_btn").await;
    press("#leave_btn").await;
    assert!(fixture.take_inputs().is_empty());
    assert!(text(".confirm").starts_with("Leave “tea”?"));
    press("#leave_yes").await;
    let [Input::LeaveRoom { room: RoomId(9), .. }] = fixture.take_inputs()[..] else {
        panic!("nobody leaves")
    };
}
