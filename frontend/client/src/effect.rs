//! What the client wants done. The shell carries it out and nothing else.

use crate::connection_id::ConnectionId;
use crate::persisted::{StoredDraft, StoredRow};
use crate::row_key::RowKey;
use crate::timer::Timer;
use crate::transport::{LastGood, Transport};
use shared::Command;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask `GET /api/me`, answer with `Input::Me`.
    FetchIdentity,
    /// `POST /api/join`, answer with `Input::Named`.
    Join {
        /// As the person typed it, or as it was remembered.
        name: String,
    },
    /// `POST /api/name`, answer with `Input::Named`.
    Rename {
        /// As the person typed it.
        name: String,
    },
    /// `POST /api/sign-out`, answer with `Input::SignedOut`.
    SignOut,
    /// Keep this name for the next visit, or forget it.
    RememberName(Option<String>),
    /// Read all that is stored, answer with `Input::Loaded`.
    LoadRows,
    /// Store this row under its `client_id`, in place of one that is there, whoever was its author,
    /// and answer with `Input::Kept` once it would survive a crash of the page.
    SaveRow(StoredRow),
    /// Forget the stored row with this `client_id`. No answer.
    DeleteRow(RowKey),
    /// Give these stored rows, those that are there once what was asked for before is done, this
    /// lease. No answer.
    RenewLease {
        /// Which.
        keys: Vec<RowKey>,
        /// Until when, in milliseconds; 0: it is over.
        until: u64,
    },
    /// Store this draft under its owner and room, or forget it if its text is empty. No answer.
    SaveDraft(StoredDraft),
    /// Open a connection by this transport. One over plain HTTP is open at once: its first request
    /// goes out with the `hello`, and is not answered before the server has said `welcome`.
    OpenConnection(ConnectionId, Transport),
    /// Keep for the next visit what worked here, or forget it.
    RememberTransport(Option<LastGood>),
    /// Keep for the next visit what the user wants.
    RememberPin(Option<Transport>),
    /// Send a command on this connection.
    Transmit(ConnectionId, Command),
    /// Close this connection with this code; it may be dead, so nothing more is
    /// to be heard of it. Its `Input::Closed` may still be told, and then ends
    /// the readyState *closing*; without it that ends by itself.
    CloseConnection(ConnectionId, u16),
    /// Come back with this timer at this time (milliseconds); replaces an earlier one of its kind.
    ScheduleTimer(Timer, u64),
    /// Forget this timer.
    CancelTimer(Timer),
}
