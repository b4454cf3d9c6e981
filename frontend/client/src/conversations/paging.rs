//! Paging: requests for older or newer messages, or for the target of a jump. At most one is in
//! flight per room.

use crate::view::Edge;
use shared::command::PageAnchor;

/// A page of history to request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageRequest {
    /// The messages before the window.
    Older,
    /// The messages after the window.
    Newer,
    /// The messages at this anchor, the target of a jump.
    Jump(PageAnchor),
    /// The messages after this position, which are held, for the present names of their authors.
    Names(u64),
}

/// The requests for pages of one room.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    /// The page that is wanted or requested.
    current: Option<PageRequest>,
    /// The page that is wanted after it.
    next: Option<PageRequest>,
    /// The page that could not be fetched.
    failed: Option<PageRequest>,
    /// The anchor of the request in flight, and the last known position when it was sent.
    sent: Option<(PageAnchor, u64)>,
}

impl Paging {
    /// Wants a page. A jump replaces everything that is not in flight.
    pub(crate) fn want(&mut self, want: PageRequest) {
        self.failed = None;
        let jump = matches!(want, PageRequest::Jump(_));
        if self.sent.is_some() {
            if self.current != Some(want) && (jump || self.next.is_none()) {
                self.next = Some(want);
            }
        } else if self.current.is_none() || jump {
            self.current = Some(want);
        }
    }

    /// The page that is wanted; `None` if none is, or if a request is in flight.
    pub(crate) fn wanted(&self) -> Option<PageRequest> {
        self.current.filter(|_| self.sent.is_none())
    }

    /// Whether a request is in flight.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.sent.is_some()
    }

    /// Records that the request was sent for `at`, when the last known position was `last_position`.
    pub(crate) fn mark_sent(&mut self, at: PageAnchor, last_position: u64) {
        self.sent = Some((at, last_position));
    }

    /// Takes the answer: the wanted page, the anchor of the request, and the last known position
    /// when it was sent.
    pub(crate) fn take_answer(&mut self) -> Option<(PageRequest, PageAnchor, u64)> {
        let (at, last_position) = self.sent.take()?;
        let want = self.current.take()?;
        self.current = self.next.take();
        Some((want, at, last_position))
    }

    /// Records the refusal of the request, which is permanent unless `temporary`.
    pub(crate) fn mark_refused(&mut self, temporary: bool) {
        self.sent = None;
        if !temporary {
            self.mark_failed(self.current.filter(|want| !matches!(want, PageRequest::Names(_))));
            self.current = self.next.take();
        }
    }

    /// Records that the connection was lost: the wanted page is requested on the next one.
    pub(crate) fn disconnected(&mut self) {
        self.sent = None;
    }

    /// Records that the answer was of no use.
    pub(crate) fn mark_failed(&mut self, want: Option<PageRequest>) {
        self.failed = want;
    }

    /// Forgets all requests, because the person is elsewhere.
    pub(crate) fn clear(&mut self) {
        *self = Paging::default();
    }

    /// Whether no request is pending and none failed.
    pub(crate) fn is_idle(&self) -> bool {
        self.current.is_none() && self.failed.is_none()
    }

    /// Whether a jump is under way.
    pub(crate) fn is_jumping(&self) -> bool {
        [self.current, self.next].iter().any(|want| matches!(want, Some(PageRequest::Jump(_))))
    }

    /// Whether a jump failed.
    pub(crate) fn has_failed_jump(&self) -> bool {
        matches!(self.failed, Some(PageRequest::Jump(_)))
    }

    /// The state of the edge whose messages this page would bring.
    pub(crate) fn edge(&self, want: PageRequest) -> Edge {
        match () {
            () if self.current == Some(want) || self.next == Some(want) => Edge::Loading,
            () if self.failed == Some(want) => Edge::Failed,
            () => Edge::More,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_is_requested_at_a_time() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        assert_eq!(paging.wanted(), Some(PageRequest::Older));
        paging.mark_sent(PageAnchor::Before(7), 9);
        paging.want(PageRequest::Older);
        paging.want(PageRequest::Newer);
        assert_eq!((paging.wanted(), paging.edge(PageRequest::Newer)), (None, Edge::Loading));
        assert_eq!(paging.take_answer(), Some((PageRequest::Older, PageAnchor::Before(7), 9)));
        assert_eq!(paging.wanted(), Some(PageRequest::Newer));
    }

    #[test]
    fn a_jump_replaces_requests_that_are_not_in_flight() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        paging.want(PageRequest::Jump(PageAnchor::Around(5)));
        assert_eq!(paging.wanted(), Some(PageRequest::Jump(PageAnchor::Around(5))));
        paging.mark_sent(PageAnchor::Around(5), 0);
        paging.want(PageRequest::Older);
        paging.want(PageRequest::Jump(PageAnchor::Date(1)));
        paging.take_answer();
        assert_eq!(paging.wanted(), Some(PageRequest::Jump(PageAnchor::Date(1))));
        assert!(paging.is_jumping());
    }

    #[test]
    fn a_permanently_refused_page_has_failed_until_it_is_wanted_again() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        paging.mark_sent(PageAnchor::Before(7), 0);
        paging.mark_refused(false);
        assert_eq!(paging.edge(PageRequest::Older), Edge::Failed);
        paging.want(PageRequest::Older);
        assert_eq!(paging.edge(PageRequest::Older), Edge::Loading);
    }

    #[test]
    fn a_page_is_requested_again_after_a_temporary_refusal_or_a_lost_connection() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        paging.mark_sent(PageAnchor::Before(7), 0);
        assert_eq!(paging.wanted(), None);
        paging.mark_refused(true);
        assert_eq!(paging.wanted(), Some(PageRequest::Older));
        paging.mark_sent(PageAnchor::Before(7), 0);
        paging.disconnected();
        assert_eq!(paging.wanted(), Some(PageRequest::Older));
    }
}
