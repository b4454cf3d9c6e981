//! What the client is told: by the browser, by the server, by the person.

use crate::view::{NameRefusal, RowKey};
use shared::{ClientId, Member, RoomId};

/// One connection attempt; each has a new number, so that a late word of an old
/// one is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// Timers that the shell keeps for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Connect again, or ask again who we are.
    Retry,
    /// The connection was silent for too long, or no `welcome` came.
    Silence,
    /// A command was refused for now: send it again.
    Resend,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The page is there. `build` is its own (`dev` for a development build);
    /// `name` the one that was used the last time.
    Started {
        /// The page's own build.
        build: String,
        /// The name of the last visit, if it is remembered.
        name: Option<String>,
    },
    /// The server said who we are (`GET /api/me`), or could not be asked.
    Me(Result<Option<Member>, Unreachable>),
    /// The answer to [`crate::effect::Effect::Join`] or `Rename`.
    Named(Result<Member, NameRefusal>),
    /// The answer to [`crate::effect::Effect::SignOut`].
    SignedOut(Result<(), Unreachable>),
    /// `open` of this WebSocket.
    Opened(SocketId),
    /// A text frame of this WebSocket.
    Frame(SocketId, String),
    /// `close` of this WebSocket.
    Closed {
        /// Which.
        socket: SocketId,
        /// The close code; 1006 where there was none.
        code: u16,
        /// The close reason, often empty.
        reason: String,
    },
    /// A timer that was set has come.
    Timer(Timer),
    /// The browser's `online` or `offline`.
    Network {
        /// What the browser says now; it can be wrong.
        online: bool,
    },
    /// The page came into view or went out of it.
    Visible(bool),
    /// The person asks for this name.
    Join {
        /// As typed.
        name: String,
    },
    /// The person asks for another name.
    Rename {
        /// As typed.
        name: String,
    },
    /// The person leaves.
    SignOut,
    /// The person sends this; `client_id` is 16 random bytes from the system.
    /// The composer has checked the text with [`crate::compose::check`].
    ///
    /// Passed over while [`crate::view::View::can_send`] is false.
    Send {
        /// New for each message.
        client_id: ClientId,
        /// Where it is said.
        room: RoomId,
        /// What is said.
        text: String,
    },
    /// The person wants a failed row sent again.
    Retry(RowKey),
    /// The person drops a failed row.
    Discard(RowKey),
    /// The person presses *reconnect now*.
    ReconnectNow,
    /// The person has read the notice of a new epoch.
    DismissEpoch,
}

/// The server could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;
