//! Listeners for events of the DOM that last until they are dropped.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget};

/// A listener for one kind of event. Dropping it removes it.
pub(crate) struct Listener {
    target: EventTarget,
    name: &'static str,
    on_event: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `on_event` for each event `name` of `target`.
    pub(crate) fn new(
        target: &EventTarget,
        name: &'static str,
        on_event: impl FnMut(Event) + 'static,
    ) -> Self {
        Listener::with(target.clone(), name, Closure::new(on_event))
    }

    fn with(target: EventTarget, name: &'static str, on_event: Closure<dyn FnMut(Event)>) -> Self {
        // The call fails only on an object that is no event target.
        drop(target.add_event_listener_with_callback(name, on_event.as_ref().unchecked_ref()));
        Listener { target, name, on_event }
    }

    /// Calls `on_event` for each event `name` of the window; `None` without a window.
    pub(crate) fn of_window(name: &'static str, on_event: impl FnMut(Event) + 'static) -> Option<Self> {
        Some(Listener::with(web_sys::window()?.into(), name, Closure::new(on_event)))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let listener = self.on_event.as_ref().unchecked_ref();
        drop(self.target.remove_event_listener_with_callback(self.name, listener));
    }
}
