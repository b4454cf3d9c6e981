//! Sessions: one attachment of a client each.

use crate::house::members::DeviceKey;
use shared::MemberId;

/// Number of a session. The shell assigns it and never uses it twice in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Number of an HTTP request about identity, assigned by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Number of a read that waits for the store, assigned by the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadId(pub u64);

/// Form of the messages on a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Typed JSON of one member.
    V1,
    /// Bare texts to and from the lobby.
    Text,
}

/// Transport kind of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// WebSocket, which carries events and commands.
    WebSocket,
    /// Event stream, which the client only reads. Its commands come in requests.
    EventStream,
    /// HTTP request that polls for events.
    Poll,
    /// HTTP request with one command.
    Command,
}

/// State of a session.
#[derive(Clone, Debug)]
pub(crate) enum Session {
    /// WebSocket of v1 before its `hello`.
    Opened {
        /// Member of the cookie, if any.
        member: Option<MemberId>,
    },
    /// Admitted session of a member.
    Member {
        /// Member of the session.
        member: MemberId,
        /// True if the person is not at the open page.
        away: bool,
        /// Its `history` and `events` reads that wait for the store, at most
        /// [`crate::limits::READS_PER_SESSION_MAX`].
        reads: Vec<ReadId>,
        /// WebSocket, or kind of the request that carries the session.
        kind: SessionKind,
        /// Device of the cookie; none on a WebSocket, which needs no device.
        device: Option<DeviceKey>,
    },
    /// Session of the text dialect.
    Text {
        /// Number that distinguishes it from other passers-by.
        tag: u32,
    },
}
