//! A connection that a comparison compares: its `hello`, its answers to pings, its costs, and how it is
//! opened again after it has closed.
//!
//! The three connections over plain HTTP use an [`HttpSession`], as the chat does. The fourth is a
//! WebSocket.

use super::socket::SocketTotals;
use super::{ComparedTransport, Comparison, ComparisonFault, TransferCost, hello};
use crate::http_session::{HttpSession, SessionEvent};
use crate::inspect::SocketEvent;
use crate::transport::Transport;
use shared::{CloseCode, Command, Cursor, Event};

/// Pause before a closed connection is opened again, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// An order to the shell of a compared connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComparedConnectionEffect {
    /// Send the command on the connection.
    Send(Command),
    /// Open the connection again after this many milliseconds, if the comparison then still runs.
    Reopen(u64),
    /// End the comparison with this fault.
    Fail(ComparisonFault),
}

/// A compared connection. It is opened again after each close until the comparison is over.
#[derive(Clone, Debug)]
pub struct ComparedConnection {
    transport: Transport,
    /// The cursor of the next `hello`. Over HTTP, everything up to it was read.
    cursor: Cursor,
    /// The cost since the connection was last opened, as far as it was added to the comparison.
    counted: TransferCost,
    socket: SocketTotals,
}

impl ComparedConnection {
    /// Creates the connection, which reads from this cursor.
    pub fn new(transport: Transport, cursor: Cursor) -> Self {
        ComparedConnection {
            transport,
            cursor,
            counted: TransferCost::default(),
            socket: SocketTotals::default(),
        }
    }

    /// The transport by which the connection reads.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Records that the shell opens the connection, whose costs are counted from zero.
    pub fn begin_opening(&mut self) {
        (self.counted, self.socket) = (TransferCost::default(), SocketTotals::default());
    }

    /// Creates the session of a connection over plain HTTP. `seed` must be random.
    pub fn session(&self, comparison: &Comparison, seed: u64) -> HttpSession {
        HttpSession::new(self.transport, seed).traced(comparison.interval_ms())
    }

    /// Handles an event of the present session. `now` is in microseconds of the page's clock.
    pub fn handle_session_event(
        &mut self,
        event: SessionEvent,
        comparison: &mut Comparison,
        now: u64,
    ) -> Option<ComparedConnectionEffect> {
        match event {
            SessionEvent::Opened => return Some(self.hello_effect()),
            SessionEvent::Event(frame) => return self.handle_event(frame.event, comparison, now),
            SessionEvent::Through(cursor) => self.cursor = cursor,
            SessionEvent::Traced(traffic) => {
                let cost = TransferCost::request(traffic.up, traffic.down);
                let is_stream = self.transport == Transport::EventStream;
                // Each report about a stream counts from the stream's beginning.
                let before = if is_stream { self.counted } else { TransferCost::default() };
                self.counted = cost;
                comparison.add_cost(self.entry(), cost.since(before));
            }
            SessionEvent::Closed { code, .. } => return Some(self.handle_close(code, comparison)),
            SessionEvent::Follows | SessionEvent::Answer(_) => {}
        }
        None
    }

    /// Handles an event of the present WebSocket. `now` is in microseconds of the page's clock.
    pub fn handle_socket_event(
        &mut self,
        event: SocketEvent,
        comparison: &mut Comparison,
        now: u64,
    ) -> Option<ComparedConnectionEffect> {
        match event {
            SocketEvent::Opened => Some(self.hello_effect()),
            SocketEvent::Message(text) => {
                self.handle_event(Event::parse(&text).unwrap_or(Event::Unknown), comparison, now)
            }
            SocketEvent::Failed => None,
            SocketEvent::Closed { code, .. } => Some(self.handle_close(code, comparison)),
        }
    }

    /// Records that the browser refused to create the WebSocket.
    pub fn record_refusal(&self, comparison: &mut Comparison) {
        comparison.record_break(self.entry());
    }

    fn entry(&self) -> ComparedTransport {
        ComparedTransport::Reading(self.transport)
    }

    fn hello_effect(&self) -> ComparedConnectionEffect {
        ComparedConnectionEffect::Send(Command::Hello(hello(Some(self.cursor), None)))
    }

    fn handle_event(
        &mut self,
        event: Event,
        comparison: &mut Comparison,
        now: u64,
    ) -> Option<ComparedConnectionEffect> {
        match event {
            Event::Welcome(_) => comparison.record_reading(self.transport),
            Event::Posted(posted) => comparison.record_arrival(self.entry(), posted.client_id, now),
            Event::Ping(_) => return Some(ComparedConnectionEffect::Send(Command::Pong)),
            Event::Trace(trace) => {
                self.socket.add(&trace.seen);
                let cost = self.socket.cost();
                comparison.add_cost(self.entry(), cost.since(self.counted));
                self.counted = cost;
            }
            _ => {}
        }
        None
    }

    fn handle_close(&self, code: u16, comparison: &mut Comparison) -> ComparedConnectionEffect {
        if code == CloseCode::SignedOut.number() {
            return ComparedConnectionEffect::Fail(ComparisonFault::SignedOut);
        }
        comparison.record_break(self.entry());
        ComparedConnectionEffect::Reopen(AGAIN_MS)
    }
}

#[cfg(test)]
mod tests;
