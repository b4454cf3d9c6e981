//! The timers that the driver keeps for the client: one of each kind.

use crate::clock;
use client::input::Timer;
use std::fmt;
use wasm_bindgen::{JsCast, closure::Closure};

/// The timers that are set.
#[derive(Default)]
pub(super) struct Timers {
    /// At most one of each kind.
    set: Vec<(Timer, Timeout)>,
}

impl Timers {
    /// Calls `ring` at `at` (milliseconds since 1970), instead of an earlier one of its kind.
    pub(super) fn set(&mut self, timer: Timer, at: u64, ring: impl FnOnce() + 'static) {
        self.clear(timer);
        if let Some(timeout) = Timeout::new(at.saturating_sub(clock::now()), ring) {
            self.set.push((timer, timeout));
        }
    }

    /// Forgets the one of this kind.
    pub(super) fn clear(&mut self, timer: Timer) {
        self.set.retain(|(kind, _)| *kind != timer);
    }
}

/// A timeout of the browser, cleared when dropped.
struct Timeout {
    handle: i32,
    _ring: Closure<dyn FnMut()>,
}

impl Timeout {
    fn new(after_ms: u64, ring: impl FnOnce() + 'static) -> Option<Self> {
        let ring = Closure::once(ring);
        // Browsers hold 31 bits, 24 days; nothing here waits so long.
        let after_ms = i32::try_from(after_ms).unwrap_or(i32::MAX);
        let callback = ring.as_ref().unchecked_ref();
        let set =
            web_sys::window()?.set_timeout_with_callback_and_timeout_and_arguments_0(callback, after_ms);
        Some(Timeout { handle: set.ok()?, _ring: ring })
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            window.clear_timeout_with_handle(self.handle);
        }
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timeout({})", self.handle)
    }
}
