//! The transports: how frames leave the page and arrive. Transports differ only in bytes; the client
//! interprets the frames.
//!
//! - [`websocket`]: a WebSocket for v1
//! - [`fetch`]: a connection over plain HTTP, with [`abort_handle`] for its requests and
//!   [`broadcast_channel`] between tabs
//! - [`http`]: the requests for joining, renaming and signing out

pub mod abort_handle;
pub mod broadcast_channel;
pub mod fetch;
pub mod http;
pub mod websocket;

use crate::random;
use client::http_session::{HttpSession, SessionInput};
use client::input::{ConnectionId, Input};
use client::transport::Transport;
use client::view::ReadyState;
use fetch::HttpConnection;
use shared::Command;
use wasm_bindgen::JsValue;

/// A connection to the server, of any transport.
#[derive(Debug)]
pub enum Connection {
    /// Connection over a WebSocket, which the driver opens for [`Transport::WebSocket`] only.
    Socket(websocket::WebSocketConnection),
    /// Connection over plain HTTP: an event stream, long polling or polling.
    Http(HttpConnection),
}

impl Connection {
    /// Starts to open a connection. `give` gets its events as inputs with this `id`, never before this
    /// function returns.
    ///
    /// # Errors
    /// The exception of the browser, if it forbids the WebSocket. Plain HTTP never fails here.
    pub fn open(
        id: ConnectionId,
        transport: Transport,
        give: impl Fn(Input) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        if transport == Transport::WebSocket {
            return Ok(Connection::Socket(websocket::WebSocketConnection::open(id, give)?));
        }
        let session = HttpSession::new(transport, random::seed());
        let on_event = move |event: client::http_session::SessionEvent| {
            if let Some(input) = event.into_input(id) {
                give(input);
            }
        };
        Ok(Connection::Http(HttpConnection::open(session, true, on_event)))
    }

    /// Current state of the connection, in the terms of a WebSocket.
    pub fn ready_state(&self) -> ReadyState {
        match self {
            Connection::Socket(socket) => socket.ready_state(),
            Connection::Http(http) => http.ready_state(),
        }
    }

    /// Sends a command. On a connection that is not open, the command is lost.
    pub fn send(&self, command: Command) {
        match self {
            Connection::Socket(socket) => socket.send(&command),
            Connection::Http(http) => http.handle(SessionInput::Send(command)),
        }
    }

    /// Starts to close the connection. The close code matters for a WebSocket only.
    pub fn close(&self, code: u16) {
        match self {
            Connection::Socket(socket) => socket.close(code),
            Connection::Http(http) => http.handle(SessionInput::Close),
        }
    }

    /// Returns the connection over plain HTTP; `None` for a WebSocket.
    pub fn http(&self) -> Option<HttpConnection> {
        if let Connection::Http(http) = self { Some(http.clone()) } else { None }
    }
}
