//! What the shell stores for the next life of the page: commands that are not settled, and drafts.
//! Plain data that turns into JSON; where it is stored is the shell's affair.

use crate::row_key::RowKey;
use serde::Serialize;
use shared::json::{DecodeError, FromJson, Json};
use shared::{ClientId, Epoch, ErrorCode, MemberId, RoomId};

/// Whose something is. A member's id means somebody in one log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Owner {
    /// The log; absent before the first `welcome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The member.
    pub member: MemberId,
}

/// What a row asks of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CommandBody {
    /// A message to a room.
    Post {
        /// Where.
        room: RoomId,
        /// What.
        text: String,
    },
    /// A new room.
    Create {
        /// Its name.
        name: String,
        /// What it is for.
        description: String,
    },
    /// Another name or description of a room.
    Change {
        /// Which.
        room: RoomId,
        /// Its name.
        name: String,
        /// What it is for.
        description: String,
    },
    /// To be in a room.
    Join {
        /// Which.
        room: RoomId,
    },
    /// To be in it no more.
    Leave {
        /// Which.
        room: RoomId,
    },
}

impl FromJson for CommandBody {
    fn read(json: Json) -> Result<Self, DecodeError> {
        let mut body = json.into_object()?;
        let kind: String = body.field("kind")?;
        Ok(match &*kind {
            "post" => CommandBody::Post { room: body.field("room")?, text: body.field("text")? },
            "create" => {
                CommandBody::Create { name: body.field("name")?, description: body.field("description")? }
            }
            "change" => CommandBody::Change {
                room: body.field("room")?,
                name: body.field("name")?,
                description: body.field("description")?,
            },
            "join" => CommandBody::Join { room: body.field("room")? },
            "leave" => CommandBody::Leave { room: body.field("room")? },
            _ => return Err(DecodeError("kind")),
        })
    }
}

impl CommandBody {
    /// The room that it is about; none for a new one.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            CommandBody::Create { .. } => None,
            CommandBody::Post { room, .. } | CommandBody::Change { room, .. } => Some(*room),
            CommandBody::Join { room } | CommandBody::Leave { room } => Some(*room),
        }
    }
}

/// The reason of a message that may be in the log under another author already: it is sent again
/// only if the person says so. No number of the server's.
pub const MAY_HAVE_ARRIVED: ErrorCode = ErrorCode::Other(0);

/// One command that is not settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredRow {
    /// Whose.
    pub owner: Owner,
    /// What it is stored under; with the owner's id, the key of its row.
    pub client_id: ClientId,
    /// The owner's name when it was written.
    pub name: String,
    /// What it asks.
    pub body: CommandBody,
    /// When it was written: milliseconds of the clock that inputs carry.
    pub at: u64,
    /// Its place in the order of sending.
    pub place: u64,
    /// Until when it belongs to the page that keeps it (milliseconds).
    pub lease: u64,
    /// No page has sent it, or it was refused for good: the server has no such thing.
    pub unsent: bool,
    /// Why it failed for good, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<ErrorCode>,
}

impl StoredRow {
    /// The key of its row.
    pub fn key(&self) -> RowKey {
        RowKey { author: self.owner.member, client_id: self.client_id }
    }
}

/// What is being written in one room. Stored under owner and room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredDraft {
    /// Whose.
    pub owner: Owner,
    /// The owner's name.
    pub name: String,
    /// Where.
    pub room: RoomId,
    /// Empty: there is none, and nothing is to be stored.
    pub text: String,
}

/// All that was stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredRows {
    /// In any order.
    pub rows: Vec<StoredRow>,
    /// In any order.
    pub drafts: Vec<StoredDraft>,
}

shared::read! {
    Owner { epoch, member }
    StoredRow { owner, client_id, name, body, at, place, lease, unsent or default, failed }
    StoredDraft { owner, name, room, text }
}
