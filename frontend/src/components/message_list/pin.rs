//! Whether the reader is at the end of the list, and keeping it so.

use client::view::{Row, RowKey, RowState};
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

/// Where the reader is.
#[derive(Debug)]
struct Place {
    /// At the end, and to be kept there.
    pinned: bool,
    /// `scrollTop` as it was last seen.
    top: i32,
}

impl Place {
    /// Sees where the list is now. Only going up leaves the end: when the list
    /// has shrunk, the reader is further from it without having moved.
    fn see(&mut self, list: &Element) {
        let top = list.scroll_top();
        if list.scroll_height() - top - list.client_height() <= NEAR_PX {
            self.pinned = true;
        } else if top < self.top {
            self.pinned = false;
        }
        self.top = top;
    }

    /// Goes to the end if the reader is kept there. The reader may have left
    /// already: browsers tell a scroll later than a change of size.
    fn keep(&mut self, list: &Element) -> bool {
        if list.scroll_top() < self.top {
            self.see(list);
        }
        if self.pinned {
            self.go_to_end(list);
        }
        self.pinned
    }

    fn go_to_end(&mut self, list: &Element) {
        list.set_scroll_top(list.scroll_height());
        self.pinned = true;
        self.top = list.scroll_top();
    }
}

/// Keeps the list at its end while the reader is there. A new row of the
/// reader's own goes there from anywhere.
#[hook]
pub(super) fn use_pin(node: &NodeRef, rows: &[Rc<Row>]) -> Pin {
    let place = use_mut_ref(|| Place { pinned: true, top: 0 });
    let news = use_state_eq(|| false);
    let on_scroll = {
        let (place, news) = (place.clone(), news.setter());
        use_callback(node.clone(), move |_: Event, node| {
            let Some(list) = node.cast::<Element>() else { return };
            let mut place = place.borrow_mut();
            place.see(&list);
            if place.pinned {
                news.set(false);
            }
        })
    };
    let go_down = {
        let (place, news) = (place.clone(), news.setter());
        use_callback(node.clone(), move |(), node| {
            let Some(list) = node.cast::<Element>() else { return };
            place.borrow_mut().go_to_end(&list);
            news.set(false);
        })
    };
    use_effect_with(newest(rows, is_under_way), {
        let go_down = go_down.clone();
        move |own| {
            if own.is_some() {
                go_down.emit(());
            }
        }
    });
    use_effect_with(newest(rows, |row| row.state == RowState::Settled), {
        let (node, place, news) = (node.clone(), place.clone(), news.setter());
        move |settled| {
            let (Some((_, mine)), Some(list)) = (settled, node.cast::<Element>()) else { return };
            if !place.borrow_mut().keep(&list) && !mine {
                news.set(true);
            }
        }
    });
    // The list or its content grows or shrinks without a new row: a keyboard
    // comes up, the composer takes another line, a refusal gets its reason.
    use_effect_with(node.clone(), move |node| {
        let list = node.cast::<Element>();
        let on_resize = Closure::<dyn FnMut()>::new({
            let list = list.clone();
            move || {
                if let Some(list) = &list {
                    place.borrow_mut().keep(list);
                }
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

/// The last row of which this is true, and whether it is the reader's own.
fn newest(rows: &[Rc<Row>], is_it: impl Fn(&Row) -> bool) -> Option<(RowKey, bool)> {
    rows.iter().rev().find(|row| is_it(row)).map(|row| (row.key, row.mine))
}

/// Said on this page, and neither settled nor refused.
fn is_under_way(row: &Row) -> bool {
    matches!(row.state, RowState::Sending | RowState::Waiting)
}
