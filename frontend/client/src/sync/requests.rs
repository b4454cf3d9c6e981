//! The client's requests to the server: wanted, in flight, or backing off after a refusal.
//!
//! A request belongs to an owner, and each owner has at most one. If the connection is lost, the
//! requests are sent again on the next one, except those for missing events: the next session
//! replays the events.

use crate::conversation::Conversation;
use crate::sorted::Map;
use shared::{Address, RoomId};

/// The part of the client that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RequestOwner {
    /// The missing events of an address. First in the order, see [`Requests::has_missing_events`].
    Events(Address),
    /// A page of an open conversation.
    Page(Conversation),
    /// The next page of the room directory.
    Directory,
    /// The next page of the lookup of a room.
    Lookup,
    /// The read marker of a room: it is moved, or asked for.
    Marker(RoomId),
}

/// The progress of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestState {
    /// The request is to be sent.
    Wanted,
    /// The request was sent with this `ref`.
    InFlight { reference: u64, sent_at: u64 },
    /// The request was refused temporarily and is sent again when the timer fires.
    BackingOff,
}

/// All requests that have no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Requests(Map<RequestOwner, RequestState>);

impl Requests {
    /// Wants a request, unless the owner has one already.
    pub(crate) fn want(&mut self, owner: RequestOwner) {
        self.0.or_insert_with(owner, || RequestState::Wanted);
    }

    /// Wants the owner's request anew: an answer to an earlier one is not taken.
    pub(crate) fn want_anew(&mut self, owner: RequestOwner) {
        self.0.insert(owner, RequestState::Wanted);
    }

    /// Forgets the owner's request: an answer is not taken.
    pub(crate) fn forget(&mut self, owner: RequestOwner) {
        self.0.remove(&owner);
    }

    /// Forgets the requests of other owners than these.
    pub(crate) fn retain(&mut self, is_owner: impl Fn(RequestOwner) -> bool) {
        self.0.retain(|owner, _| is_owner(*owner));
    }

    /// Whether the owner's request is to be sent now.
    pub(crate) fn is_wanted(&self, owner: RequestOwner) -> bool {
        self.0.get(&owner) == Some(&RequestState::Wanted)
    }

    /// Whether the owner's request is in flight.
    pub(crate) fn is_in_flight(&self, owner: RequestOwner) -> bool {
        matches!(self.0.get(&owner), Some(RequestState::InFlight { .. }))
    }

    /// Whether events are known to be missing.
    pub(crate) fn has_missing_events(&self) -> bool {
        matches!(self.0.first(), Some((RequestOwner::Events(_), _)))
    }

    /// The addresses whose missing events are to be requested now, if at most `max` such requests may
    /// be in flight.
    pub(crate) fn events_to_request(&self, max: usize) -> Vec<Address> {
        let (mut free, mut wanted) = (max, Vec::new());
        for (owner, state) in self.0.iter() {
            match (owner, state) {
                (RequestOwner::Events(_), RequestState::InFlight { .. }) => free = free.saturating_sub(1),
                (RequestOwner::Events(to), RequestState::Wanted) => wanted.push(*to),
                _ => {}
            }
        }
        wanted.truncate(free);
        wanted
    }

    /// The rooms whose read markers are to be told or asked for now, if at most `max` such requests may be in
    /// flight.
    pub(crate) fn markers_to_send(&self, max: usize) -> Vec<RoomId> {
        let (mut free, mut wanted) = (max, Vec::new());
        for (owner, state) in self.0.iter() {
            match (owner, state) {
                (RequestOwner::Marker(_), RequestState::InFlight { .. }) => free = free.saturating_sub(1),
                (RequestOwner::Marker(room), RequestState::Wanted) => wanted.push(*room),
                _ => {}
            }
        }
        wanted.truncate(free);
        wanted
    }

    /// Records that the owner's request was sent with this `ref`.
    pub(crate) fn mark_sent(&mut self, owner: RequestOwner, reference: u64, now: u64) {
        self.0.insert(owner, RequestState::InFlight { reference, sent_at: now });
    }

    /// The owner of the request in flight with this `ref`.
    pub(crate) fn owner_of(&self, wanted: u64) -> Option<RequestOwner> {
        let is_wanted = |state: &RequestState| matches!(state, RequestState::InFlight { reference, .. } if *reference == wanted);
        self.0.iter().find(|(_, state)| is_wanted(state)).map(|(owner, _)| *owner)
    }

