//! What the hub is told.

use crate::change::Outcome;
use crate::house::members::DeviceKey;
use crate::query::QueryResult;
use crate::session::{Dialect, ReadId, RequestId, SessionId};
use shared::{ClientId, Command, Epoch, ErrorCode, MemberId, command::Hello};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A connection is open.
    Opened {
        /// Its session.
        session: SessionId,
        /// What it speaks.
        dialect: Dialect,
        /// The device of its cookie, if it has one that may be honoured.
        device: Option<DeviceKey>,
    },
    /// A connection has ended, for whatever reason; told exactly once.
    Closed(SessionId),
    /// A v1 client asks for something.
    CommandReceived(SessionId, Command),
    /// A v1 client reads by a connection that lasts, and says what it says in requests.
    Streamed {
        /// Its session.
        session: SessionId,
        /// The device of its cookie.
        device: Option<DeviceKey>,
        /// How it begins.
        hello: Hello,
    },
    /// A v1 client asks for what is new.
    Polled {
        /// The session of this one request.
        session: SessionId,
        /// The device of its cookie.
        device: Option<DeviceKey>,
        /// What it asks.
        poll: Poll,
    },
    /// A v1 client asks for something, in a request of its own. It is answered once.
    CommandRequested {
        /// The session of this one request.
        session: SessionId,
        /// The device of its cookie.
        device: Option<DeviceKey>,
        /// Who it takes itself for.
        identity: ExpectedIdentity,
        /// What it asks.
        command: Command,
    },
    /// A plain client says something.
    TextReceived {
        /// Which.
        session: SessionId,
        /// Minted by the shell: 16 random bytes.
        client_id: ClientId,
        /// 1 to [`shared::limits::PLAIN_BYTES_MAX`] bytes.
        text: String,
    },
    /// A plain client sends what is not stored: an empty text or binary.
    UnstoredReceived(SessionId, Unstored),
    /// Somebody asks who a device is.
    WhoAmI(RequestId, DeviceKey),
    /// Somebody wants to join.
    Join {
        /// The question.
        ticket: RequestId,
        /// As typed.
        name: String,
        /// A new device.
        device: DeviceKey,
    },
    /// A member wants another name.
    Rename {
        /// The question.
        ticket: RequestId,
        /// As typed.
        name: String,
        /// Who asks.
        device: DeviceKey,
    },
    /// A member leaves.
    SignOut(RequestId, DeviceKey),
    /// What the store made of the appends, in their order.
    AppendsCommitted(Vec<Outcome>),
    /// What the store answered to a `Read`, or why it could not.
    ReadFinished(ReadId, Result<QueryResult, ErrorCode>),
    /// What was sent to this session has left, as `Drain` asked.
    Drained(SessionId),
    /// More came for this session while it was held back than could be held: what was held is
    /// dropped, and it is held back still.
    BufferOverflowed(SessionId),
    /// The time that [`crate::Hub::next_wake`] named has come.
    Tick,
}

/// Who a client takes itself for, as far as it says so. Its browser may have become another
/// meanwhile, or the log another, which numbers its members anew: then nothing is done in its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedIdentity {
    /// Which member.
    pub member: Option<MemberId>,
    /// Of which log.
    pub epoch: Option<Epoch>,
}

/// What a client that polls brings with each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// How far it has read. Without a cursor of this log it begins with a `welcome`.
    pub hello: Hello,
    /// Who it takes itself for.
    pub identity: ExpectedIdentity,
    /// It is the first request, and answered with a `welcome`, whatever its cursor.
    pub begins: bool,
    /// Up to which [`crate::Hub::presence_revision`] it knows who is here.
    pub present: u64,
    /// The page is open, the person is not at it.
    pub away: bool,
}

/// A message that passes between plain clients and is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unstored {
    /// A text of no bytes.
    EmptyText,
    /// A binary message.
    Binary(Vec<u8>),
}
