//! The window: which of the messages that are held are shown.

use super::*;

impl Timeline {
    /// The messages that are shown, oldest first.
    pub(crate) fn rows(&self) -> Vec<Rc<Row>> {
        let shown = self.window().filter_map(|index| self.segment().get(index));
        let acked = self.acked.values().filter(|_| self.is_at_end());
        shown.chain(acked).map(|held| held.row.clone()).collect()
    }

    /// So many rows that are not settled stand behind what is held: all is within the limit.
    pub(crate) fn set_unsettled(&mut self, unsettled: usize) {
        self.unsettled = unsettled;
        self.fit_window();
    }

    /// How many rows stand behind the window that ends at the newest message.
    fn rows_after_window(&self) -> usize {
        self.acked.len() + self.unsettled
    }

    /// How many rows past the limit are not shown at the end: of a window that follows the end, or
    /// has nothing before what stands behind it, the first ones are not.
    pub(crate) fn hidden_at_end(&self) -> usize {
        let many = self.window().len();
        let over = (many + self.rows_after_window()).saturating_sub(WINDOW_ROWS_MAX);
        if self.is_following || many == 0 || !self.is_at_end() { 0 } else { over }
    }

    /// Whether the window ends at the room's newest message.
    pub(crate) fn is_at_end(&self) -> bool {
        !self.is_on_past && self.window().end == self.live.len()
    }

    /// Whether the window follows the end.
    pub(crate) fn is_following(&self) -> bool {
        self.is_following
    }

    /// How many messages came since the reader left the end.
    pub(crate) fn new_below(&self) -> u32 {
        if self.is_following {
            return 0;
        }
        let many = self.live.end().unwrap_or(0).saturating_sub(self.newest_when_left);
        u32::try_from(many).unwrap_or(u32::MAX)
    }

    /// Where the last jump landed.
    pub(crate) fn jump_target(&self) -> Option<JumpTarget> {
        self.jump_target
    }

    /// Whether there is more before the window, held or not.
    pub(crate) fn has_older(&self) -> bool {
        self.window().start > 0 || self.segment().has_older
    }

    /// Whether there is more behind it.
    pub(crate) fn has_newer(&self) -> bool {
        !self.is_at_end() || self.hidden_at_end() > 0
    }

    /// Whether what comes next before the window is not held.
    pub(crate) fn needs_older_page(&self) -> bool {
        self.window().start == 0 && self.segment().has_older
    }

    /// Whether what comes next behind it is not held.
    pub(crate) fn needs_newer_page(&self) -> bool {
        self.is_on_past && self.window().end == self.segment().len()
    }

    /// Which page comes next before the window's stretch; the room is held up to `reach`.
    pub(crate) fn older_page(&self, reach: u64) -> PageAnchor {
        let behind = || if self.is_on_past { 0 } else { reach.saturating_add(1) };
        PageAnchor::Before(self.segment().first().map_or_else(behind, |first| first.n))
    }

    /// Which page comes next behind it.
    pub(crate) fn newer_page(&self) -> PageAnchor {
        PageAnchor::After(self.segment().last().map_or(0, |last| last.n))
    }

    /// The reader comes to the window's start.
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

    /// The reader comes to the window's end.
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

    /// The reader wants to see the newest.
    pub(crate) fn show_latest(&mut self) {
        self.past = None;
        self.is_on_past = false;
        let first = self.live.len().saturating_sub(WINDOW_FIRST_ROWS);
        self.window_start = if first == 0 { 0 } else { self.position_at(first) };
        self.window_end = u64::MAX;
        self.is_following = true;
    }

    /// Whether the reader is at the end. Only where the window ends at the newest is that the end.
    pub(crate) fn set_at_end(&mut self, at_end: bool) {
        if !at_end {
            self.leave_end();
        } else if self.is_at_end() {
            self.is_following = true;
            self.window_end = u64::MAX;
        }
    }

    /// Shows the message at this position, if it is held where the window is.
    pub(crate) fn show_position(&mut self, n: u64) -> bool {
        let segment = self.segment();
        let index = segment.index_from(n);
        let held = segment.get(index).is_some_and(|held| held.n == n);
        if held {
            self.center_on(index);
        }
        held
    }

    /// Shows a page that the reader jumped to.
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
        if self.live.touches(&page) && page.end() <= self.live.end() {
            self.live.merge(page, false);
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

    /// Lays the window round the message at `index` of its stretch.
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
            self.newest_when_left = self.live.end().unwrap_or(0);
        }
    }

    /// The indexes of the window in its stretch.
    pub(super) fn window(&self) -> Range<usize> {
        let segment = self.segment();
        let end = segment.index_after(self.window_end);
        segment.index_from(self.window_start).min(end)..end
    }

    /// Keeps the window within its limit: at the start while it follows the end, else at the end. What
    /// had to leave a window that follows, since much stood behind it, comes back when that is gone.
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

    /// The window begins at this message of its stretch; behind the last one it is empty, until
    /// another comes.
    fn start_window_at(&mut self, index: usize) {
        let behind = || self.segment().last().map_or(0, |last| last.n.saturating_add(1));
        self.window_start = self.segment().get(index).map_or_else(behind, |held| held.n);
    }

    fn position_at(&self, index: usize) -> u64 {
        self.segment().get(index).map_or(0, |held| held.n)
    }
}
