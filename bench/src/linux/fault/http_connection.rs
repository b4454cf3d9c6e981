//! The shell round [`HttpSession`]: a connection of a page that is made of requests over plain HTTP.

use std::collections::BTreeMap;
use std::time::Instant;

use client::http_session::{Call, HttpSession, RequestId, SessionTimer};
use client::input::ConnectionId;
use client::transport::Transport;

use super::connection_record::ConnectionRecord;
use super::response::Response;
use super::transport_switches::RequestKind;

/// The connection.
#[derive(Debug)]
pub(super) struct HttpConnection {
    pub(super) transport: Transport,
    pub(super) session: HttpSession,
    /// When each timer fires, in milliseconds.
    pub(super) timers: BTreeMap<SessionTimer, u64>,
    pub(super) record: ConnectionRecord,
    /// When the socket was opened whose answer came last.
    pub(super) answered_on: Option<Instant>,
}

impl HttpConnection {
    pub(super) fn new(transport: Transport, seed: u64) -> Self {
        Self {
            transport,
            session: HttpSession::new(transport, seed),
            timers: BTreeMap::new(),
            record: ConnectionRecord::default(),
            answered_on: None,
        }
    }

    /// A timer whose time has come.
    pub(super) fn take_timer(&mut self, now: u64) -> Option<SessionTimer> {
        let (&timer, _) = self.timers.iter().find(|(_, at)| **at <= now)?;
        self.timers.remove(&timer);
        Some(timer)
    }
}

/// One request of such a connection, on a socket of its own.
#[derive(Debug)]
pub(super) struct HttpRequest {
    pub(super) connection: ConnectionId,
    pub(super) id: RequestId,
    /// A successful answer is handed on as it comes.
    pub(super) is_stream: bool,
    /// When it times out, in milliseconds.
    pub(super) by: u64,
    pub(super) response: Response,
}

/// As which kind a request counts.
pub(super) fn kind_of(call: &Call) -> RequestKind {
    match call {
        Call::Stream(_) => RequestKind::Stream,
        Call::FirstPoll { .. } | Call::Poll { wait_s: 0, .. } => RequestKind::Poll,
        Call::Poll { .. } => RequestKind::LongPoll,
        Call::Command { .. } => RequestKind::Command,
    }
}
