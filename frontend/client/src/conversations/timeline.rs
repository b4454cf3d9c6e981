//! A timeline: one room's settled messages, and the window on them.
//!
//! The **newest segment** ends at the newest message and grows only by the room's events. After a
//! jump there is also at most one **past segment**. The two are merged when they touch by number,
//! never before.
//!
//! **Acked** messages are settled by a `reply`, but their events have not arrived. They stand after
//! the newest segment until then.
//!
//! The window is on one of the segments. It follows the end while the person is there. Otherwise
//! nothing that others write moves it.

pub(crate) use crate::conversations::segment::Viewer;
use crate::conversations::segment::{HeldMessage, Segment};
use crate::limits::{ACKED_ROWS_MAX, ROOM_ROWS_MAX, WINDOW_FIRST_ROWS, WINDOW_ROWS_MAX, WINDOW_STEP_ROWS};
use crate::row_key::RowKey;
use crate::sorted::Map;
use crate::view::{JumpTarget, Row};
use shared::command::PageAnchor;
use shared::event::RoomSnapshot;
use shared::{ClientId, MemberId, Message};
use std::ops::Range;
use std::rc::Rc;

mod unread;
mod window;

/// One room's messages.
#[derive(Debug)]
pub(crate) struct Timeline {
    newest: Segment,
    past: Option<Segment>,
    /// The acked messages, by position.
    acked: Map<u64, HeldMessage>,
    /// The number of unsettled rows after all messages.
    unsettled: usize,
    /// Whether the window is on the past segment.
    is_on_past: bool,
    /// The positions of the window's first and last message; an end of [`u64::MAX`] is the end of
    /// the segment.
    window_start: u64,
    window_end: u64,
    is_following: bool,
    /// The number of the room's newest message when the person left the end.
    newest_when_left: u64,
    /// The target of the last jump.
    jump_target: Option<JumpTarget>,
}

impl Timeline {
    /// A timeline without messages; `end` is the number of the room's newest message, if it is
    /// known.
    pub(crate) fn unloaded(end: Option<u64>) -> Self {
        Timeline {
            newest: Segment::unloaded(end),
            past: None,
            acked: Map::new(),
            unsettled: 0,
            is_on_past: false,
            window_start: 0,
            window_end: u64::MAX,
            is_following: true,
            newest_when_left: 0,
            jump_target: None,
        }
    }

    /// Whether this message is held.
    pub(crate) fn contains(&self, key: RowKey) -> bool {
        self.newest.contains(key)
            || self.past.as_ref().is_some_and(|past| past.contains(key))
            || self.acked.values().any(|held| held.row.key == key)
    }

    /// Whether a message with this id is held, whoever its author is. Compares with each message,
    /// because the question is rare.
    pub(crate) fn has_client_id(&self, client_id: ClientId) -> bool {
        self.newest.has_client_id(client_id)
            || self.past.as_ref().is_some_and(|past| past.has_client_id(client_id))
            || self.acked.values().any(|held| held.row.key.client_id == client_id)
    }

    /// The number of the room's newest message, if it is known.
    pub(crate) fn newest_seq(&self) -> Option<u64> {
        self.newest.end()
    }

    /// The number of messages that are held.
    pub(crate) fn len(&self) -> usize {
        self.newest.len() + self.past.as_ref().map_or(0, Segment::len)
    }

    /// Whether the window's segment holds nothing although the room has messages.
    pub(crate) fn is_unloaded(&self) -> bool {
        let segment = self.segment();
        segment.is_empty() && segment.has_older
    }

    /// Whether less than a page is held although the room has more.
    pub(crate) fn needs_first_page(&self) -> bool {
        self.newest.has_older && self.newest.len() < WINDOW_STEP_ROWS
    }

    /// The authors of the held messages.
    pub(crate) fn authors(&self) -> impl Iterator<Item = MemberId> {
        let past = self.past.iter().flat_map(Segment::iter);
        self.newest.iter().chain(past).chain(self.acked.values()).map(|held| held.row.key.author)
    }

    /// Applies a room's snapshot.
    ///
    /// Held messages that touch the snapshot stay. Others stay only as a past segment, if the
    /// person is looking at them.
    pub(crate) fn apply_snapshot(&mut self, snapshot: &RoomSnapshot, viewer: Viewer<'_>) {
        let fresh = Segment::from_messages(&snapshot.messages, snapshot.older, false, viewer);
        let first = fresh.first().map(|first| first.n);
        if let Some(first) = first.filter(|_| !self.newest.is_empty() && self.newest.touches(&fresh)) {
            // The snapshot is complete from its first message on.
            self.newest.cut_from(first);
            self.newest.merge(fresh, true);
            self.newest.has_newer = false;
        } else {
            let mut held = std::mem::replace(&mut self.newest, fresh);
            if !self.is_on_past && !self.is_following && !held.is_empty() {
                self.window_end = self.window_end.min(held.last().map_or(0, |last| last.n));
                held.has_newer = true;
                self.past = Some(held);
                self.is_on_past = true;
            } else if !self.is_on_past {
                self.show_latest();
            }
        }
        self.acked.retain(|n, _| *n > snapshot.as_of);
        self.drop_acked_duplicates();
        self.merge_segments();
        self.fit_window();
    }

