//! The four transports to the server, and the memory of the one that last worked.

use std::fmt;
use std::str::FromStr;

/// A way to the server: they differ only in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// One connection for both (RFC 6455).
    WebSocket,
    /// Server-Sent Events, and a request for each command.
    EventStream,
    /// Requests that are answered when there is something new, and one for each command.
    LongPoll,
    /// Requests every few seconds, and one for each command.
    Poll,
}

impl Transport {
    /// All, in the order in which they are tried.
    pub const ALL: [Transport; 4] =
        [Transport::WebSocket, Transport::EventStream, Transport::LongPoll, Transport::Poll];

    /// As it is stored, and named in addresses.
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

/// What worked here, for the next visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// What it was.
    pub transport: Transport,
    /// Until when that is believed: milliseconds since 1970.
    pub until: u64,
}
