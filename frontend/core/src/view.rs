//! What the components see: plain data, made anew after each input, compared by
//! value. Components read it and emit [`crate::input::Input`]; nothing else.
//!
//! All of it is `Eq`, so that comparing two `Rc`s of one thing looks at the
//! pointers first: a row that did not change costs one comparison.

use shared::{ClientId, ErrorCode, Member, MemberId};
use std::rc::Rc;

/// Everything that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who is here, or why nobody is.
    pub identity: Identity,
    /// The connection.
    pub link: Link,
    /// The open room's messages, oldest first; keys are unique.
    pub rows: Rc<[Rc<Row>]>,
    /// Whether the room has older messages than `rows`.
    pub older: bool,
    /// Present members, in the order of their names.
    pub people: Rc<[Person]>,
    /// How many are present in all (may be more than `people`).
    pub people_count: u32,
    /// The server serves another build of the page.
    pub new_version: bool,
    /// The server began a new log: what was said before is not kept.
    pub new_epoch: bool,
    /// Messages that wait for the network.
    pub waiting: u32,
    /// Whether a new message would be taken: somebody is signed in, and fewer
    /// than [`crate::limits::OUTBOX_ROWS_MAX`] messages are unsettled. While it
    /// is false the composer keeps the text, for `Input::Send` is passed over.
    pub can_send: bool,
}

/// Whether somebody is signed in on this page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The server has not been asked yet, or has not answered.
    Unknown {
        /// Asking failed; it will be tried again.
        failed: bool,
    },
    /// A name is wanted.
    Nobody {
        /// What to put into the field: the name from the last time, if any.
        name: Rc<str>,
        /// A join is under way.
        busy: bool,
        /// Why the last name was refused.
        refusal: Option<NameRefusal>,
    },
    /// Somebody.
    Somebody {
        /// Who.
        me: Member,
        /// A renaming or signing out is under way.
        busy: bool,
        /// Why the last new name was refused.
        refusal: Option<NameRefusal>,
    },
}

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRefusal {
    /// The number; [`ErrorCode::Internal`] where the server could not be reached.
    pub code: ErrorCode,
    /// A free name like it.
    pub suggestion: Option<String>,
}

/// The connection as it really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The WebSocket's own `readyState`.
    pub ready_state: ReadyState,
    /// The server has said `welcome` on it.
    pub welcomed: bool,
    /// When the next attempt starts, while there is none: milliseconds of the
    /// clock that inputs carry.
    pub retry_at: Option<u64>,
    /// The browser says that there is no network.
    pub offline: bool,
}

/// `WebSocket.readyState` (WHATWG WebSockets §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ReadyState {
    /// The handshake is under way.
    Connecting = 0,
    /// Frames can pass.
    Open = 1,
    /// The closing handshake is under way.
    Closing = 2,
    /// There is no connection.
    Closed = 3,
}

/// One message on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Fixed from local echo to history.
    pub key: RowKey,
    /// The author's name of today.
    pub name: Rc<str>,
    /// Which passer-by, for [`MemberId::PASSER_BY`].
    pub tag: Option<u32>,
    /// Written by the member of this page.
    pub mine: bool,
    /// What is said.
    pub text: Rc<str>,
    /// When: milliseconds since 1970, by the server's clock; by the page's own until it is settled.
    pub at: u64,
    /// How far it got.
    pub state: RowState,
}

/// A row's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The author: a `client_id` alone can be forged.
    pub author: MemberId,
    /// The author's id for it.
    pub client_id: ClientId,
}

impl std::fmt::Display for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.author.0, self.client_id)
    }
}

/// How far a message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Committed by the server.
    Settled,
    /// On its way.
    Sending,
    /// Waits for the network.
    Waiting,
    /// Refused for good: retry, copy or discard.
    Failed(ErrorCode),
}

/// Somebody present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: MemberId,
    /// Today's name.
    pub name: Rc<str>,
    /// Left the page open and went.
    pub away: bool,
    /// The member of this page.
    pub me: bool,
}
