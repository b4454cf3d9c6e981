//! The health of a store: whether it takes changes, and if not, why; and whether a commit stands still. `/readyz` and the server read it
//! through a handle that outlives the move of the store into the registry.

use crate::store::commit_progress::CommitProgress;
use std::sync::Arc;
use tokio::sync::watch;

/// Handle to the health of a store. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct StoreHealth {
    state: Arc<watch::Sender<HealthState>>,
    commits: CommitProgress,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct HealthState {
    refusal: Option<&'static str>,
    has_ended: bool,
}

impl Default for StoreHealth {
    fn default() -> Self {
        let state = Arc::new(watch::Sender::new(HealthState::default()));
        StoreHealth { state, commits: CommitProgress::default() }
    }
}

impl StoreHealth {
    /// Progress of the append under way.
    pub fn commits(&self) -> &CommitProgress {
        &self.commits
    }

    /// Reason why changes are refused, in a few words without paths. `None` while they are taken.
    pub fn refusal(&self) -> Option<&'static str> {
        self.state.borrow().refusal
    }

    /// Waits until changes are taken.
    pub async fn wait_until_writable(&self) {
        let mut states = self.state.subscribe();
        // An error would mean that no sender is left, but this handle is one.
        let _ = states.wait_for(|state| state.refusal.is_none()).await;
    }

    /// Waits until the store has ended by itself: one of its threads has panicked.
    pub async fn wait_for_end(&self) {
        let mut states = self.state.subscribe();
        // An error would mean that no sender is left, but this handle is one.
        let _ = states.wait_for(|state| state.has_ended).await;
    }

    /// Notes that changes are refused from now on, for this reason.
    pub(super) fn set_refusing(&self, why: &'static str) {
        self.state.send_modify(|state| state.refusal = Some(why));
    }

    /// Notes that changes are taken again.
    pub(super) fn set_writable(&self) {
        self.state.send_modify(|state| state.refusal = None);
    }

    /// Notes that the store has ended, for this reason.
    pub(super) fn set_ended(&self, why: &'static str) {
        self.state.send_modify(|state| *state = HealthState { refusal: Some(why), has_ended: true });
    }
}
