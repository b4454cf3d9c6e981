//! Connections between pages and the server. A connection keeps the order of its frames, as TCP does; two
//! connections have no common order. A cut loses everything on its way. Either end may notice a cut soon,
//! late or never.

use crate::page_id::PageId;
use client::http_session::Request;
use client::input::ConnectionId;
use hub::SessionId;
use hub::house::members::DeviceKey;
use std::collections::VecDeque;

/// Number of a connection in the simulated network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wire(pub(crate) u64);

/// A WebSocket, or one request over HTTP.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) page: PageId,
    pub(crate) socket: ConnectionId,
    pub(crate) kind: ConnectionKind,
    /// Device of the cookie that the browser sent.
    pub(crate) device: Option<DeviceKey>,
    /// Session at the server's end, while there is one.
    pub(crate) session: Option<SessionId>,
    /// Whether the server has sent anything on this connection.
    pub(crate) has_begun: bool,
    /// Whether the connection is cut: nothing passes any more.
    pub(crate) cut: bool,
    pub(crate) page_end: PageEnd,
    pub(crate) to_server: VecDeque<ToServer>,
    pub(crate) to_page: VecDeque<ToPage>,
}

impl Connection {
    /// Returns whether the connection is open for the page.
    pub(crate) fn is_open(&self) -> bool {
        self.page_end == PageEnd::Open
    }
}

/// Kind of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionKind {
    WebSocket,
    Stream,
    Poll { waits: bool },
    Request,
}

/// State of the page's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageEnd {
    Opening,
    Open,
    /// The client closed its end; the browser has not reported the end yet.
    Closing,
    /// The page knows that the connection has ended.
    Closed,
}

/// An item on its way to the server.
#[derive(Debug)]
pub(crate) enum ToServer {
    Open,
    Frame(String),
    /// An HTTP request of a session.
    Request(Request),
    Close,
}

/// An item on its way to the page.
#[derive(Debug)]
pub(crate) enum ToPage {
    Opened,
    Frame(String),
    Closed(u16, String),
    /// A whole HTTP response: status and body.
    Response(u16, String),
    /// Bytes of an event stream.
    Chunk(Vec<u8>),
    /// End of an event stream.
    End,
}
