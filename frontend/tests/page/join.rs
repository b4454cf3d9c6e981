use crate::fixture::*;
use client::input::Input;
use client::view::{IdentityView, NameRefusal, ReadyState};
use shared::ErrorCode;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;

fn join_page(name: &str, refusal: Option<NameRefusal>) -> Parts {
    let identity = IdentityView::Nobody { name: name.into(), busy: false, refusal, retry_at: None };
    Parts { identity, ..room() }
}

fn refusal(code: ErrorCode) -> NameRefusal {
    NameRefusal { code, suggestion: None, retry_after_s: None }
}

fn field() -> HtmlInputElement {
    find("#name_str").unchecked_into()
}

#[wasm_bindgen_test]
async fn the_join_form_emits_the_name() {
    let mut view = join_page("阿哲", None);
    view.connection.ready_state = ReadyState::Closed;
    let fixture = Fixture::open(view).await;
    assert_eq!(field().value(), "阿哲");
    assert_eq!(text("#ready_state"), "Not connected");
    assert!(page().active_element().unwrap().is_same_node(Some(&field())));
    press("#name_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::Join { name: "阿哲".to_owned() }]);
}

#[wasm_bindgen_test]
async fn an_empty_name_is_refused_at_its_field() {
    let fixture = Fixture::open(join_page("", None)).await;
    press("#name_btn").await;
    assert!(fixture.take_inputs().is_empty());
    assert_eq!(text("#name_error"), "Enter a name.");
    assert_eq!(find("#name_error").get_attribute("role").as_deref(), Some("alert"));
}

#[wasm_bindgen_test]
async fn a_taken_name_is_refused_with_a_free_suggestion() {
    let mut fixture = Fixture::open(join_page("", None)).await;
    field().set_value("Mei");
    let refusal = NameRefusal { suggestion: Some("Mei 2".to_owned()), ..refusal(ErrorCode::NameTaken) };
    fixture.show(join_page("", Some(refusal))).await;
    assert_eq!(text("#name_error"), "This name isn't available. Choose another.");
    press(".suggestion").await;
    assert_eq!(field().value(), "Mei 2");
    press("#name_btn").await;
    assert_eq!(fixture.take_inputs(), [Input::Join { name: "Mei 2".to_owned() }]);
}

#[wasm_bindgen_test]
async fn a_join_that_waits_says_when_it_goes_on() {
    let retry_at = Some(frontend::clock::now().mono + 30_000);
    let refusal = Some(refusal(ErrorCode::TooManyRequests));
    let identity = IdentityView::Nobody { name: "Mei".into(), busy: true, refusal, retry_at };
    let fixture = Fixture::open(Parts { identity, ..room() }).await;
    assert!(text("#join_wait").starts_with("Many people are joining"), "{}", text("#join_wait"));
    assert!(text("#join_wait").contains("30 s"), "{}", text("#join_wait"));
    assert_eq!(text("#name_error"), "", "the wait says it");
    press("#name_btn").await;
    assert!(fixture.take_inputs().is_empty(), "it goes on by itself");
}

#[wasm_bindgen_test]
async fn an_enter_of_an_input_method_does_not_submit_the_name() {
    let _fixture = Fixture::open(join_page("", None)).await;
    // Prevented: the browser then does not submit the form.
    assert!(enter("#name_str", |init| init.set_is_composing(true)).await);
    assert!(enter("#name_str", |init| init.set_key_code(229)).await);
    assert!(!enter("#name_str", |_| {}).await);
}

#[wasm_bindgen_test]
async fn the_name_field_has_the_focus_when_the_name_is_refused() {
    let mut fixture = Fixture::open(join_page("", None)).await;
    find("#name_btn").focus().unwrap();
    fixture.show(join_page("", Some(refusal(ErrorCode::NameTaken)))).await;
    assert!(page().active_element().unwrap().is_same_node(Some(&field())));
    assert_eq!(find("#name_error").get_attribute("role").as_deref(), Some("alert"), "and it is read out");
}

#[wasm_bindgen_test]
async fn the_name_field_has_the_focus_after_a_sign_out() {
    let mut fixture = Fixture::open(room()).await;
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
    press("#settings_btn").await;
    press("#sign_out_btn").await;
    press("#sign_out_yes").await;
    assert_eq!(fixture.take_inputs(), [Input::SignOut]);
    fixture.show(join_page("", None)).await;
    assert!(page().active_element().unwrap().is_same_node(Some(&field())));
}

fn somebody(busy: bool, refusal: Option<ErrorCode>) -> Parts {
    let refusal = refusal.map(self::refusal);
    let Parts { identity: IdentityView::Somebody { me, .. }, .. } = room() else { unreachable!() };
    Parts { identity: IdentityView::Somebody { me, busy, refusal }, ..room() }
}

#[wasm_bindgen_test]
async fn a_failed_sign_out_is_shown_and_can_be_retried() {
    let mut fixture = Fixture::open(room()).await;
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
    press("#settings_btn").await;
    for _ in 0..2 {
        press("#sign_out_btn").await;
        press("#sign_out_yes").await;
        assert_eq!(fixture.take_inputs(), [Input::SignOut]);
        fixture.show(somebody(true, None)).await;
        assert_eq!(text("#sign_out_error"), "");
        fixture.show(somebody(false, Some(ErrorCode::Internal))).await;
        assert!(text("#sign_out_error").starts_with("You're still signed in"));
        assert_eq!(find("#sign_out_error").get_attribute("role").as_deref(), Some("alert"));
        assert_eq!(text("#rename_error"), "", "the name is not what was refused");
    }
    // The next thing that is asked for has its own answer.
    press("#rename_btn").await;
    fixture.show(somebody(false, Some(ErrorCode::NameTaken))).await;
    assert_eq!(text("#sign_out_error"), "");
    assert_ne!(text("#rename_error"), "");
}