    /// Removes the request in flight with this `ref`, which was answered. Returns its owner.
    pub(crate) fn take_answered(&mut self, reference: u64) -> Option<RequestOwner> {
        let owner = self.owner_of(reference)?;
        self.forget(owner);
        Some(owner)
    }

    /// Records that the owner's request was refused, permanently unless `temporary`.
    pub(crate) fn mark_refused(&mut self, owner: RequestOwner, temporary: bool) {
        match temporary {
            true => self.0.insert(owner, RequestState::BackingOff),
            false => self.forget(owner),
        }
    }

    /// Wants the temporarily refused requests again, because the timer fired.
    pub(crate) fn retry(&mut self) {
        for state in self.0.values_mut().filter(|state| **state == RequestState::BackingOff) {
            *state = RequestState::Wanted;
        }
    }

    /// Forgets the requests for missing events and wants all others again, because the connection was
    /// lost.
    pub(crate) fn disconnected(&mut self) {
        self.0.retain(|owner, _| !matches!(owner, RequestOwner::Events(_)));
        self.0.values_mut().for_each(|state| *state = RequestState::Wanted);
    }

    /// Restarts the deadlines, because the answers could not arrive before now.
    pub(crate) fn restart_deadlines(&mut self, now: u64) {
        for state in self.0.values_mut() {
            if let RequestState::InFlight { sent_at, .. } = state {
                *sent_at = now;
            }
        }
    }

    /// The time at which the oldest request in flight was sent.
    pub(crate) fn awaited_since(&self) -> Option<u64> {
        let sent = self.0.values().filter_map(|state| match state {
            RequestState::InFlight { sent_at, .. } => Some(*sent_at),
            _ => None,
        });
        sent.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::RoomId;

    const PAGE: RequestOwner = RequestOwner::Page(Conversation { room: RoomId(7), root: None });

    fn events(room: u64) -> RequestOwner {
        RequestOwner::Events(Address::Room(RoomId(room)))
    }

    #[test]
    fn a_request_is_sent_once_per_connection() {
        let mut requests = Requests::default();
        assert!(!requests.is_wanted(PAGE));
        requests.want(PAGE);
        assert!(requests.is_wanted(PAGE));
        requests.mark_sent(PAGE, 7, 1_000);
        requests.want(PAGE);
        assert!(!requests.is_wanted(PAGE) && requests.is_in_flight(PAGE));
        assert_eq!((requests.owner_of(7), requests.owner_of(8)), (Some(PAGE), None));
        assert_eq!(requests.awaited_since(), Some(1_000));
        requests.disconnected();
        assert!(requests.is_wanted(PAGE));
        assert_eq!((requests.owner_of(7), requests.awaited_since()), (None, None));
    }

    #[test]
    fn an_answer_is_taken_once_and_by_the_newest_request_only() {
        let mut requests = Requests::default();
        requests.mark_sent(PAGE, 7, 0);
        requests.want_anew(PAGE);
        assert_eq!(requests.take_answered(7), None);
        requests.mark_sent(PAGE, 8, 0);
        assert_eq!((requests.take_answered(8), requests.take_answered(8)), (Some(PAGE), None));
        assert!(!requests.is_wanted(PAGE));
    }

    #[test]
    fn a_temporarily_refused_request_backs_off() {
        let mut requests = Requests::default();
        requests.mark_sent(PAGE, 7, 0);
        requests.mark_refused(PAGE, true);
        requests.want(PAGE);
        assert!(!requests.is_wanted(PAGE));
        requests.retry();
        assert!(requests.is_wanted(PAGE));
    }

    #[test]
    fn events_are_missing_until_they_came_or_the_connection_is_lost() {
        let mut requests = Requests::default();
        requests.want(PAGE);
        assert!(!requests.has_missing_events());
        requests.want(events(1));
        requests.mark_sent(events(1), 1, 0);
        requests.mark_refused(events(1), true);
        assert!(requests.has_missing_events(), "a refusal does not bring them");
        requests.retry();
        assert!(requests.is_wanted(events(1)));
        requests.disconnected();
        assert!(!requests.has_missing_events() && requests.is_wanted(PAGE));
    }

    #[test]
    fn missing_events_are_requested_for_few_addresses_at_a_time() {
        for (wanted, sent) in [(1, 1), (2, 2), (3, 2)] {
            let mut requests = Requests::default();
            requests.mark_sent(events(9), 1, 0);
            (1..=wanted).for_each(|room| requests.want(events(room)));
            assert_eq!(requests.events_to_request(3).len(), sent);
        }
    }
}
