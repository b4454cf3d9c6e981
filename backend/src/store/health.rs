//! How a store is: whether it takes changes, and if not, why. A handle that is
//! taken before the store goes to the registry, and shared with whoever watches
//! over the process.

use std::sync::Arc;
use tokio::sync::watch;

/// The handle: cheap to clone.
#[derive(Clone, Debug)]
pub struct Condition(Arc<watch::Sender<State>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    trouble: Option<&'static str>,
    has_ended: bool,
}

impl Default for Condition {
    fn default() -> Self {
        Condition(Arc::new(watch::Sender::new(State::default())))
    }
}

impl Condition {
    /// Why changes are refused; `None` while they are taken. A few words, without paths.
    pub fn trouble(&self) -> Option<&'static str> {
        self.0.borrow().trouble
    }

    /// Waits until changes are taken.
    pub async fn well(&self) {
        let mut states = self.0.subscribe();
        // An error would mean that the handle is gone, and this is one.
        let _ = states.wait_for(|state| state.trouble.is_none()).await;
    }

    /// Waits until the store has ended of itself, which it never does in order.
    pub async fn ended(&self) {
        let mut states = self.0.subscribe();
        // An error would mean that the handle is gone, and this is one.
        let _ = states.wait_for(|state| state.has_ended).await;
    }

    /// Changes are refused from now on, for this reason.
    pub(super) fn refuse(&self, why: &'static str) {
        self.0.send_modify(|state| state.trouble = Some(why));
    }

    /// Changes are taken again.
    pub(super) fn mend(&self) {
        self.0.send_modify(|state| state.trouble = None);
    }

    /// The store has ended.
    pub(super) fn end(&self) {
        self.0.send_modify(|state| {
            *state = State { trouble: Some("the database writer stopped"), has_ended: true }
        });
    }
}
