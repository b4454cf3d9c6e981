//! The append under way: whether the store still works on it, or its outcomes wait for the registry.
//!
//! The registry takes the outcomes when its turn allows. So the thread that makes an append durable notes by itself when
//! it has done so. Otherwise a registry that waits for a worker would look like a disk that does not answer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Handle to the progress of a store's appends, of which one is under way at a time. It is cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct CommitProgress(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// No append is under way.
    #[default]
    Idle,
    /// The store works on an append since this time.
    Committing(Instant),
    /// The outcomes of an append wait for the registry.
    Waiting {
        /// Time from the order to the outcomes.
        took: Duration,
        since: Instant,
    },
}

/// Cause why an append has not ended, and how long it has lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitStall {
    /// The store has no outcomes yet.
    Store(Duration),
    /// The registry has not taken the outcomes.
    Registry(Duration),
}

impl CommitProgress {
    /// Notes that the store gets an append.
    pub fn begin(&self) {
        *self.state() = State::Committing(Instant::now());
    }

    /// Notes that the outcomes of the append are known. The store calls this on the thread that has made them durable;
    /// if it does not, they count as known when the registry takes them.
    pub fn note_outcomes(&self) {
        let mut state = self.state();
        if let State::Committing(began) = *state {
            *state = State::Waiting { took: began.elapsed(), since: Instant::now() };
        }
    }

    /// Notes that the registry has the outcomes, or waits for them no more. Returns the time that the store took; none
    /// if no append was under way.
    pub fn end(&self) -> Option<Duration> {
        self.note_outcomes();
        match std::mem::take(&mut *self.state()) {
            State::Waiting { took, .. } => Some(took),
            State::Idle | State::Committing(_) => None,
        }
    }

    /// The cause if the append under way stands still for at least this time.
    pub fn stall(&self, after: Duration) -> Option<CommitStall> {
        let (wait, stall): (_, fn(_) -> _) = match *self.state() {
            State::Idle => return None,
            State::Committing(began) => (began.elapsed(), CommitStall::Store),
            State::Waiting { since, .. } => (since.elapsed(), CommitStall::Registry),
        };
        (wait >= after).then(|| stall(wait))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::STALL_AFTER;

    #[tokio::test(start_paused = true)]
    async fn a_stall_names_the_part_that_stands_still() {
        let just_before = STALL_AFTER - Duration::from_millis(1);
        let progress = CommitProgress::default();
        assert_eq!(progress.stall(Duration::ZERO), None);
        progress.begin();
        for (wait, stall) in
            [(just_before, None), (Duration::from_millis(1), Some(CommitStall::Store(STALL_AFTER)))]
        {
            tokio::time::advance(wait).await;
            assert_eq!(progress.stall(STALL_AFTER), stall);
        }
        progress.note_outcomes();
        for (wait, stall) in
            [(just_before, None), (Duration::from_millis(1), Some(CommitStall::Registry(STALL_AFTER)))]
        {
            tokio::time::advance(wait).await;
            assert_eq!(progress.stall(STALL_AFTER), stall);
        }
        assert_eq!(progress.end(), Some(STALL_AFTER), "the wait for the registry does not count");
        assert_eq!(progress.stall(Duration::ZERO), None);
        assert_eq!(progress.end(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_notes_nothing_is_measured_until_the_registry_has_the_outcomes() {
        let progress = CommitProgress::default();
        progress.begin();
        tokio::time::advance(STALL_AFTER).await;
        assert_eq!(progress.end(), Some(STALL_AFTER));
    }
}
