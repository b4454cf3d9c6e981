use crate::fixture::*;
use client::input::Input;
use client::persisted::{CommandBody, Owner};
use client::transport::Transport;
use client::view::{
    AtRisk, ConnectionStatus, LeftBehind, LeftText, PendingCommand, Person, ReadyState, RoomItem, RowState,
};
use shared::{Epoch, ErrorCode, MemberId, RoomId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_badge_shows_each_ready_state() {
    let mut fixture = Fixture::open(room()).await;
    for (ready_state, number, label) in [
        (ReadyState::Connecting, "0", "Connecting"),
        (ReadyState::Open, "1", "Connected"),
        (ReadyState::Closing, "2", "Disconnecting"),
        (ReadyState::Closed, "3", "Disconnected"),
    ] {
        let mut view = room();
        view.connection.ready_state = ready_state;
        fixture.show(view).await;
        let badge = find("#ready_state");
        assert_eq!(badge.get_attribute("data-state").as_deref(), Some(number));
        assert_eq!(badge.text_content().as_deref(), Some(label));
        assert_eq!(
            badge.get_attribute("title").unwrap(),
            format!("{label} · WebSocket (readyState {number})")
        );
        assert_eq!(maybe("#reconnect_btn").is_some(), ready_state != ReadyState::Open);
    }
    assert_eq!(page().query_selector_all("#ready_state").unwrap().length(), 1);
}

#[wasm_bindgen_test]
async fn a_retry_is_counted_down_and_can_be_started_at_once() {
    let mut view = room();
    view.connection.ready_state = ReadyState::Closed;
    let before = frontend::clock::mono_ms();
    view.connection.retry_at = Some(before + 9_500);
    let fixture = Fixture::open(view).await;
    let shown = text(".notice_text");
    // The page may have taken a while: it shows 10 seconds, or what was left when it was drawn.
    let least = 9_500_u64.saturating_sub(frontend::clock::mono_ms() - before).div_ceil(1_000);
    let is_left = |seconds| shown == format!("No connection. Retrying in {seconds} s.");
    assert!((least..=10).any(is_left), "{shown}");
    press("#reconnect_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::ReconnectNow]);
}

#[wasm_bindgen_test]
async fn the_badge_and_a_notice_tell_when_an_open_connection_brings_no_answer() {
    let mut view = room();
    view.connection.silent = true;
    let mut fixture = Fixture::open(view).await;
    assert!(text(".notice_text").starts_with("The server isn't answering."));
    assert_eq!(text("#ready_state"), "No answer");
    assert_eq!(find("#ready_state").get_attribute("data-state").as_deref(), Some("1"), "it is open");
    fixture.show(room()).await;
    assert!(maybe(".notice").is_none());
    assert_eq!(text("#ready_state"), "Connected");
}

#[wasm_bindgen_test]
async fn the_notice_names_the_pinned_transport_and_can_unpin_it() {
    let mut view = room();
    view.connection.ready_state = ReadyState::Closed;
    view.connection.welcomed = false;
    view.connection.retry_at = Some(frontend::clock::mono_ms() + 9_500);
    view.pinned = Some(Transport::EventStream);
    let mut fixture = Fixture::open(view.clone()).await;
    assert_eq!(text("#only_transport"), "Only Server-Sent Events is used, because you chose it in Settings.");
    press("#unpin_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::PinTransport(None)]);
    let offline = ConnectionStatus { offline: true, ..view.connection };
    fixture.show(Parts { connection: offline, ..view.clone() }).await;
    assert!(maybe("#unpin_btn").is_none(), "no way is better without a network");
    fixture.show(Parts { pinned: None, ..view }).await;
    assert!(maybe("#unpin_btn").is_none() && maybe("#reconnect_btn").is_some());
}

#[wasm_bindgen_test]
async fn a_new_version_is_not_offered_over_unsaved_texts_when_nothing_can_be_stored() {
    let mut view = room();
    view.new_version = true;
    let mut fixture = Fixture::open(view.clone()).await;
    assert!(text("#new_version").starts_with("A new version is here."));
    assert!(maybe("#reload_btn").is_some());
    fixture.show(Parts { at_risk: AtRisk::Drafts, ..view.clone() }).await;
    assert!(text("#new_version").contains("Send or clear your text"));
    assert!(maybe("#reload_btn").is_none());
    fixture.show(Parts { at_risk: AtRisk::Commands, ..view.clone() }).await;
    assert!(text("#new_version").contains("Wait until your messages are sent"));
    assert!(maybe("#reload_btn").is_none());
    // A text that is stored is there again after a reload.
    fixture.show(view).await;
    assert!(maybe("#reload_btn").is_some());
}

#[wasm_bindgen_test]
async fn the_notice_of_a_new_version_is_dismissed() {
    let view = Parts { new_version: true, ..room() };
    let mut fixture = Fixture::open(view.clone()).await;
    press("#new_version .quiet").await;
    assert!(maybe("#new_version").is_none());
    fixture.show(Parts { people_count: 2, ..view }).await;
    assert!(maybe("#new_version").is_none(), "once is enough");
    assert!(fixture.take_inputs().is_empty());
}

#[wasm_bindgen_test]
async fn texts_of_another_member_are_shown_before_they_are_sent_or_dropped() {
    let owner = Owner { epoch: Some(Epoch(7)), member: MemberId(9) };
    let left = |room, text: &str, is_draft| LeftText { room: RoomId(room), text: text.into(), is_draft };
    let texts = [left(1, "one", false), left(9, "two", false), left(1, "half a", true)].into();
    let left = LeftBehind { owner, name: "Jonas".into(), rows: 2, drafts: 1, others: 1, texts };
    let fixture = Fixture::open(Parts { left_behind: [left].into(), ..room() }).await;
    let summary = "Jonas left 2 unsent messages and 1 draft on this device.";
    assert_eq!(text("#left_behind .notice_text"), summary);
    let is_open = || find("#left_behind details").has_attribute("open");
    assert!(!is_open() && maybe("#left_behind details .adopt").is_some());
    press("#left_behind .later").await;
    assert_eq!(fixture.take_inputs(), [Input::DeferLeftBehind(owner)]);
    press("#left_behind summary").await;
    assert!(is_open());
    let shown = page().query_selector_all("#left_behind blockquote").unwrap();
    let shown = (0..shown.length()).map(|at| shown.get(at).unwrap().text_content().unwrap());
    assert_eq!(shown.collect::<Vec<_>>(), ["Lobby one", "Room 9 two", "Lobby Drafthalf a"]);
    assert!(text("#left_behind details > p").starts_with("Other unsent changes"));
    assert!(maybe("#left_behind[role]").is_none(), "the region around it announces it");
    press("#left_behind .adopt").await;
    assert_eq!(fixture.take_inputs(), [Input::AdoptLeftBehind(owner)]);
    let focused = |id: &str| page().active_element().unwrap().matches(id).unwrap();
    find("#left_btn").focus().unwrap();
    press("#left_btn").await;
    assert!(focused("#left_cancel"), "the focus is on what calls it off");
    press("#left_cancel").await;
    assert!(focused("#left_btn") && maybe("#left_yes").is_none());
    press("#left_btn").await;
    assert!(fixture.take_inputs().is_empty());
    press("#left_yes").await;
    assert_eq!(fixture.take_inputs(), [Input::DiscardLeftBehind(owner)]);
}

#[wasm_bindgen_test]
async fn commands_of_another_member_can_only_be_discarded() {
    let owner = Owner { epoch: Some(Epoch(7)), member: MemberId(9) };
    let left = LeftBehind { owner, name: "Jonas".into(), rows: 0, drafts: 0, others: 1, texts: [].into() };
    let fixture = Fixture::open(Parts { left_behind: [left].into(), ..room() }).await;
    assert!(text("#left_behind .notice_text").starts_with("Jonas left unsent changes on this device"));
    assert!(maybe("#left_behind details").is_none() && maybe("#left_behind .adopt").is_none());
    press("#left_btn").await;
    press("#left_yes").await;
    assert_eq!(fixture.take_inputs(), [Input::DiscardLeftBehind(owner)]);
}

#[wasm_bindgen_test]
async fn a_refused_room_command_is_shown_with_its_reason() {
    let key = row(ME, 4, "", RowState::Settled).key;
    let body = CommandBody::create("tea".to_owned(), String::new());
    let pending = PendingCommand { key, body, state: RowState::Failed(ErrorCode::NameTaken) };
    let fixture = Fixture::open(Parts { pending: [pending].into(), ..room() }).await;
    assert_eq!(
        text("#refused_command .what"),
        "Couldn't create the room “tea”. This name isn't available. Choose another."
    );
    press("#refused_command .retry").await;
    press("#refused_command .discard").await;
    assert_eq!(fixture.take_inputs(), [Input::Retry(key), Input::Discard(key)]);
}

fn unsent(number: u16, room: u64, text: &str, code: ErrorCode) -> PendingCommand {
    let body = CommandBody::post(RoomId(room), text.to_owned());
    PendingCommand { key: row(ME, number, "", RowState::Settled).key, body, state: RowState::Failed(code) }
}

fn with_pending(pending: impl IntoIterator<Item = PendingCommand>, rooms: &[RoomItem]) -> Parts {
    Parts { pending: pending.into_iter().collect(), rooms: rooms.into(), ..room() }
}

#[wasm_bindgen_test]
async fn a_message_to_a_left_room_is_shown_and_can_be_copied() {
    let (lobby, tea) = (room_item(1, ""), room_item(9, "tea %{room}"));
    let both = [
        unsent(4, 9, "first\nof two", ErrorCode::RoomUnknown),
        unsent(5, 9, "second", ErrorCode::RoomUnknown),
    ];
    let key = both[0].key;
    let mut fixture = Fixture::open(with_pending([], &[lobby.clone(), tea.clone()])).await;
    fixture.show(with_pending(both.clone(), std::slice::from_ref(&lobby))).await;
    assert_eq!(
        text("#refused_command .what"),
        "Your message to “tea %{room}” wasn't sent. You're no longer in that room."
    );
    assert_eq!(text("#refused_command blockquote"), "first\nof two");
    assert_eq!(find("#refused_command blockquote").get_attribute("title").as_deref(), Some("first\nof two"));
    assert_eq!(text("#refused_command small"), "1 more failed.");
    press("#refused_command .join").await;
    let [Input::JoinRoom { room: RoomId(9), .. }] = fixture.take_inputs()[..] else { panic!("nobody joins") };
    press("#refused_command .retry").await;
    assert_eq!(fixture.take_inputs(), [Input::Retry(key)]);
    expect_copied("#refused_command .copy", "first\nof two").await;
    // It is kept nowhere else.
    press("#discard_btn").await;
    assert!(fixture.take_inputs().is_empty());
    press("#discard_yes").await;
    assert_eq!(fixture.take_inputs(), [Input::Discard(key)]);
    // The next one begins anew.
    fixture.show(with_pending([both[1].clone()], std::slice::from_ref(&lobby))).await;
    assert_eq!(text("#refused_command blockquote"), "second");
    assert_eq!(text("#refused_command .copy"), "Copy");
    assert!(maybe("#discard_yes").is_none() && maybe("#refused_command small").is_none());
    // A long one is cut off until it is looked at.
    let long = unsent(6, 9, &"a line\n".repeat(9), ErrorCode::RoomUnknown);
    fixture.show(with_pending([long], &[lobby])).await;
    let quote = find("#refused_command blockquote");
    let (height, whole) = (quote.client_height(), quote.scroll_height());
    assert!(height < whole / 3, "{height} of {whole}");
    quote.focus().unwrap();
    assert!(quote.client_height() > 2 * height, "{height}, then {}", quote.client_height());
}

#[wasm_bindgen_test]
async fn a_room_that_is_no_longer_known_has_no_name() {
    let lobby = room_item(1, "");
    let message = unsent(4, 9, "text", ErrorCode::RoomUnknown);
    let mut fixture = Fixture::open(with_pending([message.clone()], std::slice::from_ref(&lobby))).await;
    let sentence = text("#refused_command .what");
    assert_eq!(sentence, "Your message to a room that you're no longer in wasn't sent.");
    // It cannot be joined either: it is gone, and that is told once.
    let key = row(ME, 5, "", RowState::Settled).key;
    let body = CommandBody::join(RoomId(9));
    let join = PendingCommand { key, body, state: RowState::Failed(ErrorCode::RoomUnknown) };
    fixture.show(with_pending([message, join.clone()], std::slice::from_ref(&lobby))).await;
    assert!(text("#refused_command .what").ends_with("This room doesn't exist."));
    assert!(maybe("#refused_command .join").is_none());
    fixture.show(with_pending([join], &[lobby])).await;
    assert_eq!(text("#refused_command .what"), "Couldn't join room 9. This room doesn't exist.");
}

#[wasm_bindgen_test]
async fn each_refused_command_is_shown_with_its_reason() {
    let rooms = [room_item(1, ""), room_item(9, "tea")];
    let (name, description) = ("oolong".to_owned(), String::new());
    let (room, other) = (RoomId(9), RoomId(12));
    let key = row(ME, 4, "", RowState::Settled).key;
    let mut fixture = Fixture::open(with_pending([], &rooms)).await;
    for (body, code, sentence) in [
        (
            CommandBody::change(room, name.clone(), description.clone()),
            ErrorCode::NameTaken,
            "Couldn't update “tea”. This name isn't available. Choose another.",
        ),
        (
            CommandBody::change(other, name, description),
            ErrorCode::RoomUnknown,
            "Couldn't update a room that you're no longer in.",
        ),
        (
            CommandBody::leave(room),
            ErrorCode::RoomUnknown,
            "Couldn't leave “tea”. You're no longer in that room.",
        ),
        (
            CommandBody::join(other),
            ErrorCode::TooManyRooms,
            "Couldn't join room 12. You've reached the room limit. Leave a room first.",
        ),
    ] {
        let pending = PendingCommand { key, body, state: RowState::Failed(code) };
        fixture.show(with_pending([pending], &rooms)).await;
        assert_eq!(text("#refused_command .what"), sentence);
        assert!(maybe("#refused_command blockquote").is_none());
    }
}

#[wasm_bindgen_test]
async fn the_two_most_urgent_notices_are_shown_first() {
    let notice_ids = || {
        let found = page().query_selector_all(".notice").unwrap();
        let id = |at| found.get(at).unwrap().unchecked_into::<web_sys::Element>().id();
        (0..found.length()).map(id).collect::<Vec<_>>()
    };
    let left = LeftBehind {
        owner: Owner { epoch: None, member: MemberId(9) },
        name: "Jonas".into(),
        rows: 2,
        drafts: 0,
        others: 0,
        texts: [].into(),
    };
    let mut view = with_pending([unsent(4, 9, "text", ErrorCode::RoomUnknown)], &[room_item(1, "")]);
    (view.new_version, view.new_epoch, view.left_behind) = (true, true, [left].into());
    view.connection.ready_state = ReadyState::Closed;
    let mut fixture = Fixture::open(view.clone()).await;
    assert_eq!(notice_ids(), ["", "refused_command"], "the connection has no name");
    view.connection.ready_state = ReadyState::Open;
    fixture.show(view.clone()).await;
    assert_eq!(notice_ids(), ["refused_command", "left_behind"]);
    view.pending = [].into();
    fixture.show(view.clone()).await;
    assert_eq!(notice_ids(), ["left_behind", "new_epoch"]);
    view.left_behind = [].into();
    fixture.show(view).await;
    assert_eq!(notice_ids(), ["new_epoch", "new_version"]);
}

#[wasm_bindgen_test]
async fn nobody_is_shown_as_present_while_disconnected() {
    let person = |id, away| Person { id: MemberId(id), name: "Jonas".into(), away, me: id == ME };
    let people = [person(ME, false), person(2, false), person(3, true)].into();
    let mut view = Parts { people, people_count: 3, ..room() };
    let mut fixture = Fixture::open(view.clone()).await;
    if maybe("#people_btn").is_some() {
        press("#people_btn").await;
    }
    let dot = || {
        let style =
            web_sys::window().unwrap().get_computed_style(&find(".people_list .dot")).unwrap().unwrap();
        style.get_property_value("background-color").unwrap()
    };
    assert_eq!(text(".people_list h3"), "Active · 2");
    let green = dot();
    view.connection.ready_state = ReadyState::Closed;
    fixture.show(view.clone()).await;
    assert_eq!(text(".people_list h3"), "Active before you disconnected · 2");
    assert_ne!(dot(), green);
    // Open, and not welcome yet.
    (view.connection.ready_state, view.connection.welcomed) = (ReadyState::Open, false);
    fixture.show(view).await;
    assert_eq!(text(".people_list h3"), "Active before you disconnected · 2");
}

#[wasm_bindgen_test]
async fn a_notice_is_shown_while_missed_messages_load() {
    let mut fixture = Fixture::open(Parts { catching_up: true, ..room() }).await;
    assert_eq!(text("#catching_up"), "Loading what you missed…");
    fixture.show(Parts { jumping: true, ..room() }).await;
    assert!(maybe("#jumping").is_some());
    fixture.show(Parts { jump_failed: true, ..room() }).await;
    assert!(maybe("#jump_failed").is_some());
    fixture.show(room()).await;
    assert!(maybe(".notice").is_none());
}

#[wasm_bindgen_test]
async fn a_notice_of_a_new_epoch_is_shown_until_dismissed() {
    let mut view = room();
    view.new_epoch = true;
    let fixture = Fixture::open(view).await;
    assert!(text("#new_epoch").contains("reset or restored from a backup"));
    press("#new_epoch button").await;
    assert_eq!(fixture.take_inputs(), [Input::DismissEpoch]);
}
