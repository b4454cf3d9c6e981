//! How bytes leave the page and come in. Transports differ only in bytes: what
//! they mean is the client's.

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

/// A connection, by whichever transport.
#[derive(Debug)]
pub enum Connection {
    /// A WebSocket.
    Socket(websocket::WebSocketConnection),
    /// Requests over plain HTTP.
    Http(HttpConnection),
}

impl Connection {
    /// Starts to open it; `give` gets what becomes of it as inputs of this connection, never before this returns.
    ///
    /// # Errors
    /// What the browser throws where it forbids it.
    pub fn open(
        id: ConnectionId,
        transport: Transport,
        give: impl Fn(Input) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        if transport == Transport::WebSocket {
            return Ok(Connection::Socket(websocket::WebSocketConnection::open(id, give)?));
        }
        let session = HttpSession::new(transport, random::seed());
        let tell = move |event: client::http_session::SessionEvent| {
            if let Some(input) = event.into_input(id) {
                give(input);
            }
        };
        Ok(Connection::Http(HttpConnection::open(session, true, tell)))
    }

    /// How it is, read now.
    pub fn ready_state(&self) -> ReadyState {
        match self {
            Connection::Socket(socket) => socket.ready_state(),
            Connection::Http(http) => http.ready_state(),
        }
    }

    /// Sends a command, which is lost where the connection is not open.
    pub fn send(&self, command: Command) {
        match self {
            Connection::Socket(socket) => socket.send(&command),
            Connection::Http(http) => http.handle(SessionInput::Send(command)),
        }
    }

    /// Starts to close it.
    pub fn close(&self, code: u16) {
        match self {
            Connection::Socket(socket) => socket.close(code),
            Connection::Http(http) => http.handle(SessionInput::Close),
        }
    }

    /// The requests over plain HTTP, if it is made of them.
    pub fn http(&self) -> Option<HttpConnection> {
        if let Connection::Http(http) = self { Some(http.clone()) } else { None }
    }
}
