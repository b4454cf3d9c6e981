//! One attachment of a client.

use crate::house::members::DeviceKey;
use shared::MemberId;

/// A session's number, given out by the shell; never used twice in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A question over HTTP that waits for its answer; numbered by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A question to the store that waits for its answer; numbered by the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadId(pub u64);

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Typed JSON, one member.
    V1,
    /// Bare texts to and from the lobby.
    Text,
}

/// What brings a session of a member what it reads, and takes what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// A connection that lasts, for both: a WebSocket.
    Socket,
    /// A connection that lasts and is only read. What the client says comes in requests.
    Stream,
    /// One request of many, which follow each other with what is new since the last.
    Poll,
    /// One request, for one command.
    Request,
}

/// What the hub knows of a session.
#[derive(Clone, Debug)]
pub(crate) enum Session {
    /// A v1 connection before its `hello`.
    Opened {
        /// The member of its cookie, if any.
        member: Option<MemberId>,
    },
    /// A v1 connection after its `hello`.
    Member {
        /// Whose.
        member: MemberId,
        /// The page is open, the person is not at it.
        away: bool,
        /// Questions of its own that wait for the store.
        reads: u32,
        /// How it is had.
        carrier: TransportKind,
        /// The device of its cookie.
        device: Option<DeviceKey>,
    },
    /// A plain connection.
    Text {
        /// What others tell it by.
        tag: u32,
    },
}
