//! The focus when the element that has it leaves the document.
//!
//! Browsers give the focus to `<body>` then: keys go nowhere, and a screen reader begins again at the top. Here the
//! focus goes to the open dialog, otherwise to the composer.

use crate::components::keys::Keyboard;
use crate::listener::Listener;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, MutationObserver, MutationObserverInit};
use yew::prelude::*;

/// Keeps the focus in the page while the component is shown. Only the two root components use this hook.
#[hook]
pub fn use_focus() {
    use_effect_with((), |()| watch());
}

/// Gives the focus to the first field or button of the open dialog, otherwise to the composer. On a touch screen the
/// list of messages has it instead, because the composer would open the keyboard unasked.
pub fn restore() {
    let composer = if Keyboard::of_device() == Keyboard::Hardware { "#send_str" } else { ".scroll" };
    first(&["dialog[open] [autofocus]", "dialog[open] button", composer, "main button"]);
}

/// Gives the focus to the first element that there is, by these selectors.
pub fn first(selectors: &[&str]) {
    let Some(page) = web_sys::window().and_then(|window| window.document()) else { return };
    let found = selectors.iter().find_map(|selector| page.query_selector(selector).ok().flatten());
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        drop(element.focus());
    }
}

/// Watches the document until the returned function is called.
fn watch() -> impl FnOnce() {
    let page = web_sys::window().and_then(|window| window.document());
    let last = Rc::new(RefCell::new(None::<Element>));
    let on_focus = page.as_ref().map(|page| {
        let last = last.clone();
        Listener::new(page, "focusin", move |event| {
            last.replace(event.target().and_then(|target| target.dyn_into().ok()));
        })
    });
    let on_change = Closure::<dyn FnMut()>::new({
        let page = page.clone();
        move || {
            let is_gone = last.borrow().as_ref().is_some_and(|element| !element.is_connected());
            if is_gone {
                last.take();
                // Something else may have the focus already.
                let focused = page.as_ref().and_then(|page| page.active_element());
                if focused.is_none_or(|element| element.tag_name() == "BODY") {
                    restore();
                }
            }
        }
    });
    let changes = MutationObserver::new(on_change.as_ref().unchecked_ref()).ok();
    if let (Some(page), Some(changes)) = (&page, &changes) {
        let wanted = MutationObserverInit::new();
        wanted.set_child_list(true);
        wanted.set_subtree(true);
        drop(changes.observe_with_options(page, &wanted));
    }
    move || {
        if let Some(changes) = changes {
            changes.disconnect();
        }
        drop((on_focus, on_change));
    }
}
