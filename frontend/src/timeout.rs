//! Timeouts of the browser (`setTimeout`).

use std::fmt;
use wasm_bindgen::{JsCast, closure::Closure};

/// A call that the browser makes once, later. Dropping it before that cancels the call.
pub(crate) struct Timeout {
    handle: i32,
    _ring: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Calls `ring` after `after_ms` milliseconds. Returns `None`, and never calls, if there is no window.
    pub(crate) fn new(after_ms: u64, ring: impl FnOnce() + 'static) -> Option<Self> {
        let ring = Closure::once(ring);
        // Browsers accept 31 bits, which are 24 days. Nothing here waits that long.
        let after_ms = i32::try_from(after_ms).unwrap_or(i32::MAX);
        let callback = ring.as_ref().unchecked_ref();
        let set =
            web_sys::window()?.set_timeout_with_callback_and_timeout_and_arguments_0(callback, after_ms);
        Some(Timeout { handle: set.ok()?, _ring: ring })
    }
}

/// Waits for `ms` milliseconds; returns at once if there is no window.
pub(crate) async fn sleep(ms: u64) {
    let mut timeout = None;
    let promise = js_sys::Promise::new(&mut |done, _| {
        timeout = Timeout::new(ms, move || drop(done.call0(&wasm_bindgen::JsValue::NULL)));
    });
    if timeout.is_some() {
        drop(wasm_bindgen_futures::JsFuture::from(promise).await);
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
