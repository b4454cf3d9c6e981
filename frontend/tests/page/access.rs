//! What people with a screen reader, a keyboard, a touch screen or a translator meet.

use crate::fixture::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::MouseEvent;
use yew::scheduler;

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
