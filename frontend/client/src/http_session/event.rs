//! The events that a session reports to its client.

use crate::connection_id::ConnectionId;
use crate::input::Input;
use shared::{Cursor, event::EventFrame};

/// An event that a session reports to its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// The session is open and waits for the client's `hello`.
    Opened,
    /// The leader tab reads for this session.
    Follows,
    /// An event of the server was read, by this tab or by the leader.
    Event(EventFrame),
    /// Cursor up to which all events for this client were reported.
    Through(Cursor),
    /// The answer to a command: a reply or a refusal.
    Answer(EventFrame),
    /// Bytes that the server counted: of one request, or of a stream since its beginning.
    Traced(Traffic),
    /// The session has ended and reports nothing more. The shell can drop its timers and the channel.
    Closed {
        /// Close code, as a WebSocket would have it; [`ABNORMAL`](super::ABNORMAL) after a failure.
        code: u16,
        /// Close reason, often empty.
        reason: String,
    },
}

impl SessionEvent {
    /// Converts the event to an input of the client for this connection. [`SessionEvent::Traced`] has none.
    pub fn into_input(self, connection: ConnectionId) -> Option<Input> {
        Some(match self {
            SessionEvent::Opened => Input::ConnectionOpened(connection),
            SessionEvent::Follows => Input::FollowsLeader(connection),
            SessionEvent::Event(frame) => Input::EventReceived(connection, frame),
            SessionEvent::Through(cursor) => Input::ThroughReceived(connection, cursor),
            SessionEvent::Answer(frame) => Input::AnswerReceived(connection, frame),
            SessionEvent::Closed { code, reason } => Input::ConnectionClosed { connection, code, reason },
            SessionEvent::Traced(_) => return None,
        })
    }
}

/// Bytes of a request and its response, as the server counted them.
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
