//! One WebSocket to `/conn_ws?v=1`, opened through web-sys so that its real `readyState` can be read. It
//! offers no subprotocol, because some proxies drop that header, and browsers then fail the connection.

use client::input::{ConnectionId, Input};
use client::view::ReadyState;
use shared::Command;
use shared::version::WEBSOCKET_PATH;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CloseEvent, Event, Location, MessageEvent, WebSocket};

/// A WebSocket and its listeners. Dropping it removes the listeners and closes the socket.
#[derive(Debug)]
pub struct WebSocketConnection {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl WebSocketConnection {
    /// Starts to open a WebSocket. `give` gets its events as inputs with this `id`, never before this
    /// function returns.
    ///
    /// # Errors
    /// The exception of the browser, if it forbids the URL.
    pub fn open(id: ConnectionId, give: impl Fn(Input) + Clone + 'static) -> Result<Self, JsValue> {
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        let socket = WebSocket::new(&url(&window.location())?)?;
        let on_open = {
            let give = give.clone();
            Closure::new(move |_: Event| give(Input::ConnectionOpened(id)))
        };
        let on_message = {
            let give = give.clone();
            Closure::new(move |event: MessageEvent| {
                if let Some(text) = event.data().as_string() {
                    give(Input::FrameReceived(id, text));
                }
            })
        };
        // There is no listener for `error`: the event has no details, and `close` follows it.
        let on_close = Closure::new(move |event: CloseEvent| {
            give(Input::ConnectionClosed { connection: id, code: event.code(), reason: event.reason() });
        });
        socket.set_onopen(Some(listener(&on_open)));
        socket.set_onmessage(Some(listener(&on_message)));
        socket.set_onclose(Some(listener(&on_close)));
        Ok(WebSocketConnection { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// The socket's own `readyState`, read now.
    pub fn ready_state(&self) -> ReadyState {
        match self.socket.ready_state() {
            WebSocket::CONNECTING => ReadyState::Connecting,
            WebSocket::OPEN => ReadyState::Open,
            WebSocket::CLOSING => ReadyState::Closing,
            _ => ReadyState::Closed,
        }
    }

    /// Sends a command as a text frame. On a socket that is not open the frame is lost; only a reply proves
    /// that a command arrived.
    pub fn send(&self, command: &Command) {
        drop(self.socket.send_with_str(&command.to_text()));
    }

    /// Starts to close the socket with a close code, or without one if browsers do not allow the code.
    pub fn close(&self, code: u16) {
        // Browsers allow a page only 1000 and 3000 to 4999, and throw an exception for other codes.
        if self.socket.close_with_code(code).is_err() {
            drop(self.socket.close());
        }
    }
}

impl Drop for WebSocketConnection {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        drop(self.socket.close());
    }
}

fn listener<E>(closure: &Closure<dyn FnMut(E)>) -> &js_sys::Function {
    closure.as_ref().unchecked_ref()
}

fn url(location: &Location) -> Result<String, JsValue> {
    let scheme = if location.protocol()? == "https:" { "wss" } else { "ws" };
    Ok(format!("{scheme}://{}{WEBSOCKET_PATH}?v=1", location.host()?))
}
