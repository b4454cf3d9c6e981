//! One question to the server: wanted, in flight, refused for now. A connection that is lost
//! takes the answer with it, and the question is asked again on the next.

use crate::limits::SETTLE_MS;

/// How far a question is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PendingRequest {
    /// There is none.
    #[default]
    Idle,
    /// To be asked.
    Wanted,
    /// Asked under this `ref`.
    InFlight { reference: u64, sent_at: u64 },
    /// Refused for now: asked again when the timer comes.
    BackingOff,
}

impl PendingRequest {
    /// It is to be asked, unless it is already.
    pub(crate) fn want(&mut self) {
        if *self == PendingRequest::Idle {
            *self = PendingRequest::Wanted;
        }
    }

    /// Whether it is to be asked now.
    pub(crate) fn is_wanted(&self) -> bool {
        *self == PendingRequest::Wanted
    }

    /// It left under this `ref`.
    pub(crate) fn mark_sent(&mut self, reference: u64, now: u64) {
        *self = PendingRequest::InFlight { reference, sent_at: now };
    }

    /// Whether `wanted` is its `ref`.
    pub(crate) fn has_reference(&self, wanted: u64) -> bool {
        matches!(self, PendingRequest::InFlight { reference, .. } if *reference == wanted)
    }

    /// Whether it is in flight.
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self, PendingRequest::InFlight { .. })
    }

    /// The timer of a refusal came.
    pub(crate) fn retry(&mut self) {
        if *self == PendingRequest::BackingOff {
            *self = PendingRequest::Wanted;
        }
    }

    /// The connection is lost: it is asked again on the next.
    pub(crate) fn disconnected(&mut self) {
        if *self != PendingRequest::Idle {
            *self = PendingRequest::Wanted;
        }
    }

    /// What was in the way of its answer until now is gone.
    pub(crate) fn restart_deadline(&mut self, now: u64) {
        if let PendingRequest::InFlight { sent_at, .. } = self {
            *sent_at = now;
        }
    }

    /// When its answer is overdue, on a connection that lives.
    pub(crate) fn overdue_at(&self) -> Option<u64> {
        match self {
            PendingRequest::InFlight { sent_at, .. } => Some(sent_at.saturating_add(SETTLE_MS)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_once_and_again_on_another_connection() {
        let mut request = PendingRequest::default();
        assert!(!request.is_wanted());
        request.want();
        assert!(request.is_wanted());
        request.mark_sent(7, 1_000);
        request.want();
        assert!(!request.is_wanted() && request.has_reference(7) && !request.has_reference(8));
        assert_eq!(request.overdue_at(), Some(1_000 + SETTLE_MS));
        request.disconnected();
        assert!(request.is_wanted() && !request.has_reference(7));
    }

    #[test]
    fn a_refusal_for_now_rests_it() {
        let mut request = PendingRequest::BackingOff;
        assert!(!request.is_wanted());
        request.retry();
        assert!(request.is_wanted());
        let mut idle = PendingRequest::Idle;
        idle.retry();
        idle.disconnected();
        assert_eq!(idle, PendingRequest::Idle);
    }
}
