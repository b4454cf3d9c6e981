//! A reader of a comparison: its `hello`, its answers to pings, its costs, and its next connection after an
//! end.
//!
//! The three readers over plain HTTP use an [`HttpSession`], as the chat does. The fourth uses a
//! WebSocket.

use super::socket::SocketTotals;
use super::{ComparedTransport, Comparison, ComparisonFault, TransferCost, hello};
use crate::http_session::{HttpSession, SessionEvent};
use crate::inspect::SocketEvent;
use crate::transport::Transport;
use shared::{CloseCode, Command, Cursor, Event};

/// Pause before a reader opens its next connection, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// An order to the shell of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderEffect {
    /// Send the command on the present connection.
    Send(Command),
    /// Open the next connection after this many milliseconds, if the comparison then still runs.
    Reopen(u64),
    /// End the comparison with this fault.
    Fail(ComparisonFault),
}

/// A reader, over all its connections.
#[derive(Clone, Debug)]
pub struct Reader {
    transport: Transport,
    /// The cursor of the next connection. Over HTTP, everything up to it was read.
    cursor: Cursor,
    /// The cost of the present connection, as far as it was added to the comparison.
    counted: TransferCost,
    socket: SocketTotals,
}

impl Reader {
    /// Creates a reader that begins after this cursor.
    pub fn new(transport: Transport, cursor: Cursor) -> Self {
        Reader { transport, cursor, counted: TransferCost::default(), socket: SocketTotals::default() }
    }

    /// The transport by which the reader reads.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Prepares for the next connection, whose costs are counted from zero.
    pub fn begin_connection(&mut self) {
        (self.counted, self.socket) = (TransferCost::default(), SocketTotals::default());
    }

    /// A session for the next connection over plain HTTP. `seed` must be random.
    pub fn session(&self, comparison: &Comparison, seed: u64) -> HttpSession {
        HttpSession::new(self.transport, seed).traced(comparison.interval_ms())
    }

    /// Handles an event of the present session. `now` is in microseconds of the page's clock.
    pub fn handle_session_event(
        &mut self,
        event: SessionEvent,
        comparison: &mut Comparison,
        now: u64,
    ) -> Option<ReaderEffect> {
        match event {
            SessionEvent::Opened => return Some(self.greet()),
            SessionEvent::Event(event) => return self.handle_event(event, comparison, now),
            SessionEvent::Through(cursor) => self.cursor = cursor,
            SessionEvent::Traced(traffic) => {
                let cost = TransferCost::request(traffic.up, traffic.down);
                let is_stream = self.transport == Transport::EventStream;
                // Each report about a stream counts from the stream's beginning.
                let before = if is_stream { self.counted } else { TransferCost::default() };
                self.counted = cost;
                comparison.add_cost(self.entry(), cost.since(before));
            }
            SessionEvent::Closed { code, .. } => return Some(self.end_connection(code, comparison)),
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
    ) -> Option<ReaderEffect> {
        match event {
            SocketEvent::Opened => Some(self.greet()),
            SocketEvent::Message(text) => {
                self.handle_event(Event::parse(&text).unwrap_or(Event::Unknown), comparison, now)
            }
            SocketEvent::Failed => None,
            SocketEvent::Closed { code, .. } => Some(self.end_connection(code, comparison)),
        }
    }

    /// Records that the browser refused to create the WebSocket.
    pub fn record_refusal(&self, comparison: &mut Comparison) {
        comparison.record_break(self.entry());
    }

    fn entry(&self) -> ComparedTransport {
        ComparedTransport::Reading(self.transport)
    }

    fn greet(&self) -> ReaderEffect {
        ReaderEffect::Send(Command::Hello(hello(Some(self.cursor), None)))
    }

    fn handle_event(&mut self, event: Event, comparison: &mut Comparison, now: u64) -> Option<ReaderEffect> {
        match event {
            Event::Welcome(_) => comparison.record_reading(self.transport),
            Event::Posted(posted) => comparison.record_arrival(self.entry(), posted.client_id, now),
            Event::Ping(_) => return Some(ReaderEffect::Send(Command::Pong)),
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

    fn end_connection(&self, code: u16, comparison: &mut Comparison) -> ReaderEffect {
        if code == CloseCode::SignedOut.number() {
            return ReaderEffect::Fail(ComparisonFault::SignedOut);
        }
        comparison.record_break(self.entry());
        ReaderEffect::Reopen(AGAIN_MS)
    }
}

#[cfg(test)]
mod tests;
