//! The four transports to the server, and the memory of the one that last worked.

use std::fmt;
use std::str::FromStr;

/// A means to read from the server and write to it. All four carry the same frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// One connection for both directions (RFC 6455).
    WebSocket,
    /// An event stream (SSE) for reading, and a request for each command.
    EventStream,
    /// Requests that the server answers when there is news, and a request for each command.
    LongPoll,
    /// Requests every few seconds, and a request for each command.
    Poll,
}

impl Transport {
    /// All transports, in the order in which they are tried.
    pub const ALL: [Transport; 4] =
        [Transport::WebSocket, Transport::EventStream, Transport::LongPoll, Transport::Poll];

    /// The name in storage and in URLs.
    pub fn name(self) -> &'static str {
        match self {
            Transport::WebSocket => "websocket",
            Transport::EventStream => "event-stream",
            Transport::LongPoll => "long-poll",
            Transport::Poll => "poll",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Transport {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Transport::ALL.into_iter().find(|it| it.name() == name).ok_or(())
    }
}

/// The transport that last worked, for the next visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// Transport whose session lasted for [`GOOD_AFTER_MS`](crate::limits::GOOD_AFTER_MS).
    pub transport: Transport,
    /// The time until which the memory is trusted, in milliseconds since 1970.
    pub until: u64,
}
