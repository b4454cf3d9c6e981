//! A timeout of the browser, cleared when dropped.

use std::fmt;
use wasm_bindgen::{JsCast, closure::Closure};

/// The timeout.
pub(crate) struct Timeout {
    handle: i32,
    _ring: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Calls `ring` after so many milliseconds; none where there is no window.
    pub(crate) fn new(after_ms: u64, ring: impl FnOnce() + 'static) -> Option<Self> {
        let ring = Closure::once(ring);
        // Browsers hold 31 bits, 24 days; nothing here waits so long.
        let after_ms = i32::try_from(after_ms).unwrap_or(i32::MAX);
        let callback = ring.as_ref().unchecked_ref();
        let set =
            web_sys::window()?.set_timeout_with_callback_and_timeout_and_arguments_0(callback, after_ms);
        Some(Timeout { handle: set.ok()?, _ring: ring })
    }
}

/// Waits for so many milliseconds.
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
