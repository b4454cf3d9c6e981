//! One room's settled messages: the **live stretch**, which ends at the newest and grows by the
//! room's events alone; at most one **past stretch**, after a jump; and the window on one of them
//! that is shown. Stretches become one when they touch by number, never before.
//!
//! Our own messages that a `reply` settled stand ahead of the live stretch until their events
//! come. The window follows the end while the reader is there, and is moved by nothing that
//! others say while the reader is not.

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

mod window;

/// A timeline.
#[derive(Debug)]
pub(crate) struct Timeline {
    live: Segment,
    past: Option<Segment>,
    /// By position.
    acked: Map<u64, HeldMessage>,
    /// How many rows that are not settled stand behind all that.
    unsettled: usize,
    /// The window is on the past stretch.
    is_on_past: bool,
    /// The positions of the window's first and last message; to [`u64::MAX`]: to the end.
    window_start: u64,
    window_end: u64,
    is_following: bool,
    /// The room's newest number when the reader left the end.
    newest_when_left: u64,
    /// Where the last jump landed.
    jump_target: Option<JumpTarget>,
}

impl Timeline {
    /// Nothing is loaded; the newest message of the room has this number, if it is known.
    pub(crate) fn unloaded(end: Option<u64>) -> Self {
        Timeline {
            live: Segment::unloaded(end),
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
        self.live.contains(key)
            || self.past.as_ref().is_some_and(|past| past.contains(key))
            || self.acked.values().any(|held| held.row.key == key)
    }

    /// Whether this message is held under any author. A look at each: it is seldom asked.
    pub(crate) fn has_client_id(&self, client_id: ClientId) -> bool {
        self.live.has_client_id(client_id)
            || self.past.as_ref().is_some_and(|past| past.has_client_id(client_id))
            || self.acked.values().any(|held| held.row.key.client_id == client_id)
    }

    /// The number of the room's newest message, where it is known.
    pub(crate) fn newest_seq(&self) -> Option<u64> {
        self.live.end()
    }

    /// How many messages are held.
    pub(crate) fn len(&self) -> usize {
        self.live.len() + self.past.as_ref().map_or(0, Segment::len)
    }

    /// Whether the window's stretch holds nothing, though the room has messages.
    pub(crate) fn is_unloaded(&self) -> bool {
        let segment = self.segment();
        segment.is_empty() && segment.has_older
    }

    /// Whether less than a page is held of it, though the room has more.
    pub(crate) fn needs_first_page(&self) -> bool {
        self.live.has_older && self.live.len() < WINDOW_STEP_ROWS
    }

    /// Those who wrote what is held.
    pub(crate) fn authors(&self) -> impl Iterator<Item = MemberId> {
        let past = self.past.iter().flat_map(Segment::iter);
        self.live.iter().chain(past).chain(self.acked.values()).map(|held| held.row.key.author)
    }

    /// Takes a room's snapshot. What is held and touches it stays; what does not, stays only as a
    /// past stretch, under the eyes of who reads it.
    pub(crate) fn apply_snapshot(&mut self, snapshot: &RoomSnapshot, viewer: Viewer<'_>) {
        let fresh = Segment::from_messages(&snapshot.messages, snapshot.older, false, viewer);
        let first = fresh.first().map(|first| first.n);
        if let Some(first) = first.filter(|_| !self.live.is_empty() && self.live.touches(&fresh)) {
            // What the snapshot tells about, it tells whole.
            self.live.cut_from(first);
            self.live.merge(fresh, true);
            self.live.has_newer = false;
        } else {
            let mut held = std::mem::replace(&mut self.live, fresh);
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

    /// Takes a message that the log told of; its room's chain has taken its position.
    pub(crate) fn apply_posted(&mut self, message: &Message, viewer: Viewer<'_>) {
        self.live.push(message, viewer);
        self.drop_acked_through(message.n);
        self.merge_segments();
        self.fit_window();
        self.evict();
    }

    /// The room's chain has come to this position: what was ahead of it is in its place.
    pub(crate) fn drop_acked_through(&mut self, n: u64) {
        while self.acked.first().is_some_and(|(first, _)| *first <= n) {
            self.acked.pop_first();
        }
    }

    /// Takes a message of our own that a `reply` settled, while the room is held up to `reach`.
    /// An old one, sent again, stands in the part that is not held.
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

    /// Takes a page of history before or behind what the window is on. False where it does not
    /// touch that.
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
                // One that says that there are older ones, and has none, leads nowhere.
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

    /// Gives every row its author's name of today, and tells whose it is.
    pub(crate) fn refresh_rows(&mut self, viewer: Viewer<'_>) {
        let past = self.past.iter_mut().flat_map(Segment::iter_mut);
        for held in self.live.iter_mut().chain(past).chain(self.acked.values_mut()) {
            held.refresh_row(viewer);
        }
    }

    /// Lets go of all that is held; the room goes on from where it is.
    pub(crate) fn unload(&mut self) {
        self.past = None;
        self.live.trim_start(usize::MAX);
        self.show_latest();
    }

    /// The stretch that the window is on.
    fn segment(&self) -> &Segment {
        match &self.past {
            Some(past) if self.is_on_past => past,
            _ => &self.live,
        }
    }

    fn segment_mut(&mut self) -> &mut Segment {
        match &mut self.past {
            Some(past) if self.is_on_past => past,
            _ => &mut self.live,
        }
    }

    /// Makes one of the stretches once they touch.
    fn merge_segments(&mut self) {
        let touches = |past: &Segment| match self.live.end() {
            // What the past has beyond the live end is still to come as events.
            Some(end) => past.end() <= Some(end) && self.live.touches(past),
            // Nothing was said since we joined.
            None => !past.has_newer,
        };
        if self.past.as_ref().is_some_and(touches)
            && let Some(past) = self.past.take()
        {
            self.live.merge(past, false);
            self.is_on_past = false;
        }
    }

    /// What is in a stretch is ahead no more.
    fn drop_acked_duplicates(&mut self) {
        let (live, past) = (&self.live, &self.past);
        let is_held = |key| live.contains(key) || past.as_ref().is_some_and(|past| past.contains(key));
        self.acked.retain(|_, held| !is_held(held.row.key));
    }

    /// Lets go of what is farthest from the window, down to the limit.
    fn evict(&mut self) {
        let over = self.len().saturating_sub(ROOM_ROWS_MAX);
        if over == 0 {
            return;
        }
        let Range { start, end } = self.window();
        let behind = self.segment().len() - end;
        if let (true, Some(past)) = (self.is_on_past, &mut self.past) {
            self.live.trim_start(self.live.len().saturating_sub(WINDOW_ROWS_MAX));
            let over = (past.len() + self.live.len()).saturating_sub(ROOM_ROWS_MAX);
            past.trim_end(over.min(behind));
            past.trim_start(over.saturating_sub(behind).min(start));
        } else if start >= behind {
            self.live.trim_start(over.min(start));
        } else {
            // The reader is far up: what lies between there and the newest is let go.
            self.past = Some(self.live.split_start(end + WINDOW_STEP_ROWS));
            self.is_on_past = true;
            self.live.trim_start(self.live.len().saturating_sub(WINDOW_ROWS_MAX));
        }
    }
}

#[cfg(test)]
mod tests;
