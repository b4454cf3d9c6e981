//! How bytes leave the page and come in. Transports differ only in bytes: what
//! they mean is the client's.

pub mod channel;
pub(crate) mod fields;
pub mod http;
pub mod line;
pub mod poll;
pub mod request;
pub mod stream;
pub mod websocket;

use client::transport::Transport;
use client::view::ReadyState;
use line::Line;
use wasm_bindgen::JsValue;

/// What a connection tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is open.
    Opened,
    /// Another page of the browser reads for it.
    Follows,
    /// A text frame came. Binary ones are not of the protocol and passed over.
    Frame(String),
    /// The answer to a command that went by a request of its own came.
    Answer(String),
    /// It is closed, for good.
    Closed {
        /// The close code; 1006 where there was none.
        code: u16,
        /// The close reason, often empty.
        reason: String,
    },
}

/// A connection, whichever way.
#[derive(Debug)]
pub enum Connection {
    /// A WebSocket.
    Socket(websocket::Connection),
    /// Requests over plain HTTP.
    Line(Line),
}

impl Connection {
    /// Starts to open it; `tell` hears what becomes of it, never before this returns.
    ///
    /// # Errors
    /// What the browser throws where it forbids it.
    pub fn open(transport: Transport, tell: impl Fn(Told) + Clone + 'static) -> Result<Self, JsValue> {
        Ok(match transport {
            Transport::WebSocket => Connection::Socket(websocket::Connection::open(tell)?),
            transport => Connection::Line(Line::open(transport, tell)?),
        })
    }

    /// How it is, read now.
    pub fn ready_state(&self) -> ReadyState {
        match self {
            Connection::Socket(socket) => socket.ready_state(),
            Connection::Line(line) => line.ready_state(),
        }
    }

    /// Sends a text frame, which is lost where it is not open.
    pub fn send(&self, frame: &str) {
        match self {
            Connection::Socket(socket) => socket.send(frame),
            Connection::Line(line) => line.send(frame),
        }
    }

    /// Starts to close it.
    pub fn close(&self, code: u16) {
        match self {
            Connection::Socket(socket) => socket.close(code),
            Connection::Line(line) => line.close(),
        }
    }

    /// The line, if it is one.
    pub fn line(&self) -> Option<Line> {
        if let Connection::Line(line) = self { Some(line.clone()) } else { None }
    }
}
