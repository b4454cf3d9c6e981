//! The channel between the tabs of one browser. `client::tabs` defines the messages.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

const NAME: &str = "teahouse.reader";

/// Open `BroadcastChannel`. Dropping it closes the channel.
#[derive(Debug)]
pub struct Channel {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Channel {
    /// Opens the channel. `on_text` gets each text that another tab sends. Returns `None` if the browser has no
    /// `BroadcastChannel`.
    pub fn open(on_text: impl Fn(String) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(NAME).ok()?;
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                on_text(text);
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Channel { channel, _on_message: on_message })
    }

    /// Sends a text to all other tabs that have opened the channel.
    pub fn send(&self, text: &str) {
        // The call fails only for values that cannot be cloned, and a text can be.
        drop(self.channel.post_message(&JsValue::from_str(text)));
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}
