//! What a session tells its client.

use crate::connection_id::ConnectionId;
use crate::input::Input;
use shared::{Cursor, Event};

/// What a session tells its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// It is open, and waits for `hello`.
    Opened,
    /// Another tab reads for it.
    Follows,
    /// The server sent this.
    Event(Event),
    /// Everything addressed to the client up to here was told before.
    Through(Cursor),
    /// The answer to a command.
    Answer(Event),
    /// The server counted these bytes: of one answer, or of a stream up to here.
    Traced(Traffic),
    /// It has ended. Nothing follows: timers and the channel are of no more use.
    Closed {
        /// Close code, as of a WebSocket; [`ABNORMAL`] where it broke.
        code: u16,
        /// Close reason, often empty.
        reason: String,
    },
}

impl SessionEvent {
    /// The same as an input of the client, of this connection. Its own traffic is no concern of the client.
    pub fn into_input(self, socket: ConnectionId) -> Option<Input> {
        Some(match self {
            SessionEvent::Opened => Input::ConnectionOpened(socket),
            SessionEvent::Follows => Input::FollowsLeader(socket),
            SessionEvent::Event(event) => Input::EventReceived(socket, event),
            SessionEvent::Through(cursor) => Input::ThroughReceived(socket, cursor),
            SessionEvent::Answer(event) => Input::AnswerReceived(socket, event),
            SessionEvent::Closed { code, reason } => Input::ConnectionClosed { socket, code, reason },
            SessionEvent::Traced(_) => return None,
        })
    }
}

/// Bytes that the server counted of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From the client to the server.
    pub up: u64,
    /// From the server to the client.
    pub down: u64,
}

shared::read! {
    Traffic { up, down }
}
