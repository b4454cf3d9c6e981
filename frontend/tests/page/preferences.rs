use crate::fixture::*;
use client::input::Input;
use client::view::Person;
use shared::MemberId;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::scheduler;

fn html_attribute(name: &str) -> String {
    page().document_element().unwrap().get_attribute(name).unwrap()
}

/// Opens the settings. The width of the test's frame depends on the browser; in a narrow one, the settings
/// are behind the menu.
async fn open_settings() {
    if maybe("#menu_btn").is_some() {
        press("#menu_btn").await;
    }
    press("#settings_btn").await;
    assert!(find("#settings_dialog").has_attribute("open"));
}

#[wasm_bindgen_test]
async fn the_language_switch_changes_every_text_and_is_kept() {
    let fixture = Fixture::open(room()).await;
    assert_eq!(page().title(), "Lobby · Teahouse");
    open_settings().await;
    press("input[name=language][value=zh-CN]").await;
    assert_eq!(find("#send_str").get_attribute("placeholder").as_deref(), Some("发消息到 #大堂"));
    assert_eq!(text("#ready_state"), "已连接");
    assert_eq!(html_attribute("lang"), "zh-CN");
    assert_eq!(page().title(), "大堂 · 茶馆");
    drop(fixture);
    // Another visit, without forgetting.
    let root = new_root();
    let props = frontend::page::PageProps { view: room().view(), emit: yew::Callback::noop() };
    let app = yew::Renderer::<frontend::page::Page>::with_root_and_props(root.clone(), props).render();
    scheduler::flush().await;
    assert_eq!(text("#ready_state"), "已连接");
    app.destroy();
    root.remove();
}

#[wasm_bindgen_test]
async fn the_theme_switch_changes_the_colours() {
    let _fixture = Fixture::open(room()).await;
    assert_eq!(html_attribute("data-theme"), "system");
    open_settings().await;
    let paper = || {
        let body = page().body().unwrap();
        let style = web_sys::window().unwrap().get_computed_style(&body).unwrap().unwrap();
        style.get_property_value("background-color").unwrap()
    };
    press("input[name=theme][value=dark]").await;
    assert_eq!(html_attribute("data-theme"), "dark");
    assert_eq!(paper(), "rgb(23, 22, 20)");
    press("input[name=theme][value=light]").await;
    assert_eq!(html_attribute("data-theme"), "light");
    assert_eq!(paper(), "rgb(251, 249, 245)");
}

#[wasm_bindgen_test]
async fn a_choice_in_another_tab_applies_here_too() {
    let _fixture = Fixture::open(room()).await;
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    storage.set_item("teahouse.language", "zh-CN").unwrap();
    storage.set_item("teahouse.theme", "dark").unwrap();
    assert_eq!(text("#ready_state"), "Connected");
    let event = web_sys::Event::new("storage").unwrap();
    web_sys::window().unwrap().dispatch_event(&event).unwrap();
    scheduler::flush().await;
    assert_eq!((&*text("#ready_state"), &*html_attribute("data-theme")), ("已连接", "dark"));
}

#[wasm_bindgen_test]
async fn a_member_is_signed_out_after_a_confirmation() {
    let fixture = Fixture::open(room()).await;
    open_settings().await;
    press("#sign_out_btn").await;
    assert!(fixture.take_inputs().is_empty());
    assert!(text(".sign_out").contains("without the name"));
    press("#sign_out_yes").await;
    assert_eq!(fixture.take_inputs(), [Input::SignOut]);
}

#[wasm_bindgen_test]
async fn present_members_are_named_and_the_rest_counted_when_too_many_are_present() {
    let person = |id, name: &str, away, me| Person { id: MemberId(id), name: name.into(), away, me };
    let people =
        [person(1, "阿哲", false, true), person(2, "Jonas", false, false), person(3, "Mei", true, false)];
    let view = Parts { people: people.into(), people_count: 7, ..room() };
    let _fixture = Fixture::open(view).await;
    if maybe("#people_btn").is_some() {
        press("#people_btn").await;
    }
    let list = text(".people_list");
    for part in ["Active · 2", "阿哲", "you", "Jonas", "Away · 1", "Mei", "and 4 more"] {
        assert!(list.contains(part), "{part} in {list}");
    }
}
