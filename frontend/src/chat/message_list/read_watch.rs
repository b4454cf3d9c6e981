//! Notices which messages the person has seen.
//!
//! Twice a second it looks for the last message of which at least half is in sight. One that was in sight both times
//! is seen, and so is everything above it. While the page is hidden, without focus or behind a dialog, nothing is
//! seen.

use crate::visibility;
use client::limits::SEEN_MS;
use client::view::{Pane, RowKey, RowState};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::Element;

/// What was in sight at the last look.
#[derive(Debug, Default)]
pub(super) struct ReadWatch {
    in_sight: Option<RowKey>,
    reported: Option<RowKey>,
}

impl ReadWatch {
    /// Looks at the list, which shows `pane`. Returns the row that the person has seen, if it is another one than
    /// before.
    pub(super) fn look(&mut self, list: &Element, pane: &Pane) -> Option<RowKey> {
        let newest = pane.rows.iter().rfind(|row| row.state == RowState::Settled).map(|row| row.key);
        if newest.is_none() || newest == self.reported {
            return None;
        }
        let now = visibility::is_read().then(|| last_in_sight(list, pane)).flatten();
        let before = std::mem::replace(&mut self.in_sight, now.map(|index| pane.rows[index].key));
        let before = pane.rows.iter().position(|row| Some(row.key) == before)?;
        // Scrolling may have moved either out of sight.
        let seen = before.min(now?);
        let is_in_sight = bottom_of(list, seen)? > list.get_bounding_client_rect().top();
        let key = pane.rows[seen].key;
        (is_in_sight && self.reported.replace(key) != Some(key)).then_some(key)
    }
}

/// Calls `look` at every time at which messages may have been seen, until the returned function is called.
pub(super) fn watch(look: impl Fn() + 'static) -> impl FnOnce() {
    let look = Closure::<dyn FnMut()>::new(look);
    let every_ms = i32::try_from(SEEN_MS).unwrap_or(i32::MAX);
    let set = web_sys::window().and_then(|window| {
        let callback = look.as_ref().unchecked_ref();
        let handle =
            window.set_interval_with_callback_and_timeout_and_arguments_0(callback, every_ms).ok()?;
        Some((window, handle))
    });
    move || {
        if let Some((window, handle)) = set {
            window.clear_interval_with_handle(handle);
        }
        drop(look);
    }
}

/// Index of the last settled row of which half is in sight, or as much as the list can show of half of it.
fn last_in_sight(list: &Element, pane: &Pane) -> Option<usize> {
    let texts = list.get_elements_by_class_name("message_text");
    let sight = list.get_bounding_client_rect();
    let (mut from, mut to) = (0, texts.length().min(u32::try_from(pane.rows.len()).unwrap_or(u32::MAX)));
    while from < to {
        let middle = from.midpoint(to);
        let text = texts.item(middle)?.get_bounding_client_rect();
        if text.top() + text.height().min(sight.height()) / 2.0 <= sight.bottom() {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    (0..from as usize).rev().find(|index| pane.rows[*index].state == RowState::Settled)
}

/// Lower edge of the text of the row at this index.
fn bottom_of(list: &Element, index: usize) -> Option<f64> {
    let text = list.get_elements_by_class_name("message_text").item(u32::try_from(index).ok()?)?;
    Some(text.get_bounding_client_rect().bottom())
}
