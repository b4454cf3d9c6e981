//! The window: which of the messages that are held are shown.

use super::*;

impl Timeline {
    /// The messages that are shown, oldest first.
    pub(crate) fn rows(&self) -> Vec<Rc<Row>> {
        let shown = self.range().filter_map(|index| self.stretch().get(index));
        let ahead = self.ahead.values().filter(|_| self.is_at_end());
        shown.chain(ahead).map(|held| held.row.clone()).collect()
    }

    /// So many rows that are not settled stand behind what is held: all is within the limit.
    pub(crate) fn stands_before(&mut self, unsettled: usize) {
        self.unsettled = unsettled;
        self.fit();
    }

    /// How many rows stand behind the window that ends at the newest message.
    fn behind(&self) -> usize {
        self.ahead.len() + self.unsettled
    }

    /// How many rows past the limit are not shown at the end: of a window that follows the end, or
    /// has nothing before what stands behind it, the first ones are not.
    pub(crate) fn over(&self) -> usize {
        let many = self.range().len();
        let over = (many + self.behind()).saturating_sub(WINDOW_ROWS_MAX);
        if self.following || many == 0 || !self.is_at_end() { 0 } else { over }
    }

    /// Whether the window ends at the room's newest message.
    pub(crate) fn is_at_end(&self) -> bool {
        !self.on_past && self.range().end == self.live.len()
    }

    /// Whether the window follows the end.
    pub(crate) fn is_following(&self) -> bool {
        self.following
    }

    /// How many messages came since the reader left the end.
    pub(crate) fn new_below(&self) -> u32 {
        if self.following {
            return 0;
        }
        let many = self.live.end().unwrap_or(0).saturating_sub(self.left_at);
        u32::try_from(many).unwrap_or(u32::MAX)
    }

    /// Where the last jump landed.
    pub(crate) fn landed(&self) -> Option<JumpTarget> {
        self.landed
    }

    /// Whether there is more before the window, held or not.
    pub(crate) fn has_older(&self) -> bool {
        self.range().start > 0 || self.stretch().older
    }

    /// Whether there is more behind it.
    pub(crate) fn has_newer(&self) -> bool {
        !self.is_at_end() || self.over() > 0
    }

    /// Whether what comes next before the window is not held.
    pub(crate) fn lacks_older(&self) -> bool {
        self.range().start == 0 && self.stretch().older
    }

    /// Whether what comes next behind it is not held.
    pub(crate) fn lacks_newer(&self) -> bool {
        self.on_past && self.range().end == self.stretch().len()
    }

    /// Which page comes next before the window's stretch; the room is held up to `reach`.
    pub(crate) fn page_before(&self, reach: u64) -> PageAnchor {
        let behind = || if self.on_past { 0 } else { reach.saturating_add(1) };
        PageAnchor::Before(self.stretch().first().map_or_else(behind, |first| first.n))
    }

    /// Which page comes next behind it.
    pub(crate) fn page_after(&self) -> PageAnchor {
        PageAnchor::After(self.stretch().last().map_or(0, |last| last.n))
    }

    /// The reader comes to the window's start.
    pub(crate) fn grow_older(&mut self) {
        let Range { start, .. } = self.range();
        if start > 0 {
            self.from = self.position(start.saturating_sub(WINDOW_STEP));
            if self.range().len() + self.behind() > WINDOW_ROWS_MAX {
                self.leave_end();
            }
            self.fit();
        }
    }

    /// The reader comes to the window's end.
    pub(crate) fn grow_newer(&mut self) {
        let Range { start, end } = self.range();
        let len = self.stretch().len();
        if end < len {
            let end = (end + WINDOW_STEP).min(len);
            self.from = self.position(start.max(end.saturating_sub(WINDOW_ROWS_MAX)));
            self.to = self.position(end - 1);
            self.fit();
        } else {
            self.begin_at((start + self.over().min(WINDOW_STEP)).min(end));
        }
    }

