//! Where the reader is, and keeping it so, whatever comes, goes or changes its size.
//!
//! At the end of what is followed the list stays at its end. Anywhere else the first message that
//! is read stays where it is on the screen, to the pixel: it is measured before each change of the
//! list, and the list is scrolled by as much as it moved.

use client::input::Input;
use client::view::{Edge, Row, RowKey, View};
use std::rc::Rc;
use web_sys::Element;

/// So near the end counts as there: a line and a half, in CSS pixels.
const NEAR_PX: i32 = 40;

/// The place.
pub(super) struct ScrollAnchor {
    /// At the end, and to be kept there.
    pinned: bool,
    /// Whether the client follows, as it said last or was told.
    following: bool,
    /// The end of the list is the end of the room.
    ends: bool,
    /// `scrollTop` as it was last seen.
    top: i32,
    /// The first text that is read, and how far below the top edge of the list it begins.
    anchor: Option<(Element, f64)>,
    /// The outermost rows for which more was asked.
    asked: (Option<RowKey>, Option<RowKey>),
}

impl ScrollAnchor {
    pub(super) fn new(view: &View) -> Self {
        let (following, ends) = (view.following, view.newer == Edge::End);
        ScrollAnchor { pinned: following, following, ends, top: 0, anchor: None, asked: (None, None) }
    }

    /// Before the list changes to show `view`.
    pub(super) fn before(&mut self, list: &Element, view: &View) {
        // Where the client does not know yet what the reader did, the reader is right.
        self.see(list);
        self.ends = view.newer == Edge::End;
        if std::mem::replace(&mut self.following, view.following) != view.following {
            self.pinned = view.following;
        }
    }

    /// The reader may have scrolled. Only going up leaves the end: when the list has shrunk, the
    /// reader is further from it without having moved.
    fn see(&mut self, list: &Element) {
        let top = list.scroll_top();
        let left = list.scroll_height() - top - list.client_height();
        if self.ends && left <= NEAR_PX {
            self.pinned = true;
        } else if !self.ends || top < self.top {
            self.pinned = false;
        }
        if top != self.top || self.anchor.is_none() {
            self.anchor = first_read(list);
        }
        self.top = top;
    }

    /// The reader has scrolled, or the list was changed: what the client is to be told.
    pub(super) fn wants(&mut self, list: &Element, view: &View) -> Vec<Input> {
        self.see(list);
        let mut wants = Vec::new();
        if self.pinned != self.following {
            self.following = self.pinned;
            wants.push(Input::FollowEnd(self.pinned));
        }
        // A screen ahead, so that reading does not stop at an edge.
        let ahead = list.client_height();
        let key = |row: Option<&Rc<Row>>| row.map(|row| row.key);
        let (older, newer) = &mut self.asked;
        let left = list.scroll_height() - self.top - ahead;
        if asks(view.older, self.top < ahead, older, key(view.rows.first())) {
            wants.push(Input::LoadOlder);
        }
        if asks(view.newer, left < ahead, newer, key(view.rows.last())) {
            wants.push(Input::LoadNewer);
        }
        wants
    }

    /// The list was changed.
    pub(super) fn changed(&mut self, list: &Element) {
        if self.pinned {
            return self.go_to_end(list);
        }
        if let Some((text, offset)) = self.anchor.as_ref().filter(|(text, _)| text.is_connected()) {
            let moved = offset_of(text, list) - offset;
            if moved != 0.0 {
                list.scroll_by_with_x_and_y(0.0, moved);
            }
        }
        self.top = list.scroll_top();
    }

    /// The list may have another size without a change of its rows: a keyboard comes up, the
    /// composer takes another line. The reader may have scrolled already, for browsers tell that
    /// later; only to the end may the browser have scrolled by itself.
    pub(super) fn resized(&mut self, list: &Element) {
        let top = list.scroll_top();
        let is_at_end = top + list.client_height() >= list.scroll_height();
        if top > self.top || (top < self.top && (self.pinned || !is_at_end)) {
            self.see(list);
        }
        self.changed(list);
    }

    /// Shows this row in the middle.
    pub(super) fn show(&mut self, list: &Element, row: RowKey) {
        let found = list.query_selector(&format!("p[data-key='{row}']")).ok().flatten();
        if let Some(text) = found {
            let height = text.get_bounding_client_rect().height();
            let middle = (f64::from(list.client_height()) - height) / 2.0;
            list.scroll_by_with_x_and_y(0.0, offset_of(&text, list) - middle.max(0.0));
            self.pinned = false;
            self.top = list.scroll_top();
            self.anchor = first_read(list);
        }
    }

    fn go_to_end(&mut self, list: &Element) {
        list.set_scroll_top(list.scroll_height());
        self.top = list.scroll_top();
        self.anchor = None;
    }
}

/// Whether to ask for what is beyond an edge: once for each outermost row.
fn asks(edge: Edge, is_near: bool, asked: &mut Option<RowKey>, outermost: Option<RowKey>) -> bool {
    if edge != Edge::More {
        *asked = None;
        return false;
    }
    is_near && outermost.is_some() && std::mem::replace(asked, outermost) != outermost
}

/// How far below the top edge of the list it begins, in CSS pixels.
fn offset_of(text: &Element, list: &Element) -> f64 {
    text.get_bounding_client_rect().top() - list.get_bounding_client_rect().top()
}

/// The first text of which a part is seen. A text and not a row: a row may get its author's name
/// above it or lose it.
fn first_read(list: &Element) -> Option<(Element, f64)> {
    let texts = list.get_elements_by_tag_name("p");
    let edge = list.get_bounding_client_rect().top();
    let (mut from, mut to) = (0, texts.length());
    while from < to {
        let middle = from.midpoint(to);
        let text = texts.item(middle)?;
        if text.get_bounding_client_rect().bottom() > edge {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    let text = texts.item(from)?;
    let offset = offset_of(&text, list);
    Some((text, offset))
}
