//! What the components see: plain data, made anew after each input, compared by
//! value. Components read it and emit [`crate::input::Input`]; nothing else.
//!
//! All of it is `Eq`, so that comparing two `Rc`s of one thing looks at the
//! pointers first: a row that did not change costs one comparison.

pub(crate) mod view_cache;

pub use crate::name_refusal::NameRefusal;
use crate::persisted::{CommandBody, Owner};
pub use crate::ready_state::ReadyState;
pub use crate::row_key::RowKey;
use crate::transport::Transport;
use shared::event::DirectoryRoom;
use shared::{ErrorCode, Member, MemberId, RoomId};
use std::rc::Rc;

/// Everything that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who is here, or why nobody is.
    pub identity: IdentityView,
    /// The connection.
    pub connection: ConnectionStatus,
    /// The rooms that we are in: the lobby first, then in the order of their names.
    pub rooms: Rc<[RoomItem]>,
    /// The open room.
    pub room: RoomId,
    /// Messages of the open room, a window of them, oldest first; keys are unique.
    pub rows: Rc<[Rc<Row>]>,
    /// What is before `rows`.
    pub older: Edge,
    /// What is behind `rows`.
    pub newer: Edge,
    /// The end of `rows` is the end of the room, and they follow it.
    pub following: bool,
    /// Messages that came since the reader left the end.
    pub new_below: u32,
    /// A jump is under way.
    pub jumping: bool,
    /// The last jump could not be made.
    pub jump_failed: bool,
    /// Where the last jump landed: a new turn is a place to scroll to.
    pub jump_target: Option<JumpTarget>,
    /// What is being written in the open room.
    pub draft: DraftView,
    /// Commands that are on their way and no message of a room that we are in.
    pub pending: Rc<[PendingCommand]>,
    /// What others who were signed in here left behind.
    pub left_behind: Rc<[LeftBehind]>,
    /// The rooms of the house, while the person browses them.
    pub directory: Option<Rc<DirectoryPage>>,
    /// Something is known to be missing, and is coming: what is shown may not be whole.
    pub catching_up: bool,
    /// The transport that the user wants and no other.
    pub pinned: Option<Transport>,
    /// Rows cannot be stored here: what is not sent is lost with the page.
    pub memory_only: bool,
    /// Present members, in the order of their names.
    pub people: Rc<[Person]>,
    /// How many are present in all (may be more than `people`).
    pub people_count: u32,
    /// The server serves another build of the page.
    pub new_version: bool,
    /// The server began a new log: what was said before is not kept.
    pub new_epoch: bool,
    /// Commands that wait for the network.
    pub waiting: u32,
    /// Whether a new message would be taken: somebody is signed in, and fewer
    /// than [`crate::limits::OUTBOX_ROWS_MAX`] commands are unsettled. While it
    /// is false the composer keeps the text, for `Input::Send` is passed over.
    pub can_send: bool,
}

/// Whether somebody is signed in on this page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityView {
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

/// The connection as it really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionStatus {
    /// By which it is, or was last tried.
    pub transport: Transport,
    /// Its own `readyState`.
    pub ready_state: ReadyState,
    /// The server has said `welcome` on it.
    pub welcomed: bool,
    /// When the next attempt starts, while there is none: milliseconds of the
    /// clock that inputs carry.
    pub retry_at: Option<u64>,
    /// The browser says that there is no network.
    pub offline: bool,
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

/// A room that we are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomItem {
    /// Which.
    pub id: RoomId,
    /// Its name; empty for the lobby, which has one in each language.
    pub name: Rc<str>,
    /// What it is for.
    pub description: Rc<str>,
    /// How many members are in it, where that is known.
    pub members: Option<u32>,
    /// Messages that came since it was open.
    pub unread: u32,
    /// Something is being written there.
    pub draft: bool,
    /// Something that was written there was refused, and waits for a word about it.
    pub failed: bool,
}

/// What is beyond the rows that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Nothing.
    End,
    /// More.
    More,
    /// More, which is being fetched.
    Loading,
    /// More, which could not be had; asking again may help.
    Failed,
}

/// Where a jump landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JumpTarget {
    /// The row to show.
    pub key: RowKey,
    /// Another one for each jump.
    pub revision: u32,
}

/// What is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftView {
    /// Where.
    pub room: RoomId,
    /// All of it.
    pub text: Rc<str>,
    /// Another one when the text changed by anything but typing: only then, and when `room`
    /// changed, the composer takes it.
    pub revision: u64,
}

/// A command that is no message of a room that we are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCommand {
    /// For `Retry` and `Discard`.
    pub key: RowKey,
    /// What it asks.
    pub body: CommandBody,
    /// How far it got.
    pub state: RowState,
}

/// What somebody else left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// For `TakeOver` and `DropLeft`.
    pub owner: Owner,
    /// The name of then.
    pub name: Rc<str>,
    /// Commands that are not sent.
    pub rows: u32,
    /// Texts that are not finished.
    pub drafts: u32,
}

/// Rooms of the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPage {
    /// What they have in their names.
    pub find: String,
    /// In the order of their ids.
    pub rooms: Vec<DirectoryRoom>,
    /// Whether there are more.
    pub edge: Edge,
}
