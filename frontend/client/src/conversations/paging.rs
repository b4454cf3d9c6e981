//! The pages of a room's past that are asked for: one question at a time, for the reader who
//! comes to an edge or jumps.

use crate::sync::pending_request::PendingRequest;
use crate::view::Edge;
use shared::command::PageAnchor;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageRequest {
    /// What comes before the window.
    Older,
    /// What comes behind it.
    Newer,
    /// Another place.
    Jump(PageAnchor),
}

/// The question.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    pub(crate) ask: PendingRequest,
    /// What the question is about.
    want: Option<PageRequest>,
    /// Wanted after it.
    next: Option<PageRequest>,
    /// What could not be had.
    failed: Option<PageRequest>,
    /// As it was asked, and the last position that was heard of then.
    asked: Option<(PageAnchor, u64)>,
}

impl Paging {
    /// The reader wants this. A jump takes the place of all that has not left yet.
    pub(crate) fn want(&mut self, want: PageRequest) {
        self.failed = None;
        let jump = matches!(want, PageRequest::Jump(_));
        if self.ask.is_in_flight() {
            if self.want != Some(want) && (jump || self.next.is_none()) {
                self.next = Some(want);
            }
        } else if self.want.is_none() || jump {
            self.want = Some(want);
            if self.ask == PendingRequest::Idle {
                self.ask = PendingRequest::Wanted;
            }
        }
    }

    /// What is to be asked now.
    pub(crate) fn wanted(&self) -> Option<PageRequest> {
        self.want.filter(|_| self.ask.is_wanted())
    }

    /// It left, as `at`, when the last position that was heard of was `seen`.
    pub(crate) fn left(&mut self, reference: u64, at: PageAnchor, seen: u64, now: u64) {
        self.ask.left(reference, now);
        self.asked = Some((at, seen));
    }

    /// The answer is there: what was wanted, how it was asked, and what was heard of by then.
    pub(crate) fn answered(&mut self, reference: u64) -> Option<(PageRequest, PageAnchor, u64)> {
        if !self.ask.is(reference) {
            return None;
        }
        let (at, seen) = self.asked.take()?;
        let want = self.want.take()?;
        self.go_on();
        Some((want, at, seen))
    }

    /// It was refused; for good unless `temporary`.
    pub(crate) fn refused(&mut self, temporary: bool) {
        if temporary {
            self.ask = PendingRequest::Resting;
        } else {
            self.fails(self.want);
            self.want = None;
            self.go_on();
        }
    }

    /// An answer was of no use.
    pub(crate) fn fails(&mut self, want: Option<PageRequest>) {
        self.failed = want;
    }

    /// The reader is elsewhere.
    pub(crate) fn forget(&mut self) {
        *self = Paging::default();
    }

    /// Whether nothing is asked and nothing failed.
    pub(crate) fn is_free(&self) -> bool {
        self.ask == PendingRequest::Idle && self.failed.is_none()
    }

    /// Whether a jump is under way.
    pub(crate) fn is_jumping(&self) -> bool {
        [self.want, self.next].iter().any(|want| matches!(want, Some(PageRequest::Jump(_))))
    }

    /// Whether a jump failed.
    pub(crate) fn jump_failed(&self) -> bool {
        matches!(self.failed, Some(PageRequest::Jump(_)))
    }

    /// What an edge shows whose further messages come by `want`.
    pub(crate) fn edge(&self, want: PageRequest) -> Edge {
        match () {
            () if self.want == Some(want) || self.next == Some(want) => Edge::Loading,
            () if self.failed == Some(want) => Edge::Failed,
            () => Edge::More,
        }
    }

    fn go_on(&mut self) {
        self.want = self.next.take();
        self.ask = if self.want.is_some() { PendingRequest::Wanted } else { PendingRequest::Idle };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_is_asked_for_at_a_time() {
        let mut history = Paging::default();
        history.want(PageRequest::Older);
        assert_eq!(history.wanted(), Some(PageRequest::Older));
        history.left(1, PageAnchor::Before(7), 9, 0);
        history.want(PageRequest::Older);
        history.want(PageRequest::Newer);
        assert_eq!((history.wanted(), history.edge(PageRequest::Newer)), (None, Edge::Loading));
        assert_eq!(history.answered(2), None);
        assert_eq!(history.answered(1), Some((PageRequest::Older, PageAnchor::Before(7), 9)));
        assert_eq!(history.wanted(), Some(PageRequest::Newer));
    }

    #[test]
    fn a_jump_takes_the_place_of_what_has_not_left() {
        let mut history = Paging::default();
        history.want(PageRequest::Older);
        history.want(PageRequest::Jump(PageAnchor::Around(5)));
        assert_eq!(history.wanted(), Some(PageRequest::Jump(PageAnchor::Around(5))));
        history.left(1, PageAnchor::Around(5), 0, 0);
        history.want(PageRequest::Older);
        history.want(PageRequest::Jump(PageAnchor::Date(1)));
        history.answered(1);
        assert_eq!(history.wanted(), Some(PageRequest::Jump(PageAnchor::Date(1))));
        assert!(history.is_jumping());
    }

    #[test]
    fn what_is_refused_for_good_failed_until_it_is_wanted_again() {
        let mut history = Paging::default();
        history.want(PageRequest::Older);
        history.left(1, PageAnchor::Before(7), 0, 0);
        history.refused(false);
        assert_eq!(history.edge(PageRequest::Older), Edge::Failed);
        history.want(PageRequest::Older);
        assert_eq!(history.edge(PageRequest::Older), Edge::Loading);
    }

    #[test]
    fn what_is_refused_for_now_or_lost_with_the_connection_is_asked_again() {
        let mut history = Paging::default();
        history.want(PageRequest::Older);
        history.left(1, PageAnchor::Before(7), 0, 0);
        history.refused(true);
        assert_eq!(history.wanted(), None);
        history.ask.rested();
        assert_eq!(history.wanted(), Some(PageRequest::Older));
        history.left(2, PageAnchor::Before(7), 0, 0);
        history.ask.disconnected();
        assert_eq!(history.wanted(), Some(PageRequest::Older));
    }
}
