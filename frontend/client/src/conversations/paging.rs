//! Paging: requests for older or newer messages, or for the target of a jump. At most one is in
//! flight per room.

use crate::sync::pending_request::PendingRequest;
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
}

/// The requests for pages of one room.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    pub(crate) request: PendingRequest,
    /// The page that the request is for.
    current: Option<PageRequest>,
    /// The page that is wanted after it.
    next: Option<PageRequest>,
    /// The page that could not be fetched.
    failed: Option<PageRequest>,
    /// The anchor of the request, and the last known position when it was sent.
    sent: Option<(PageAnchor, u64)>,
}

impl Paging {
    /// Wants a page. A jump replaces everything that is not in flight.
    pub(crate) fn want(&mut self, want: PageRequest) {
        self.failed = None;
        let jump = matches!(want, PageRequest::Jump(_));
        if self.request.is_in_flight() {
            if self.current != Some(want) && (jump || self.next.is_none()) {
                self.next = Some(want);
            }
        } else if self.current.is_none() || jump {
            self.current = Some(want);
            if self.request == PendingRequest::Idle {
                self.request = PendingRequest::Wanted;
            }
        }
    }

    /// The page to request now; `None` if none is wanted, or if the request is in flight or backs off.
    pub(crate) fn request_to_send(&self) -> Option<PageRequest> {
        self.current.filter(|_| self.request.is_wanted())
    }

    /// Records that the request was sent for `at`, when the last known position was `last_position`.
    pub(crate) fn mark_sent(&mut self, reference: u64, at: PageAnchor, last_position: u64, now: u64) {
        self.request.mark_sent(reference, now);
        self.sent = Some((at, last_position));
    }

    /// Takes the answer: the wanted page, the anchor of the request, and the last known position
    /// when it was sent.
    pub(crate) fn take_answer(&mut self, reference: u64) -> Option<(PageRequest, PageAnchor, u64)> {
        if !self.request.has_reference(reference) {
            return None;
        }
        let (at, last_position) = self.sent.take()?;
        let want = self.current.take()?;
        self.begin_next();
        Some((want, at, last_position))
    }

    /// Records the refusal of the request, which is permanent unless `temporary`.
    pub(crate) fn mark_refused(&mut self, temporary: bool) {
        if temporary {
            self.request = PendingRequest::BackingOff;
        } else {
            self.mark_failed(self.current);
            self.current = None;
            self.begin_next();
        }
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
        self.request == PendingRequest::Idle && self.failed.is_none()
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

    fn begin_next(&mut self) {
        self.current = self.next.take();
        self.request = if self.current.is_some() { PendingRequest::Wanted } else { PendingRequest::Idle };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_is_requested_at_a_time() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        assert_eq!(paging.request_to_send(), Some(PageRequest::Older));
        paging.mark_sent(1, PageAnchor::Before(7), 9, 0);
        paging.want(PageRequest::Older);
        paging.want(PageRequest::Newer);
        assert_eq!((paging.request_to_send(), paging.edge(PageRequest::Newer)), (None, Edge::Loading));
        assert_eq!(paging.take_answer(2), None);
        assert_eq!(paging.take_answer(1), Some((PageRequest::Older, PageAnchor::Before(7), 9)));
        assert_eq!(paging.request_to_send(), Some(PageRequest::Newer));
    }

    #[test]
    fn a_jump_replaces_requests_that_are_not_in_flight() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        paging.want(PageRequest::Jump(PageAnchor::Around(5)));
        assert_eq!(paging.request_to_send(), Some(PageRequest::Jump(PageAnchor::Around(5))));
        paging.mark_sent(1, PageAnchor::Around(5), 0, 0);
        paging.want(PageRequest::Older);
        paging.want(PageRequest::Jump(PageAnchor::Date(1)));
        paging.take_answer(1);
        assert_eq!(paging.request_to_send(), Some(PageRequest::Jump(PageAnchor::Date(1))));
        assert!(paging.is_jumping());
    }

    #[test]
    fn a_permanently_refused_page_has_failed_until_it_is_wanted_again() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        paging.mark_sent(1, PageAnchor::Before(7), 0, 0);
        paging.mark_refused(false);
        assert_eq!(paging.edge(PageRequest::Older), Edge::Failed);
        paging.want(PageRequest::Older);
        assert_eq!(paging.edge(PageRequest::Older), Edge::Loading);
    }

    #[test]
    fn a_page_is_requested_again_after_a_temporary_refusal_or_a_lost_connection() {
        let mut paging = Paging::default();
        paging.want(PageRequest::Older);
        paging.mark_sent(1, PageAnchor::Before(7), 0, 0);
        paging.mark_refused(true);
        assert_eq!(paging.request_to_send(), None);
        paging.request.retry();
        assert_eq!(paging.request_to_send(), Some(PageRequest::Older));
        paging.mark_sent(2, PageAnchor::Before(7), 0, 0);
        paging.request.disconnected();
        assert_eq!(paging.request_to_send(), Some(PageRequest::Older));
    }
}