    /// The reader wants to see the newest.
    pub(crate) fn latest(&mut self) {
        self.past = None;
        self.on_past = false;
        let first = self.live.len().saturating_sub(WINDOW_OPEN);
        self.from = if first == 0 { 0 } else { self.position(first) };
        self.to = u64::MAX;
        self.following = true;
    }

    /// Whether the reader is at the end. Only where the window ends at the newest is that the end.
    pub(crate) fn follow(&mut self, at_end: bool) {
        if !at_end {
            self.leave_end();
        } else if self.is_at_end() {
            self.following = true;
            self.to = u64::MAX;
        }
    }

    /// Shows the message at this position, if it is held where the window is.
    pub(crate) fn show(&mut self, n: u64) -> bool {
        let stretch = self.stretch();
        let index = stretch.index_from(n);
        let held = stretch.get(index).is_some_and(|held| held.n == n);
        if held {
            self.frame(index);
        }
        held
    }

    /// Shows a page that the reader jumped to.
    pub(crate) fn land(&mut self, page: Segment, at: PageAnchor) {
        let wanted = match at {
            PageAnchor::Before(n) | PageAnchor::After(n) | PageAnchor::Around(n) => {
                page.iter().find(|held| held.n >= n)
            }
            PageAnchor::Date(day) => page.iter().find(|held| held.row.at >= day),
            PageAnchor::Newest => None,
        };
        let Some(n) = wanted.or(page.last()).map(|held| held.n) else { return self.latest() };
        self.leave_end();
        if self.live.touches(&page) && page.end() <= self.live.end() {
            self.live.join(page, false);
            self.on_past = false;
        } else {
            match &mut self.past {
                Some(past) if past.touches(&page) => past.join(page, true),
                past => *past = Some(page),
            }
            self.on_past = true;
            self.merge();
        }
        self.drop_doubles();
        let stretch = self.stretch();
        self.frame(stretch.index_from(n).min(stretch.len().saturating_sub(1)));
        self.bound();
    }

    /// Lays the window round the message at `index` of its stretch.
    fn frame(&mut self, index: usize) {
        self.leave_end();
        self.from = self.position(index.saturating_sub(WINDOW_STEP));
        self.to = self.position((index + WINDOW_STEP).min(self.stretch().len().saturating_sub(1)));
        let turn = self.landed.map_or(1, |landed| landed.revision.wrapping_add(1));
        self.landed = self.stretch().get(index).map(|held| JumpTarget { key: held.row.key, revision: turn });
        self.fit();
    }

    fn leave_end(&mut self) {
        if std::mem::take(&mut self.following) {
            self.left_at = self.live.end().unwrap_or(0);
        }
    }

    /// The indexes of the window in its stretch.
    pub(super) fn range(&self) -> Range<usize> {
        let stretch = self.stretch();
        let end = stretch.index_after(self.to);
        stretch.index_from(self.from).min(end)..end
    }

    /// Keeps the window within its limit: at the start while it follows the end, else at the end. What
    /// had to leave a window that follows, since much stood behind it, comes back when that is gone.
    pub(super) fn fit(&mut self) {
        let Range { start, end } = self.range();
        if self.is_at_end() {
            self.to = u64::MAX;
        }
        if self.following {
            let most = WINDOW_ROWS_MAX.saturating_sub(self.behind());
            let least = most.min(WINDOW_OPEN).min(end);
            if end - start > most {
                self.begin_at(end - most);
            } else if end - start < least {
                self.begin_at(end - least);
            }
        } else if end - start > WINDOW_ROWS_MAX {
            self.to = self.position(start + WINDOW_ROWS_MAX - 1);
        }
    }

    /// The window begins at this message of its stretch; behind the last one it is empty, until
    /// another comes.
    fn begin_at(&mut self, index: usize) {
        let behind = || self.stretch().last().map_or(0, |last| last.n.saturating_add(1));
        self.from = self.stretch().get(index).map_or_else(behind, |held| held.n);
    }

    fn position(&self, index: usize) -> u64 {
        self.stretch().get(index).map_or(0, |held| held.n)
    }
}
