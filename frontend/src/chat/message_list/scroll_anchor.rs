//! Keeps the person's scroll position when rows are added or removed, or when something changes its size.
//!
//! A person at the end of the room stays at the end. Anywhere else, the first visible text stays where it is
//! on the screen, to the pixel: its offset is measured before each change of the list, and afterwards the
//! list is scrolled by the distance that the text moved.

use client::input::Input;
use client::view::{Edge, Pane, Row, RowKey};
use std::rc::Rc;
use web_sys::Element;

/// Distance from the end, in CSS pixels, that still counts as being at the end: a line and a half.
const NEAR_PX: i32 = 40;

/// Key of the first visible text, and its distance in CSS pixels from the list's top edge.
pub(super) type Place = (String, f64);

/// Scroll position of the person in one message list.
pub(super) struct ScrollAnchor {
    /// Whether the person is at the end and is to be kept there.
    pinned: bool,
    /// Whether the client follows the end, by its last view or by the last input sent to it.
    following: bool,
    /// Whether the end of the list is the end of the room: no newer messages are left to load.
    ends: bool,
    /// `scrollTop` when it was last read.
    top: i32,
    /// First visible text, and the distance in CSS pixels from the list's top edge down to the text.
    anchor: Option<(Element, f64)>,
    /// Whether the list shows rows.
    has_rows: bool,
    /// Whether the list is to open at the line above the new messages.
    opens_at_line: bool,
    /// First and last row for which older and newer messages were requested.
    requested: (Option<RowKey>, Option<RowKey>),
}

impl ScrollAnchor {
    pub(super) fn new(pane: &Pane) -> Self {
        let (following, ends) = (pane.following, pane.newer == Edge::End);
        let opens_at_line = pane.line.is_some();
        let has_rows = !pane.rows.is_empty();
        ScrollAnchor {
            pinned: following,
            following,
            ends,
            top: 0,
            anchor: None,
            has_rows,
            opens_at_line,
            requested: (None, None),
        }
    }

    /// Goes back to a place that [`ScrollAnchor::place`] returned, if the list contains its row. To be called
    /// before the position is corrected for the first time.
    pub(super) fn return_to(&mut self, list: &Element, (row, offset): &Place) {
        self.anchor = find(list, row).filter(|_| !self.pinned).map(|text| (text, *offset));
    }

    /// The place of a person who is not at the end.
    pub(super) fn place(&self) -> Option<Place> {
        let (text, offset) = self.anchor.as_ref().filter(|_| !self.pinned)?;
        Some((text.get_attribute("data-key")?, *offset))
    }

    /// Measures the position. To be called before the list is changed to show `pane`.
    pub(super) fn before(&mut self, list: &Element, pane: &Pane) {
        // Where the person has scrolled and the client does not know it yet, the person's position wins.
        self.see(list);
        self.ends = pane.newer == Edge::End;
        // The rooms may come after the list was made.
        self.opens_at_line = pane.line.is_some() && (self.opens_at_line || !self.has_rows);
        self.has_rows |= !pane.rows.is_empty();
        if std::mem::replace(&mut self.following, pane.following) != pane.following {
            self.pinned = pane.following;
        }
    }

    /// Reads the position after the person may have scrolled. Only scrolling up leaves the end: when the
    /// list's visible height has shrunk, the end is further away although the person did not move.
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

    /// Returns the inputs that follow from scrolling or from a change of the list: [`Input::FollowEnd`] when
    /// the person reaches or leaves the end, [`Input::LoadOlder`] and [`Input::LoadNewer`] within one screen
    /// of an end.
    pub(super) fn wants(&mut self, list: &Element, pane: &Pane) -> Vec<Input> {
        self.see(list);
        let mut wants = Vec::new();
        if self.pinned != self.following {
            self.following = self.pinned;
            wants.push(Input::FollowEnd(pane.conversation, self.pinned));
        }
        // Load one screen ahead, so that reading does not stop at an end of the window.
        let ahead = list.client_height();
        let key = |row: Option<&Rc<Row>>| row.map(|row| row.key);
        let (older, newer) = &mut self.requested;
        let left = list.scroll_height() - self.top - ahead;
        if is_to_request(pane.older, self.top < ahead, older, key(pane.rows.first())) {
            wants.push(Input::LoadOlder(pane.conversation));
        }
        if is_to_request(pane.newer, left < ahead, newer, key(pane.rows.last())) {
            wants.push(Input::LoadNewer(pane.conversation));
        }
        wants
    }

    /// Restores the position after a change of the list.
    pub(super) fn changed(&mut self, list: &Element) {
        if self.opens_at_line && self.show_line(list) {
            self.opens_at_line = false;
            return;
        }
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

    /// Restores the position after a possible change of the list's size: a touch keyboard opened, or the
    /// composer grew.
    ///
    /// Browsers report scrolling late, so the person may have scrolled already. The browser itself scrolls
    /// only when the old position lies beyond the new end.
    pub(super) fn resized(&mut self, list: &Element) {
        let top = list.scroll_top();
        let is_at_end = top + list.client_height() >= list.scroll_height();
        if top > self.top || (top < self.top && (self.pinned || !is_at_end)) {
            self.see(list);
        }
        self.changed(list);
    }

    /// Scrolls the row to the middle of the list, or its beginning to the top if it is higher than the list.
    /// Nothing happens if the list does not contain the row.
    pub(super) fn show(&mut self, list: &Element, row: RowKey) {
        if let Some(text) = find(list, &row.to_string()) {
            let height = text.get_bounding_client_rect().height();
            let middle = (f64::from(list.client_height()) - height) / 2.0;
            list.scroll_by_with_x_and_y(0.0, offset_of(&text, list) - middle.max(0.0));
            self.pinned = false;
            self.top = list.scroll_top();
            self.anchor = first_read(list);
        }
    }

    /// Scrolls so that the line above the new messages is at a quarter of the list's height. Returns false if the
    /// list does not contain the line.
    pub(super) fn show_line(&mut self, list: &Element) -> bool {
        let Ok(Some(line)) = list.query_selector(".new_line") else { return false };
        let wanted = f64::from(list.client_height()) / 4.0;
        list.scroll_by_with_x_and_y(0.0, offset_of(&line, list) - wanted);
        self.pinned = false;
        self.top = list.scroll_top();
        self.anchor = first_read(list);
        self.see(list);
        true
    }

    fn go_to_end(&mut self, list: &Element) {
        list.set_scroll_top(list.scroll_height());
        self.top = list.scroll_top();
        self.anchor = None;
    }
}

/// Whether to request the messages beyond an end of the window: at most once for each outermost row.
fn is_to_request(
    edge: Edge,
    is_near: bool,
    requested: &mut Option<RowKey>,
    outermost: Option<RowKey>,
) -> bool {
    if edge != Edge::More {
        *requested = None;
        return false;
    }
    is_near && outermost.is_some() && std::mem::replace(requested, outermost) != outermost
}

/// Text of the row with this key.
fn find(list: &Element, key: &str) -> Option<Element> {
    list.query_selector(&format!("[data-key='{key}']")).ok().flatten()
}

/// Distance in CSS pixels from the list's top edge down to the text; negative above the edge.
fn offset_of(text: &Element, list: &Element) -> f64 {
    text.get_bounding_client_rect().top() - list.get_bounding_client_rect().top()
}

/// First text of which a part is visible, with its offset. A text and not a row is the anchor, because a row
/// may gain or lose its author's name above the text.
fn first_read(list: &Element) -> Option<(Element, f64)> {
    let texts = list.get_elements_by_class_name("message_text");
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
