//! Whether the reader is at the end of the list, and keeping it so.

use client::view::{Row, RowKey};
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// So near the end counts as there: a line and a half, in CSS pixels.
const NEAR_PX: i32 = 40;

/// What the list needs to know.
pub(super) struct Pin {
    /// There are messages below that the reader has not been shown.
    pub(super) news: bool,
    /// To be told each scroll.
    pub(super) on_scroll: Callback<Event>,
    /// Goes to the end.
    pub(super) go_down: Callback<()>,
}

/// Keeps the list at its end while the reader is there. A new row of the
/// reader's own goes there from anywhere.
#[hook]
pub(super) fn use_pin(node: &NodeRef, last: Option<&Rc<Row>>) -> Pin {
    let pinned = use_mut_ref(|| true);
    let news = use_state_eq(|| false);
    let on_scroll = {
        let (pinned, news) = (pinned.clone(), news.setter());
        use_callback(node.clone(), move |_: Event, node| {
            let at_end = node.cast::<Element>().is_none_or(|list| is_at_end(&list));
            *pinned.borrow_mut() = at_end;
            if at_end {
                news.set(false);
            }
        })
    };
    let go_down = {
        let (pinned, news) = (pinned.clone(), news.setter());
        use_callback(node.clone(), move |(), node| {
            *pinned.borrow_mut() = true;
            news.set(false);
            scroll_to_end(node);
        })
    };
    let newest: Option<(RowKey, bool)> = last.map(|row| (row.key, row.mine));
    use_effect_with(newest, {
        let (go_down, pinned, news) = (go_down.clone(), pinned.clone(), news.setter());
        move |newest| match newest {
            Some((_, mine)) if *mine || *pinned.borrow() => go_down.emit(()),
            Some(_) => news.set(true),
            None => {}
        }
    });
    // The list or its content grows or shrinks without a new row: a keyboard
    // comes up, the composer takes another line, a refusal gets its reason.
    use_effect_with(node.clone(), move |node| {
        let node = node.clone();
        let list = node.cast::<Element>();
        let on_resize = Closure::<dyn FnMut()>::new(move || {
            if *pinned.borrow() {
                scroll_to_end(&node);
            }
        });
        let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(list)) = (&observer, list) {
            observer.observe(&list);
            if let Some(content) = list.last_element_child() {
                observer.observe(&content);
            }
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(on_resize);
        }
    });
    Pin { news: *news, on_scroll, go_down }
}

fn is_at_end(list: &Element) -> bool {
    list.scroll_height() - list.scroll_top() - list.client_height() <= NEAR_PX
}

fn scroll_to_end(node: &NodeRef) {
    if let Some(list) = node.cast::<Element>() {
        list.set_scroll_top(list.scroll_height());
    }
}
