//! The window: the part of the held messages that is shown.

use super::*;

impl Timeline {
    /// The rows in the window, oldest first.
    pub(crate) fn rows(&self) -> Vec<Rc<Row>> {
        let shown = self.window().filter_map(|index| self.segment().get(index));
        let acked = self.acked.values().filter(|_| self.is_at_end());
        shown.chain(acked).map(|held| held.row.clone()).collect()
    }

    /// The number of unsettled rows that follow the window.
    pub(crate) fn unsettled(&self) -> usize {
        self.unsettled
    }

    /// Sets the number of unsettled rows that follow the window, which count towards its limit.
    pub(crate) fn set_unsettled(&mut self, unsettled: usize) {
        self.unsettled = unsettled;
        self.fit_window();
    }

    /// The number of rows that follow a window at the end of the room.
    fn rows_after_window(&self) -> usize {
        self.acked.len() + self.unsettled
    }

    /// The number of rows past the limit that are hidden at the end.
    ///
    /// The number is 0 if the window follows the end or is empty: then the first rows are hidden instead.
    pub(crate) fn hidden_at_end(&self) -> usize {
        let many = self.window().len();
        let over = (many + self.rows_after_window()).saturating_sub(WINDOW_ROWS_MAX);
        if self.is_following || many == 0 || !self.is_at_end() { 0 } else { over }
    }

    /// Whether the window ends at the room's newest message.
    pub(crate) fn is_at_end(&self) -> bool {
        !self.is_on_past && self.window().end == self.newest.len()
    }

    /// Whether the window follows the end.
    pub(crate) fn is_following(&self) -> bool {
        self.is_following
    }

    /// The number of messages of others that arrived since the person left the end.
    pub(crate) fn new_below(&self) -> u32 {
        if self.is_following {
            return 0;
        }
        self.estimate_others_after(self.newest_when_left)
    }

    /// The target of the last jump.
    pub(crate) fn jump_target(&self) -> Option<JumpTarget> {
        self.jump_target
    }

    /// Whether there are messages before the window, held or not.
    pub(crate) fn has_older(&self) -> bool {
        self.window().start > 0 || self.segment().has_older
    }

    /// Whether there are messages after the window, held or not.
    pub(crate) fn has_newer(&self) -> bool {
        !self.is_at_end() || self.hidden_at_end() > 0
    }

    /// Whether the next message before the window is not held.
    pub(crate) fn needs_older_page(&self) -> bool {
        self.window().start == 0 && self.segment().has_older
    }

    /// Whether the next message after the window is not held.
    pub(crate) fn needs_newer_page(&self) -> bool {
        self.is_on_past && self.window().end == self.segment().len()
    }

    /// The anchor of the next page before the segment, while the room is held up to `reach`.
    pub(crate) fn older_page(&self, reach: u64) -> PageAnchor {
        let behind = || if self.is_on_past { 0 } else { reach.saturating_add(1) };
        PageAnchor::Before(self.segment().first().map_or_else(behind, |first| first.n))
    }

    /// The anchor of the next page after the segment.
    pub(crate) fn newer_page(&self) -> PageAnchor {
        PageAnchor::After(self.segment().last().map_or(0, |last| last.n))
    }

    /// Extends the window at its start.
    pub(crate) fn grow_older(&mut self) {
        let Range { start, .. } = self.window();
        if start > 0 {
            self.window_start = self.position_at(start.saturating_sub(WINDOW_STEP_ROWS));
            if self.window().len() + self.rows_after_window() > WINDOW_ROWS_MAX {
                self.leave_end();
            }
            self.fit_window();
        }
    }

    /// Extends the window at its end.
    pub(crate) fn grow_newer(&mut self) {
        let Range { start, end } = self.window();
        let len = self.segment().len();
        if end < len {
            let end = (end + WINDOW_STEP_ROWS).min(len);
            self.window_start = self.position_at(start.max(end.saturating_sub(WINDOW_ROWS_MAX)));
            self.window_end = self.position_at(end - 1);
            self.fit_window();
        } else {
            self.start_window_at((start + self.hidden_at_end().min(WINDOW_STEP_ROWS)).min(end));
        }
    }

    /// Shows the newest messages.
    pub(crate) fn show_latest(&mut self) {
        self.past = None;
        self.is_on_past = false;
        let first = self.newest.len().saturating_sub(WINDOW_FIRST_ROWS);
        self.window_start = if first == 0 { 0 } else { self.position_at(first) };
        self.window_end = u64::MAX;
        self.is_following = true;
    }

