use crate::fixture::*;
use client::input::Input;
use client::view::{Edge, RowState};
use shared::{ErrorCode, MemberId, RoomId};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

#[wasm_bindgen_test]
async fn only_messages_are_paragraphs() {
    let mut passer_by = row(0, 3, "plain", RowState::Settled);
    passer_by.tag = Some(3);
    let rows =
        [row(2, 1, "one\ntwo\n\nfour", RowState::Settled), row(ME, 2, "three", RowState::Sending), passer_by];
    let view = Parts { older: Edge::More, ..with_rows(rows) };
    let _fixture = Fixture::open(view).await;
    let wanted = [("settled", "one\ntwo\n\nfour"), ("sending", "three"), ("settled", "plain")];
    assert_eq!(paragraphs(), wanted.map(|(state, text)| (state.to_owned(), text.to_owned())));
    assert_eq!(find("#char_list p").get_attribute("data-key").unwrap(), format!("2/{}", "01".repeat(16)));
    assert_eq!(find("#char_list").get_attribute("role").as_deref(), Some("log"));
    assert!(find(".message:last-child .byline").text_content().unwrap().starts_with("Guest 3"));
}

#[wasm_bindgen_test]
async fn text_is_never_html_and_urls_are_links() {
    let written = "<img src=x onerror=alert(1)> see https://example.org/a?b=1&c=2, or javascript:alert(1)";
    let _fixture = Fixture::open(with_rows([row(2, 1, written, RowState::Settled)])).await;
    assert_eq!(text("#char_list p"), written);
    assert!(maybe("#char_list p img").is_none());
    let links = page().query_selector_all("#char_list p a").unwrap();
    assert_eq!(links.length(), 1);
    let link: Element = links.get(0).unwrap().unchecked_into();
    assert_eq!(link.get_attribute("href").as_deref(), Some("https://example.org/a?b=1&c=2"));
    assert_eq!(link.get_attribute("rel").as_deref(), Some("noopener noreferrer nofollow ugc"));
    assert_eq!(link.get_attribute("target").as_deref(), Some("_blank"));
}

#[wasm_bindgen_test]
async fn a_link_to_a_room_of_the_house_opens_in_place() {
    let origin = web_sys::window().unwrap().location().origin().unwrap();
    let written = format!("{origin}/r/7 {origin} {origin}/inspect https://other.example/r/7");
    let fixture = Fixture::open(with_rows([row(2, 1, &written, RowState::Settled)])).await;
    fixture.take_inputs();
    let target = |nth: u32| find(&format!("#char_list p a:nth-of-type({nth})")).get_attribute("target");
    assert_eq!([1, 2, 3, 4].map(|nth| target(nth).is_some()), [false, false, true, true]);
    press("#char_list p a:nth-of-type(1)").await;
    press("#char_list p a:nth-of-type(2)").await;
    assert_eq!(fixture.take_inputs(), [Input::OpenRoom(RoomId(7)), Input::OpenRoom(RoomId::LOBBY)]);
}

#[wasm_bindgen_test]
async fn a_row_settles_in_its_own_node_and_does_not_move() {
    let before = row(2, 1, "hello", RowState::Settled);
    let mine = |state| row(ME, 2, "local echo https://example.org", state);
    let mut fixture = Fixture::open(with_rows([before.clone(), mine(RowState::Sending)])).await;
    let node = find("#char_list p[data-state=sending]");
    let place = node.get_bounding_client_rect();
    for state in [RowState::Waiting, RowState::Sending, RowState::Settled] {
        fixture.show(with_rows([before.clone(), mine(state)])).await;
        let now = find("#char_list .message:last-child p");
        assert!(now.is_same_node(Some(&node)), "{state:?}");
        let (moved_x, moved_y) =
            (now.get_bounding_client_rect().x() - place.x(), now.get_bounding_client_rect().y() - place.y());
        assert_eq!((moved_x, moved_y), (0.0, 0.0), "{state:?}");
        assert_eq!(now.get_bounding_client_rect().height(), place.height(), "{state:?}");
    }
    // What comes in between takes no node away either.
    fixture
        .show(with_rows([before, row(2, 3, "in between", RowState::Settled), mine(RowState::Settled)]))
        .await;
    assert!(find("#char_list .message:last-child p").is_same_node(Some(&node)));
}