    /// Appends a message from its event; the room's gap detector has taken the position.
    pub(crate) fn apply_posted(&mut self, message: &Message, viewer: Viewer<'_>) {
        self.newest.push(message, viewer);
        self.drop_acked_through(message.n);
        self.merge_segments();
        self.fit_window();
        self.evict();
    }

    /// Drops the acked messages up to position `n`, whose events have arrived.
    pub(crate) fn drop_acked_through(&mut self, n: u64) {
        while self.acked.first().is_some_and(|(first, _)| *first <= n) {
            self.acked.pop_first();
        }
    }

    /// Whether an acked message at `n` or before still waits for its event.
    pub(crate) fn has_acked_through(&self, n: u64) -> bool {
        self.acked.first().is_some_and(|(first, _)| *first <= n)
    }

    /// Adds an own message that a `reply` settled, while the room is held up to `reach`. An older
    /// message belongs to the part that is not held, or is there already.
    pub(crate) fn add_acked(&mut self, message: &Message, reach: u64, viewer: Viewer<'_>) {
        let key = RowKey { author: message.author, client_id: message.client_id };
        if message.n <= reach || self.contains(key) {
            return;
        }
        self.acked.insert(message.n, HeldMessage::new(message, viewer));
        if self.acked.len() > ACKED_ROWS_MAX {
            self.acked.pop_first();
        }
    }

    /// Adds a page of history before or after the window's segment. Returns false if the page does
    /// not touch it.
    pub(crate) fn add_page(&mut self, page: Segment, at: PageAnchor) -> bool {
        let is_on_past = self.is_on_past;
        let segment = self.segment_mut();
        if page.is_empty() {
            return match at {
                PageAnchor::After(_) => {
                    segment.has_newer = page.has_newer;
                    self.merge_segments();
                    self.fit_window();
                    !page.has_newer
                }
                // An empty page that claims older messages would be requested for ever.
                _ => {
                    segment.has_older = page.has_older;
                    !page.has_older
                }
            };
        }
        let unknown = segment.is_empty() && segment.end().is_none();
        if !unknown && !segment.touches(&page) {
            return false;
        }
        segment.merge(page, is_on_past);
        self.drop_acked_duplicates();
        self.merge_segments();
        match at {
            PageAnchor::After(_) => self.grow_newer(),
            _ => self.grow_older(),
        }
        self.fit_window();
        self.evict();
        true
    }

    /// Updates the author's name of every row, and whether it is the member's own.
    pub(crate) fn refresh_rows(&mut self, viewer: Viewer<'_>) {
        let past = self.past.iter_mut().flat_map(Segment::iter_mut);
        for held in self.newest.iter_mut().chain(past).chain(self.acked.values_mut()) {
            held.refresh_row(viewer);
        }
    }

    /// Evicts all messages; new ones are still appended.
    pub(crate) fn unload(&mut self) {
        self.past = None;
        self.newest.trim_start(usize::MAX);
        self.show_latest();
    }

    /// The segment that the window is on.
    fn segment(&self) -> &Segment {
        match &self.past {
            Some(past) if self.is_on_past => past,
            _ => &self.newest,
        }
    }

    fn segment_mut(&mut self) -> &mut Segment {
        match &mut self.past {
            Some(past) if self.is_on_past => past,
            _ => &mut self.newest,
        }
    }

    /// Merges the two segments if they touch.
    fn merge_segments(&mut self) {
        let touches = |past: &Segment| match self.newest.end() {
            // Messages of the past segment beyond the end of the newest segment still arrive as events.
            Some(end) => past.end() <= Some(end) && self.newest.touches(past),
            // Nothing was posted since the member joined.
            None => !past.has_newer,
        };
        if self.past.as_ref().is_some_and(touches)
            && let Some(past) = self.past.take()
        {
            self.newest.merge(past, false);
            self.is_on_past = false;
        }
    }

    /// Drops the acked messages that a segment holds.
    fn drop_acked_duplicates(&mut self) {
        let (newest, past) = (&self.newest, &self.past);
        let is_held = |key| newest.contains(key) || past.as_ref().is_some_and(|past| past.contains(key));
        self.acked.retain(|_, held| !is_held(held.row.key));
    }

    /// Evicts the messages farthest from the window, down to the limit.
    fn evict(&mut self) {
        let over = self.len().saturating_sub(ROOM_ROWS_MAX);
        if over == 0 {
            return;
        }
        let Range { start, end } = self.window();
        let behind = self.segment().len() - end;
        if let (true, Some(past)) = (self.is_on_past, &mut self.past) {
            self.newest.trim_start(self.newest.len().saturating_sub(WINDOW_ROWS_MAX));
            let over = (past.len() + self.newest.len()).saturating_sub(ROOM_ROWS_MAX);
            past.trim_end(over.min(behind));
            past.trim_start(over.saturating_sub(behind).min(start));
        } else if start >= behind {
            self.newest.trim_start(over.min(start));
        } else {
            // The person is far up: evict the messages between there and the newest.
            self.past = Some(self.newest.split_start(end + WINDOW_STEP_ROWS));
            self.is_on_past = true;
            self.newest.trim_start(self.newest.len().saturating_sub(WINDOW_ROWS_MAX));
        }
    }
}

#[cfg(test)]
mod tests;
