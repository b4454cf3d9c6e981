//! How a store is: whether it takes changes, and if not, why. A handle that is
//! taken before the store goes to the registry, and shared with whoever watches
//! over the process.

use std::sync::Arc;
use tokio::sync::watch;

/// The handle: cheap to clone.
#[derive(Clone, Debug)]
pub struct StoreHealth(Arc<watch::Sender<HealthState>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct HealthState {
    refusal: Option<&'static str>,
    has_ended: bool,
}

impl Default for StoreHealth {
    fn default() -> Self {
        StoreHealth(Arc::new(watch::Sender::new(HealthState::default())))
    }
}

impl StoreHealth {
    /// Why changes are refused; `None` while they are taken. A few words, without paths.
    pub fn refusal(&self) -> Option<&'static str> {
        self.0.borrow().refusal
    }

    /// Waits until changes are taken.
    pub async fn wait_until_writable(&self) {
        let mut states = self.0.subscribe();
        // An error would mean that the handle is gone, and this is one.
        let _ = states.wait_for(|state| state.refusal.is_none()).await;
    }

    /// Waits until the store has ended of itself, which it never does in order.
    pub async fn wait_for_end(&self) {
        let mut states = self.0.subscribe();
        // An error would mean that the handle is gone, and this is one.
        let _ = states.wait_for(|state| state.has_ended).await;
    }

    /// Changes are refused from now on, for this reason.
    pub(super) fn set_refusing(&self, why: &'static str) {
        self.0.send_modify(|state| state.refusal = Some(why));
    }

    /// Changes are taken again.
    pub(super) fn set_writable(&self) {
        self.0.send_modify(|state| state.refusal = None);
    }

    /// The store has ended.
    pub(super) fn set_ended(&self) {
        self.0.send_modify(|state| {
            *state = HealthState { refusal: Some("the database writer stopped"), has_ended: true }
        });
    }
}
