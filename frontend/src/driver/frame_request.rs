//! Runs a function once in the next animation frame.

use std::{cell::Cell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};

/// A request for the next animation frame. There is at most one at a time.
#[derive(Default)]
pub(super) struct FrameRequest {
    is_pending: Rc<Cell<bool>>,
}

impl FrameRequest {
    /// Calls `draw` in the next animation frame, unless a call is pending. A hidden page gets no frame until it
    /// is shown.
    pub(super) fn request(&self, draw: impl FnOnce() + 'static) {
        if self.is_pending.replace(true) {
            return;
        }
        let is_pending = self.is_pending.clone();
        let on_frame = Closure::once_into_js(move || {
            is_pending.set(false);
            draw();
        });
        let requested = web_sys::window()
            .and_then(|window| window.request_animation_frame(on_frame.unchecked_ref()).ok());
        if requested.is_none() {
            self.is_pending.set(false);
        }
    }
}
