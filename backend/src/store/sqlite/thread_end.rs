//! Reports a thread of the store that ends by a panic. Without it the store would seem healthy, while reads or
//! checkpoints wait for a thread that is gone.

use crate::store::health::StoreHealth;
use std::thread;

/// Held by a thread for as long as it runs.
pub(super) struct ThreadEndGuard {
    health: StoreHealth,
    why: &'static str,
}

impl ThreadEndGuard {
    /// A guard that ends the store for the reason `why` if its thread panics.
    pub(super) fn new(health: &StoreHealth, why: &'static str) -> Self {
        ThreadEndGuard { health: health.clone(), why }
    }
}

impl Drop for ThreadEndGuard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.health.set_ended(self.why);
        }
    }
}
