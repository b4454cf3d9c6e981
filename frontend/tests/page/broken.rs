//! The script of `index.html`, which works without the program.

use crate::fixture::*;
use frontend::storage::take_rescued_draft;
use js_sys::Function;
use shared::RoomId;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

const INDEX: &str = include_str!("../../index.html");

/// Runs a script in the page.
fn run(script: &str) {
    Function::new_no_args(script).call0(&wasm_bindgen::JsValue::UNDEFINED).unwrap();
}

/// The alarms of `index.html`, with its script, until they are dropped.
struct Alarms(Element);

impl Alarms {
    fn open() -> Self {
        let (_, body) = INDEX.split_once("<body>").unwrap();
        let (alarms, rest) = body.split_once("<script>").unwrap();
        let (script, _) = rest.split_once("</script>").unwrap();
        let holder = page().create_element("div").unwrap();
        holder.set_inner_html(alarms);
        page().body().unwrap().append_child(&holder).unwrap();
        run(script);
        run("sessionStorage.clear()");
        Alarms(holder)
    }
}

impl Drop for Alarms {
    fn drop(&mut self) {
        self.0.remove();
    }
}

fn is_shown(id: &str) -> bool {
    find(id).offset_height() > 0
}

#[wasm_bindgen_test]
async fn a_trap_is_told_and_the_text_is_kept() {
    let fixture = Fixture::open(room()).await;
    let _alarms = Alarms::open();
    let field = write("half a thou").await;
    assert_eq!([is_shown("#broken"), is_shown("#old")], [false, false]);
    run("dispatchEvent(new ErrorEvent('error', { error: new TypeError('of an extension') }))");
    assert!(!is_shown("#broken"));
    run("dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }))");
    assert_eq!([is_shown("#broken"), is_shown("#old")], [true, false]);
    assert!(field.read_only(), "what is written now would be lost");
    let alarm = find("#broken").inner_text();
    assert!(alarm.contains("Nothing you wrote is lost.") && !alarm.contains("重新载入"), "{alarm}");
    drop(fixture);
    assert_eq!(take_rescued_draft(), Some((RoomId::LOBBY, "half a thou".to_owned())));
    assert_eq!(take_rescued_draft(), None);
}

#[wasm_bindgen_test]
async fn a_trap_in_a_promise_is_told_too() {
    let _alarms = Alarms::open();
    run("const reason = new WebAssembly.RuntimeError('unreachable'), promise = Promise.resolve(); \
         dispatchEvent(new PromiseRejectionEvent('unhandledrejection', { promise, reason }))");
    assert!(is_shown("#broken"));
}

#[wasm_bindgen_test]
async fn an_old_page_says_so_when_loading_again_did_not_help() {
    let _alarms = Alarms::open();
    let hint = page().create_element("div").unwrap();
    hint.set_class_name("load_hint");
    page().body().unwrap().append_child(&hint).unwrap();
    // Without the name of its program, the page cannot tell whether it was loaded again.
    run("dispatchEvent(new ErrorEvent('error', { error: new TypeError('no such file') }))");
    hint.remove();
    assert_eq!([is_shown("#broken"), is_shown("#old")], [false, true]);
}