#[wasm_bindgen_test]
async fn a_failed_row_shows_its_reason_and_three_actions() {
    let failed = row(ME, 1, "too much", RowState::Failed(ErrorCode::TextTooLong));
    let key = failed.key;
    let fixture = Fixture::open(with_rows([failed])).await;
    assert_eq!(
        text(".failed_actions .reason"),
        "The message is longer than 16384 bytes. Shorten it, or send it in parts."
    );
    press(".failed_actions .retry").await;
    assert_eq!(fixture.take_inputs(), [Input::Retry(key)]);
    expect_copied(".failed_actions .copy", "too much").await;
    press(".failed_actions .confirm button").await;
    assert!(fixture.take_inputs().is_empty(), "discarding asks first");
    assert!(text(".failed_actions .confirm [role=alert]").starts_with("Discard this message?"));
    press(".failed_actions .danger").await;
    assert_eq!(fixture.take_inputs(), [Input::Discard(key)]);
}

#[wasm_bindgen_test]
async fn an_unknown_error_has_a_general_sentence() {
    let failed = row(ME, 1, "x", RowState::Failed(ErrorCode::Other(4242)));
    let _fixture = Fixture::open(with_rows([failed])).await;
    assert_eq!(
        text(".failed_actions .reason"),
        "Something went wrong (error 4242). Try again, or tell the server's admin."
    );
}

#[wasm_bindgen_test]
async fn a_day_of_another_year_is_named_with_its_year() {
    let language = frontend::language::Language::English;
    let noon = |day: i64| day as u64 * 86_400_000 + 43_200_000;
    let label = |day, today| frontend::calendar::day_label(language, day, noon(day), today).to_string();
    // 2026-12-31 is day 20,818.
    assert!(label(20_817, 20_820).contains("2026"), "{}", label(20_817, 20_820));
    assert!(!label(20_810, 20_818).contains("2026"), "{}", label(20_810, 20_818));
    assert_eq!([label(20_818, 20_819), label(20_818, 20_818)], ["Yesterday", "Today"]);
}

#[wasm_bindgen_test]
async fn an_empty_room_invites_to_write_only_when_it_is_loaded() {
    let mut view = room();
    view.loaded = false;
    let mut fixture = Fixture::open(view).await;
    assert_eq!(text(".empty"), "Loading messages…");
    fixture.show(room()).await;
    assert!(text(".empty").starts_with("No messages yet"));
    assert!(paragraphs().is_empty());
    fixture.show(Parts { older: Edge::Loading, loaded: false, ..room() }).await;
    assert_eq!(text(".empty"), "Loading messages…");
    let view = with_rows([row(2, 1, "first", RowState::Settled)]);
    assert_eq!(view.rows[0].key.author, MemberId(2));
    fixture.show(view).await;
    assert!(maybe(".empty").is_none());
    assert_eq!(text(".edge"), "This is the start of the room.");
}

#[wasm_bindgen_test]
async fn an_avatar_shows_whole_letters() {
    let named = |number, name: &str| {
        let mut row = row(u64::from(number) + 20, number, "x", RowState::Settled);
        row.name = name.into();
        row
    };
    let names = ["🇨🇳 小明", "👩🏽 Kim", "กำแพง", "Ann Lee", "林小满"];
    let rows = (1..).zip(names).map(|(number, name)| named(number, name));
    let _fixture = Fixture::open(with_rows(rows)).await;
    let shown = page().query_selector_all("#char_list .avatar").unwrap();
    let shown: Vec<_> = (0..shown.length()).filter_map(|at| shown.get(at)?.text_content()).collect();
    assert_eq!(shown, ["🇨🇳", "👩🏽", "กำ", "AL", "林"]);
}
