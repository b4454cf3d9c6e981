//! The data that the shell stores for the next visit: unsettled commands and drafts.
//!
//! The types turn into JSON. The shell decides where it is stored.

pub use crate::commands::{ChangeBody, CommandBody, CreateBody, JoinBody, LeaveBody, PostBody};
use crate::conversation::Conversation;
use crate::row_key::RowKey;
use serde::Serialize;
use shared::{ClientId, Epoch, ErrorCode, MemberId, RoomId};

/// The owner of a row or draft. A member id is only valid within one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Owner {
    /// The log; `None` before the first `welcome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// Member id of the author in that log.
    pub member: MemberId,
}

/// The reason of a failed message that may be in the log under another author. It is sent again
/// only if the person asks for it.
///
/// The server never uses this number.
pub const MAY_HAVE_ARRIVED: ErrorCode = ErrorCode::Other(0);

/// An unsettled command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredRow {
    /// Member who wrote the command and in whose name it may be sent.
    pub owner: Owner,
    /// The id under which the row is stored. Together with the owner's member id it is the row's
    /// key.
    pub client_id: ClientId,
    /// The owner's name at the time of writing.
    pub name: String,
    /// Content of the command, without `ref` and `client_id`.
    pub body: CommandBody,
    /// The time of writing, in milliseconds of the clock that inputs carry.
    pub at: u64,
    /// Rank in the order of sending: the row with the lowest number is sent first.
    #[serde(rename = "place")]
    pub send_order: u64,
    /// The end of the lease of the tab that holds the row, in milliseconds since 1970.
    pub lease: u64,
    /// Whether the server cannot have the command: no tab has sent it, or the server refused it
    /// permanently.
    pub unsent: bool,
    /// The code of a permanent refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<ErrorCode>,
}

impl StoredRow {
    /// The key of the row.
    pub fn key(&self) -> RowKey {
        RowKey { author: self.owner.member, client_id: self.client_id }
    }
}

/// The draft of one conversation, stored under owner and conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredDraft {
    /// Member who wrote the draft.
    pub owner: Owner,
    /// The owner's name at the time of writing, which the page shows to another member.
    pub name: String,
    /// Room that the draft is written for.
    pub room: RoomId,
    /// The root of the thread; `None` for the room's own timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<u64>,
    /// The text; an empty text means that there is no draft and nothing to store.
    pub text: String,
}

impl StoredDraft {
    /// The draft of this text.
    pub fn new(owner: Owner, name: &str, of: Conversation, text: &str) -> Self {
        let Conversation { room, root } = of;
        StoredDraft { owner, name: name.to_owned(), room, root, text: text.to_owned() }
    }

    /// The conversation that the draft is written for.
    pub fn conversation(&self) -> Conversation {
        Conversation { room: self.room, root: self.root }
    }
}

/// All stored rows and drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredRows {
    /// The rows, in any order.
    pub rows: Vec<StoredRow>,
    /// The drafts, in any order.
    pub drafts: Vec<StoredDraft>,
}

shared::read! {
    Owner { epoch, member }
    StoredRow { owner, client_id, name, body, at, send_order as "place", lease, unsent or default, failed }
    StoredDraft { owner, name, room, root, text }
}
