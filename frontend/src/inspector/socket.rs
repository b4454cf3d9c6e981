//! The inspector's WebSocket: it requests a trace, reports all four events, and makes the calls that the
//! person asks for.

use client::inspect::SocketEvent;
use client::view::ReadyState;
use shared::version::WEBSOCKET_PATH;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

/// A WebSocket and its listeners. Dropping it removes the listeners and closes the socket.
pub(super) struct Socket {
    socket: WebSocket,
    _on_plain: [Closure<dyn FnMut(Event)>; 2],
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Starts to open a WebSocket, which calls `on_event` with each event, never before this function returns.
    ///
    /// # Errors
    /// The exception of the browser, if it forbids the address.
    pub(super) fn open(on_event: impl Fn(SocketEvent) + Clone + 'static) -> Result<Self, JsValue> {
        let location = web_sys::window().ok_or(JsValue::NULL)?.location();
        let scheme = if location.protocol()? == "https:" { "wss" } else { "ws" };
        let socket = WebSocket::new(&format!("{scheme}://{}{WEBSOCKET_PATH}?v=1&trace=1", location.host()?))?;
        let on_plain = [SocketEvent::Opened, SocketEvent::Failed].map(|event| {
            let on_event = on_event.clone();
            Closure::<dyn FnMut(Event)>::new(move |_| on_event(event.clone()))
        });
        let on_message = {
            let on_event = on_event.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                if let Some(text) = event.data().as_string() {
                    on_event(SocketEvent::Message(text));
                }
            })
        };
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            on_event(SocketEvent::Closed {
                code: event.code(),
                reason: event.reason(),
                clean: event.was_clean(),
            });
        });
        socket.set_onopen(Some(on_plain[0].as_ref().unchecked_ref()));
        socket.set_onerror(Some(on_plain[1].as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Socket { socket, _on_plain: on_plain, _on_message: on_message, _on_close: on_close })
    }

    /// The socket's own `readyState`, read now.
    pub(super) fn ready_state(&self) -> ReadyState {
        match self.socket.ready_state() {
            WebSocket::CONNECTING => ReadyState::Connecting,
            WebSocket::OPEN => ReadyState::Open,
            WebSocket::CLOSING => ReadyState::Closing,
            _ => ReadyState::Closed,
        }
    }

    /// Calls `send(text)`. The core has already refused a call that would throw.
    pub(super) fn send(&self, text: &str) {
        drop(self.socket.send_with_str(text));
    }

    /// Calls `close(code, reason)`, or `close()` without a code. The core has already refused a call that
    /// would throw.
    pub(super) fn close(&self, code: Option<u16>, reason: &str) {
        drop(match code {
            Some(code) => self.socket.close_with_code_and_reason(code, reason),
            None => self.socket.close(),
        });
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onerror(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        drop(self.socket.close());
    }
}
