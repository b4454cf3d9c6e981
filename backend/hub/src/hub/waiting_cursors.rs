//! Sessions whose cursors are past the head: they wait for the tail to reach them.

use crate::session::SessionId;
use std::collections::{BTreeSet, HashMap};

/// Sessions that wait, by the positions of their cursors and by their deadlines.
#[derive(Debug, Default)]
pub(super) struct WaitingCursors {
    /// Position and deadline of each session.
    all: HashMap<SessionId, (u64, u64)>,
    by_position: BTreeSet<(u64, SessionId)>,
    by_deadline: BTreeSet<(u64, SessionId)>,
}

impl WaitingCursors {
    /// Adds a session whose cursor is at position `n`. It waits until the time `until`.
    pub(super) fn add(&mut self, session: SessionId, n: u64, until: u64) {
        self.remove(session);
        self.all.insert(session, (n, until));
        self.by_position.insert((n, session));
        self.by_deadline.insert((until, session));
    }

    /// Removes a session. Without effect if it does not wait.
    pub(super) fn remove(&mut self, session: SessionId) {
        if let Some((n, until)) = self.all.remove(&session) {
            self.by_position.remove(&(n, session));
            self.by_deadline.remove(&(until, session));
        }
    }

    /// Whether a session waits.
    pub(super) fn contains(&self, session: SessionId) -> bool {
        self.all.contains_key(&session)
    }

    /// Returns the earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.by_deadline.first().map(|(until, _)| *until)
    }

    /// Takes a session whose cursor is not past `head`.
    pub(super) fn take_reached(&mut self, head: u64) -> Option<SessionId> {
        let (_, session) = self.by_position.first().copied().filter(|(n, _)| *n <= head)?;
        self.remove(session);
        Some(session)
    }

    /// Takes a session whose deadline is not later than `now`.
    pub(super) fn take_expired(&mut self, now: u64) -> Option<SessionId> {
        let (_, session) = self.by_deadline.first().copied().filter(|(until, _)| *until <= now)?;
        self.remove(session);
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_taken_by_its_position_or_by_its_deadline_once() {
        let [one, two, three] = [1, 2, 3].map(SessionId);
        let mut waiting = WaitingCursors::default();
        waiting.add(one, 50, 1_000);
        waiting.add(two, 40, 2_000);
        waiting.add(three, 60, 3_000);
        assert_eq!((waiting.take_reached(39), waiting.take_reached(40)), (None, Some(two)));
        assert_eq!((waiting.take_reached(40), waiting.next_deadline()), (None, Some(1_000)));
        assert_eq!((waiting.take_expired(999), waiting.take_expired(1_000)), (None, Some(one)));
        assert!(waiting.contains(three) && !waiting.contains(one));
        waiting.remove(three);
        assert_eq!((waiting.take_reached(99), waiting.take_expired(9_999)), (None, None));
        assert!(waiting.by_position.is_empty() && waiting.by_deadline.is_empty());
    }
}
