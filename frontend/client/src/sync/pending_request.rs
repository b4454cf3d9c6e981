//! A request to the server: wanted, in flight, or backing off after a refusal.
//!
//! If the connection is lost, the request is sent again on the next one.

use crate::limits::SETTLE_MS;

/// The state of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PendingRequest {
    /// There is no request.
    #[default]
    Idle,
    /// The request is to be sent.
    Wanted,
    /// The request was sent with this `ref`.
    InFlight { reference: u64, sent_at: u64 },
    /// The request was refused temporarily and is sent again when the timer fires.
    BackingOff,
}

impl PendingRequest {
    /// Wants the request, unless it is wanted or pending already.
    pub(crate) fn want(&mut self) {
        if *self == PendingRequest::Idle {
            *self = PendingRequest::Wanted;
        }
    }

    /// Whether the request is to be sent now.
    pub(crate) fn is_wanted(&self) -> bool {
        *self == PendingRequest::Wanted
    }

    /// Records that the request was sent with this `ref`.
    pub(crate) fn mark_sent(&mut self, reference: u64, now: u64) {
        *self = PendingRequest::InFlight { reference, sent_at: now };
    }

    /// Whether the request is in flight with this `ref`.
    pub(crate) fn has_reference(&self, wanted: u64) -> bool {
        matches!(self, PendingRequest::InFlight { reference, .. } if *reference == wanted)
    }

    /// Whether the request is in flight.
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self, PendingRequest::InFlight { .. })
    }

    /// Wants a refused request again, because the timer fired.
    pub(crate) fn retry(&mut self) {
        if *self == PendingRequest::BackingOff {
            *self = PendingRequest::Wanted;
        }
    }

    /// Wants the request again, because the connection was lost.
    pub(crate) fn disconnected(&mut self) {
        if *self != PendingRequest::Idle {
            *self = PendingRequest::Wanted;
        }
    }

    /// Restarts the deadline, because the answer could not arrive before now.
    pub(crate) fn restart_deadline(&mut self, now: u64) {
        if let PendingRequest::InFlight { sent_at, .. } = self {
            *sent_at = now;
        }
    }

    /// The time at which the answer is overdue although the connection lives.
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
    fn a_request_is_sent_once_per_connection() {
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
    fn a_temporarily_refused_request_backs_off() {
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
