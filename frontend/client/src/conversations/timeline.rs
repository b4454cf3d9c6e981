//! One room's settled messages: the **live stretch**, which ends at the newest and grows by the
//! room's events alone; at most one **past stretch**, after a jump; and the window on one of them
//! that is shown. Stretches become one when they touch by number, never before.
//!
//! Our own messages that a `reply` settled stand ahead of the live stretch until their events
//! come. The window follows the end while the reader is there, and is moved by nothing that
//! others say while the reader is not.

pub(crate) use crate::conversations::segment::Viewer;
use crate::conversations::segment::{HeldMessage, Segment};
use crate::limits::{AHEAD_MAX, ROOM_ROWS_MAX, WINDOW_OPEN, WINDOW_ROWS_MAX, WINDOW_STEP};
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
    ahead: Map<u64, HeldMessage>,
    /// How many rows that are not settled stand behind all that.
    unsettled: usize,
    /// The window is on the past stretch.
    on_past: bool,
    /// The positions of the window's first and last message; to [`u64::MAX`]: to the end.
    from: u64,
    to: u64,
    following: bool,
    /// The room's newest number when the reader left the end.
    left_at: u64,
    /// Where the last jump landed.
    landed: Option<JumpTarget>,
}

impl Timeline {
    /// Nothing is loaded; the newest message of the room has this number, if it is known.
    pub(crate) fn bare(end: Option<u64>) -> Self {
        Timeline {
            live: Segment::bare(end),
            past: None,
            ahead: Map::new(),
            unsettled: 0,
            on_past: false,
            from: 0,
            to: u64::MAX,
            following: true,
            left_at: 0,
            landed: None,
        }
    }

    /// Whether this message is held.
    pub(crate) fn has(&self, key: RowKey) -> bool {
        self.live.has(key)
            || self.past.as_ref().is_some_and(|past| past.has(key))
            || self.ahead.values().any(|held| held.row.key == key)
    }

    /// Whether this message is held under any author. A look at each: it is seldom asked.
    pub(crate) fn has_said(&self, client_id: ClientId) -> bool {
        self.live.has_said(client_id)
            || self.past.as_ref().is_some_and(|past| past.has_said(client_id))
            || self.ahead.values().any(|held| held.row.key.client_id == client_id)
    }

