//! The data that the shell stores for the next visit: unsettled commands and drafts.
//!
//! The types turn into JSON. The shell decides where it is stored.

use crate::row_key::RowKey;
use serde::Serialize;
use shared::json::{DecodeError, FromJson, Json};
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

/// The command that a row stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CommandBody {
    /// Post a message to a room.
    Post {
        /// The room that the message is posted to.
        room: RoomId,
        /// The text of the message.
        text: String,
    },
    /// Create a room.
    Create {
        /// The room's name.
        name: String,
        /// The room's description.
        description: String,
    },
    /// Change a room's name and description.
    Change {
        /// The room to change.
        room: RoomId,
        /// The room's new name.
        name: String,
        /// The room's new description.
        description: String,
    },
    /// Join a room.
    Join {
        /// The room to join.
        room: RoomId,
    },
    /// Leave a room.
    Leave {
        /// The room to leave.
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
    /// The room and the text of a post; `None` for every other command.
    pub(crate) fn post(&self) -> Option<(RoomId, &str)> {
        match self {
            CommandBody::Post { room, text } => Some((*room, text)),
            _ => None,
        }
    }

    /// The room that the command concerns; `None` for a new one.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            CommandBody::Create { .. } => None,
            CommandBody::Post { room, .. } | CommandBody::Change { room, .. } => Some(*room),
            CommandBody::Join { room } | CommandBody::Leave { room } => Some(*room),
        }
    }
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

/// The draft in one room, stored under owner and room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredDraft {
    /// Member who wrote the draft.
    pub owner: Owner,
    /// The owner's name at the time of writing, which the page shows to another member.
    pub name: String,
    /// Room that the draft is written for.
    pub room: RoomId,
    /// The text; an empty text means that there is no draft and nothing to store.
    pub text: String,
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
    StoredDraft { owner, name, room, text }
}
