//! The client's orders to its shell. The shell executes them and does nothing else.

use crate::connection_id::ConnectionId;
use crate::persisted::{StoredDraft, StoredRow};
use crate::row_key::RowKey;
use crate::timer::Timer;
use crate::transport::{LastGood, Transport};
use shared::{ClientId, Command};

/// An order to the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Request `GET /api/me` and answer with [`crate::input::Input::IdentityFetched`].
    FetchIdentity,
    /// Request `POST /api/join` and answer with [`crate::input::Input::Named`].
    Join {
        /// The name as the person typed it, or as it was remembered.
        name: String,
        /// The id of this page's join: a retry gets the same member.
        client_id: Option<ClientId>,
    },
    /// Request `POST /api/name` and answer with [`crate::input::Input::Named`].
    Rename {
        /// The name as the person typed it.
        name: String,
    },
    /// Request `POST /api/sign-out` and answer with [`crate::input::Input::SignedOut`].
    SignOut,
    /// Store this name for the next visit; `None` deletes it.
    RememberName(Option<String>),
    /// Read all stored rows and drafts, and answer with [`crate::input::Input::RowsLoaded`].
    LoadRows,
    /// Store this row under its `client_id`.
    ///
    /// A row with the same `client_id` is replaced, whoever its author is. Answer with
    /// [`crate::input::Input::RowSaved`] once the row would survive a crash of the page.
    SaveRow(StoredRow),
    /// Delete the stored row with this `client_id`. Has no answer.
    DeleteRow(RowKey),
    /// Set the lease of these rows, if they still exist after the earlier orders. Has no answer.
    RenewLease {
        /// The keys of the rows.
        keys: Vec<RowKey>,
        /// The end of the lease, in milliseconds since 1970; 0 releases the rows.
        until: u64,
    },
    /// Store this draft under its owner and room; an empty text deletes it. Answer with
    /// [`crate::input::Input::DraftSaved`] if the text is not empty.
    SaveDraft(StoredDraft),
    /// Open a connection with this transport.
    ///
    /// A connection over plain HTTP counts as open at once. Its first request carries the `hello`;
    /// the answer comes after the `welcome`.
    OpenConnection(ConnectionId, Transport),
    /// Store the last good transport for the next visit; `None` deletes it.
    RememberTransport(Option<LastGood>),
    /// Store the pinned transport for the next visit.
    RememberPin(Option<Transport>),
    /// Store these read markers for the next visit and for the other tabs, because the server may not know them;
    /// `None` deletes them. A tab that the browser tells of the change reports
    /// [`crate::input::Input::MarksRemembered`].
    RememberMarks(Option<String>),
    /// Send a command on this connection.
    Transmit(ConnectionId, Command),
    /// Close this connection with this code.
    ///
    /// The connection may be dead, so the client expects no more of it. An
    /// [`crate::input::Input::ConnectionClosed`] ends the `readyState` *closing* early; otherwise
    /// that state ends by itself.
    CloseConnection(ConnectionId, u16),
    /// Report [`crate::input::Input::TimerFired`] at this time of the monotonic clock, in milliseconds.
    /// Replaces an earlier timer of the same kind.
    ScheduleTimer(Timer, u64),
    /// Cancel this timer.
    CancelTimer(Timer),
}
