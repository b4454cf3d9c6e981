//! Inputs: facts that the hub receives.

use crate::house::change::Outcome;
use crate::house::commit::Commit;
use crate::house::members::DeviceKey;
use crate::query::QueryResult;
use crate::session::{Dialect, ReadId, RequestId, SessionId};
use shared::{ClientId, Command, Epoch, ErrorCode, MemberId, command::Hello};

/// Fact that the shell reports to the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A WebSocket was opened.
    Opened {
        /// Session of the connection.
        session: SessionId,
        /// Dialect of the connection.
        dialect: Dialect,
        /// Device of the cookie; none without a cookie, or if the `Origin` is not allowed.
        device: Option<DeviceKey>,
    },
    /// A session has ended for any reason. The shell reports each end exactly once.
    Closed(SessionId),
    /// A v1 client sent a command on a WebSocket.
    CommandReceived(SessionId, Command),
    /// A v1 client opened an event stream. Its commands come in requests.
    Streamed {
        /// Session of the connection.
        session: SessionId,
        /// Device of the cookie.
        device: Option<DeviceKey>,
        /// Parameters of the request, in the form of a `hello`.
        hello: Hello,
    },
    /// A v1 client polls for new events.
    Polled {
        /// Session of this request alone.
        session: SessionId,
        /// Device of the cookie.
        device: Option<DeviceKey>,
        /// Parameters of the request.
        poll: Poll,
    },
    /// A v1 client sent a command in a request of its own. The hub answers it once.
    CommandRequested {
        /// Session of this request alone.
        session: SessionId,
        /// Device of the cookie.
        device: Option<DeviceKey>,
        /// Identity that the client expects to have.
        identity: ExpectedIdentity,
        /// Command of the request.
        command: Command,
    },
    /// A client of the text dialect sent a text.
    TextReceived {
        /// Session of the client.
        session: SessionId,
        /// Id of the message: 16 random bytes from the shell.
        client_id: ClientId,
        /// Text of 1 to [`shared::limits::PLAIN_BYTES_MAX`] bytes.
        text: String,
    },
    /// A client of the text dialect sent a message that is not stored.
    UnstoredReceived(SessionId, Unstored),
    /// An HTTP request asks for the member of a device.
    WhoAmI(RequestId, DeviceKey),
    /// An HTTP request asks to join the house.
    Join {
        /// Request that waits for the answer.
        request: RequestId,
        /// Name as the person typed it.
        name: String,
        /// Device of the new member.
        device: DeviceKey,
    },
    /// An HTTP request asks for a new name.
    Rename {
        /// Request that waits for the answer.
        request: RequestId,
        /// Name as the person typed it.
        name: String,
        /// Device of the member.
        device: DeviceKey,
    },
    /// An HTTP request asks to sign out, which removes the member from the house.
    SignOut(RequestId, DeviceKey),
    /// The store finished appends; outcomes in the order of the appends. The events of the accepted changes
    /// come as [`Input::CommitRead`].
    AppendsFinished(Vec<Outcome>),
    /// The tail of the log brought its next commit, by any writer.
    CommitRead(Commit),
    /// The store finished the read of an [`crate::Output::Read`], or refused it.
    ReadFinished(ReadId, Result<QueryResult, ErrorCode>),
    /// The store saved the moves of the last [`crate::Output::MoveMarkers`], or refused them.
    MarkersMoved(Result<(), ErrorCode>),
    /// All queued frames of a session were sent, after [`crate::Output::NotifyDrained`].
    Drained(SessionId),
    /// More events came for a session than its buffer takes, found at [`crate::Output::Release`]. The shell
    /// dropped the buffered events and still buffers new ones.
    BufferOverflowed(SessionId),
    /// The time of [`crate::Hub::next_wake`] has come.
    Tick,
}

/// Identity that a client expects to have. The cookie may belong to another member by now, or the log may
/// have a new epoch, with other members under the same ids. Then the hub refuses the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedIdentity {
    /// Expected member; none if the client names none.
    pub member: Option<MemberId>,
    /// Expected epoch of the log; none if the client names none.
    pub epoch: Option<Epoch>,
}

/// Parameters of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Cursor and open room. Without a cursor of this log the answer begins with a `welcome`.
    pub hello: Hello,
    /// Identity that the client expects to have.
    pub identity: ExpectedIdentity,
    /// True in the first poll of a connection, which is answered with a `welcome`.
    pub is_first: bool,
    /// Last [`crate::Hub::presence_revision`] that the client received.
    pub presence_revision: u64,
    /// Greatest version of a read marker that the client holds; none if it does not know markers.
    pub markers: Option<u64>,
    /// True if the person is not at the open page.
    pub away: bool,
}

/// Message of the text dialect that is passed on and not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unstored {
    /// Text of length 0.
    EmptyText,
    /// Binary message of any bytes, at most [`shared::limits::PLAIN_BYTES_MAX`].
    Binary(Vec<u8>),
}
