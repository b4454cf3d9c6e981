//! A page's connection over plain HTTP: the state of the shell of one [`HttpSession`].

use std::collections::BTreeMap;
use std::time::Instant;

use client::http_session::{Call, HttpSession, RequestId, SessionTimer};
use client::input::ConnectionId;
use client::transport::Transport;

use super::connection_record::ConnectionRecord;
use super::transport_switches::RequestKind;
use crate::linux::response::Response;

/// A connection over plain HTTP, from its opening to the session's end.
#[derive(Debug)]
pub(super) struct HttpConnection {
    pub(super) transport: Transport,
    pub(super) session: HttpSession,
    /// Time at which each timer fires, in milliseconds of the monotonic clock.
    pub(super) timers: BTreeMap<SessionTimer, u64>,
    pub(super) record: ConnectionRecord,
    /// Time at which the socket of the last response was opened; `None` before the first response.
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

    /// Removes and returns a timer that is due.
    pub(super) fn take_timer(&mut self, now: u64) -> Option<SessionTimer> {
        let (&timer, _) = self.timers.iter().find(|(_, at)| **at <= now)?;
        self.timers.remove(&timer);
        Some(timer)
    }
}

/// A request of such a connection, on a socket of its own.
#[derive(Debug)]
pub(super) struct HttpRequest {
    pub(super) connection: ConnectionId,
    pub(super) id: RequestId,
    /// Whether the body of a successful response is passed on in chunks as it arrives.
    pub(super) is_stream: bool,
    /// Time at which the request times out, in milliseconds of the monotonic clock.
    pub(super) by: u64,
    pub(super) response: Response,
}

/// Kind under which a request is counted.
pub(super) fn kind_of(call: &Call) -> RequestKind {
    match call {
        Call::Stream(_) => RequestKind::Stream,
        Call::FirstPoll { .. } | Call::Poll { wait_s: 0, .. } => RequestKind::Poll,
        Call::Poll { .. } => RequestKind::LongPoll,
        Call::Command { .. } => RequestKind::Command,
    }
}