    /// The number of the room's newest message, where it is known.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.live.end()
    }

    /// How many messages are held.
    pub(crate) fn len(&self) -> usize {
        self.live.len() + self.past.as_ref().map_or(0, Segment::len)
    }

    /// Whether the window's stretch holds nothing, though the room has messages.
    pub(crate) fn is_unloaded(&self) -> bool {
        let stretch = self.stretch();
        stretch.is_empty() && stretch.older
    }

    /// Whether less than a page is held of it, though the room has more.
    pub(crate) fn has_little(&self) -> bool {
        self.live.older && self.live.len() < WINDOW_STEP
    }

    /// Those who wrote what is held.
    pub(crate) fn authors(&self) -> impl Iterator<Item = MemberId> {
        let past = self.past.iter().flat_map(Segment::iter);
        self.live.iter().chain(past).chain(self.ahead.values()).map(|held| held.row.key.author)
    }

    /// Takes a room's snapshot. What is held and touches it stays; what does not, stays only as a
    /// past stretch, under the eyes of who reads it.
    pub(crate) fn reset(&mut self, snapshot: &RoomSnapshot, look: Viewer<'_>) {
        let fresh = Segment::of(&snapshot.messages, snapshot.older, false, look);
        let first = fresh.first().map(|first| first.n);
        if let Some(first) = first.filter(|_| !self.live.is_empty() && self.live.touches(&fresh)) {
            // What the snapshot tells about, it tells whole.
            self.live.cut_from(first);
            self.live.join(fresh, true);
            self.live.newer = false;
        } else {
            let mut held = std::mem::replace(&mut self.live, fresh);
            if !self.on_past && !self.following && !held.is_empty() {
                self.to = self.to.min(held.last().map_or(0, |last| last.n));
                held.newer = true;
                self.past = Some(held);
                self.on_past = true;
            } else if !self.on_past {
                self.latest();
            }
        }
        self.ahead.retain(|n, _| *n > snapshot.as_of);
        self.drop_doubles();
        self.merge();
        self.fit();
    }

    /// Takes a message that the log told of; its room's chain has taken its position.
    pub(crate) fn posted(&mut self, message: &Message, look: Viewer<'_>) {
        self.live.push(message, look);
        self.passed(message.n);
        self.merge();
        self.fit();
        self.bound();
    }

    /// The room's chain has come to this position: what was ahead of it is in its place.
    pub(crate) fn passed(&mut self, n: u64) {
        while self.ahead.first().is_some_and(|(first, _)| *first <= n) {
            self.ahead.pop_first();
        }
    }

    /// Takes a message of our own that a `reply` settled, while the room is held up to `reach`.
    /// An old one, sent again, stands in the part that is not held.
    pub(crate) fn replied(&mut self, message: &Message, reach: u64, look: Viewer<'_>) {
        let key = RowKey { author: message.author, client_id: message.client_id };
        if message.n <= reach || self.has(key) {
            return;
        }
        self.ahead.insert(message.n, HeldMessage::new(message, look));
        if self.ahead.len() > AHEAD_MAX {
            self.ahead.pop_first();
        }
    }

    /// Takes a page of history before or behind what the window is on. False where it does not
    /// touch that.
    pub(crate) fn paged(&mut self, page: Segment, at: PageAnchor) -> bool {
        let on_past = self.on_past;
        let stretch = self.stretch_mut();
        if page.is_empty() {
            return match at {
                PageAnchor::After(_) => {
                    stretch.newer = page.newer;
                    self.merge();
                    self.fit();
                    !page.newer
                }
                // One that says that there are older ones, and has none, leads nowhere.
                _ => {
                    stretch.older = page.older;
                    !page.older
                }
            };
        }
        let unknown = stretch.is_empty() && stretch.end().is_none();
        if !unknown && !stretch.touches(&page) {
            return false;
        }
        stretch.join(page, on_past);
        self.drop_doubles();
        self.merge();
        match at {
            PageAnchor::After(_) => self.grow_newer(),
            _ => self.grow_older(),
        }
        self.fit();
        self.bound();
        true
    }

    /// Gives every row its author's name of today, and tells whose it is.
    pub(crate) fn look_again(&mut self, look: Viewer<'_>) {
        let past = self.past.iter_mut().flat_map(Segment::iter_mut);
        for held in self.live.iter_mut().chain(past).chain(self.ahead.values_mut()) {
            held.look_again(look);
        }
    }

    /// Lets go of all that is held; the room goes on from where it is.
    pub(crate) fn unload(&mut self) {
        self.past = None;
        self.live.trim_start(usize::MAX);
        self.latest();
    }

    /// The stretch that the window is on.
    fn stretch(&self) -> &Segment {
        match &self.past {
            Some(past) if self.on_past => past,
            _ => &self.live,
        }
    }

    fn stretch_mut(&mut self) -> &mut Segment {
        match &mut self.past {
            Some(past) if self.on_past => past,
            _ => &mut self.live,
        }
    }

    /// Makes one of the stretches once they touch.
    fn merge(&mut self) {
        let touches = |past: &Segment| match self.live.end() {
            // What the past has beyond the live end is still to come as events.
            Some(end) => past.end() <= Some(end) && self.live.touches(past),
            // Nothing was said since we joined.
            None => !past.newer,
        };
        if self.past.as_ref().is_some_and(touches)
            && let Some(past) = self.past.take()
        {
            self.live.join(past, false);
            self.on_past = false;
        }
    }

    /// What is in a stretch is ahead no more.
    fn drop_doubles(&mut self) {
        let (live, past) = (&self.live, &self.past);
        let is_held = |key| live.has(key) || past.as_ref().is_some_and(|past| past.has(key));
        self.ahead.retain(|_, held| !is_held(held.row.key));
    }

    /// Lets go of what is farthest from the window, down to the limit.
    fn bound(&mut self) {
        let over = self.len().saturating_sub(ROOM_ROWS_MAX);
        if over == 0 {
            return;
        }
        let Range { start, end } = self.range();
        let behind = self.stretch().len() - end;
        if let (true, Some(past)) = (self.on_past, &mut self.past) {
            self.live.trim_start(self.live.len().saturating_sub(WINDOW_ROWS_MAX));
            let over = (past.len() + self.live.len()).saturating_sub(ROOM_ROWS_MAX);
            past.trim_end(over.min(behind));
            past.trim_start(over.saturating_sub(behind).min(start));
        } else if start >= behind {
            self.live.trim_start(over.min(start));
        } else {
            // The reader is far up: what lies between there and the newest is let go.
            self.past = Some(self.live.split_start(end + WINDOW_STEP));
            self.on_past = true;
            self.live.trim_start(self.live.len().saturating_sub(WINDOW_ROWS_MAX));
        }
    }
}

#[cfg(test)]
mod tests;