    /// Evicts all messages that are not in the window. Returns the positions before the first and of the last
    /// message that stays.
    pub(crate) fn keep_window(&mut self) -> Option<(u64, u64)> {
        let Range { start, end } = self.window();
        if !self.is_on_past && end < self.newest.len() {
            self.past = Some(self.newest.split_start(end));
            self.is_on_past = true;
        }
        match &mut self.past {
            Some(past) if self.is_on_past => {
                past.trim_end(past.len() - end);
                past.trim_start(start);
                self.newest.trim_start(usize::MAX);
            }
            _ => {
                self.past = None;
                self.newest.trim_start(start);
            }
        }
        let segment = self.segment();
        segment.first().zip(segment.last()).map(|(first, last)| (first.n.saturating_sub(1), last.n))
    }

    /// Takes whether the list is scrolled to its end, which is the room's end only if the window
    /// ends there.
    pub(crate) fn set_at_end(&mut self, at_end: bool) {
        if !at_end {
            self.leave_end();
        } else if self.is_at_end() {
            self.is_following = true;
            self.window_end = u64::MAX;
        }
    }

    /// Shows the message at this position. Returns false if the window's segment does not hold it.
    pub(crate) fn show_position(&mut self, n: u64) -> bool {
        let segment = self.segment();
        let index = segment.index_from(n);
        let held = segment.get(index).is_some_and(|held| held.n == n);
        if held {
            self.center_on(index);
        }
        held
    }

    /// Shows a page that the person jumped to.
    pub(crate) fn land_jump(&mut self, page: Segment, at: PageAnchor) {
        let wanted = match at {
            PageAnchor::Before(n) | PageAnchor::After(n) | PageAnchor::Around(n) => {
                page.iter().find(|held| held.n >= n)
            }
            PageAnchor::Date(day) => page.iter().find(|held| held.row.at >= day),
            PageAnchor::Newest => None,
        };
        let Some(n) = wanted.or(page.last()).map(|held| held.n) else { return self.show_latest() };
        self.leave_end();
        if self.newest.touches(&page) && page.end() <= self.newest.end() {
            self.newest.merge(page, false);
            self.is_on_past = false;
        } else {
            match &mut self.past {
                Some(past) if past.touches(&page) => past.merge(page, true),
                past => *past = Some(page),
            }
            self.is_on_past = true;
            self.merge_segments();
        }
        self.drop_acked_duplicates();
        let segment = self.segment();
        self.center_on(segment.index_from(n).min(segment.len().saturating_sub(1)));
        self.evict();
    }

    /// Centers the window on the message at `index` of its segment.
    fn center_on(&mut self, index: usize) {
        self.leave_end();
        self.window_start = self.position_at(index.saturating_sub(WINDOW_STEP_ROWS));
        self.window_end =
            self.position_at((index + WINDOW_STEP_ROWS).min(self.segment().len().saturating_sub(1)));
        let revision = self.jump_target.map_or(1, |landed| landed.revision.wrapping_add(1));
        self.jump_target = self.segment().get(index).map(|held| JumpTarget { key: held.row.key, revision });
        self.fit_window();
    }

    fn leave_end(&mut self) {
        if std::mem::take(&mut self.is_following) {
            self.newest_when_left = self.newest.end().unwrap_or(0);
        }
    }

    /// The window's indexes in its segment.
    pub(super) fn window(&self) -> Range<usize> {
        let segment = self.segment();
        let end = segment.index_after(self.window_end);
        segment.index_from(self.window_start).min(end)..end
    }

    /// Keeps the window within its limit: at the start while it follows the end, or else at the
    /// end.
    ///
    /// Rows that left a following window because many unsettled rows followed return when those are
    /// gone.
    pub(super) fn fit_window(&mut self) {
        let Range { start, end } = self.window();
        if self.is_at_end() {
            self.window_end = u64::MAX;
        }
        if self.is_following {
            let most = WINDOW_ROWS_MAX.saturating_sub(self.rows_after_window());
            let least = most.min(WINDOW_FIRST_ROWS).min(end);
            if end - start > most {
                self.start_window_at(end - most);
            } else if end - start < least {
                self.start_window_at(end - least);
            }
        } else if end - start > WINDOW_ROWS_MAX {
            self.window_end = self.position_at(start + WINDOW_ROWS_MAX - 1);
        }
    }

    /// Starts the window at this index of its segment. At the end of the segment the window is
    /// empty until another message arrives.
    fn start_window_at(&mut self, index: usize) {
        let behind = || self.segment().last().map_or(0, |last| last.n.saturating_add(1));
        self.window_start = self.segment().get(index).map_or_else(behind, |held| held.n);
    }

    fn position_at(&self, index: usize) -> u64 {
        self.segment().get(index).map_or(0, |held| held.n)
    }
}
