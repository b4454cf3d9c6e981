//! What can be asked of the log, and what it answers.

use crate::house::members::DeviceKey;
use crate::house::names::Name;
use shared::{ClientId, ErrorCode, Event, MemberId, RoomId};

/// A durable change that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message. The author must be in the room; the passer-by only in the lobby.
    Post {
        /// The room.
        room: RoomId,
        /// Who.
        author: MemberId,
        /// Which connection, for the passer-by.
        tag: Option<u32>,
        /// The author's id for it.
        client_id: ClientId,
        /// What is said; its length was checked.
        text: String,
    },
    /// A new member, who joins the lobby. The name must be free.
    Join {
        /// The wanted name.
        name: Name,
        /// The member's first device.
        device: DeviceKey,
    },
    /// Another name, which must be free.
    Rename {
        /// Who.
        member: MemberId,
        /// The wanted name.
        name: Name,
    },
    /// The member's only device signs out: the member leaves every room, and so the house.
    Leave {
        /// Who.
        member: MemberId,
    },
    /// A new room. Its name must be free; its maker is its first member.
    CreateRoom {
        /// Who.
        author: MemberId,
        /// The author's id for it.
        client_id: ClientId,
        /// Its name.
        name: Name,
        /// What it is for; checked.
        description: String,
    },
    /// Another name and description. The author must be in the room, and it is not the lobby.
    ChangeRoom {
        /// Who.
        author: MemberId,
        /// The author's id for it.
        client_id: ClientId,
        /// Which.
        room: RoomId,
        /// Its name from now on.
        name: Name,
        /// What it is for; checked.
        description: String,
    },
    /// To be in a room. Who is in it already stays so.
    JoinRoom {
        /// Who.
        author: MemberId,
        /// The author's id for it.
        client_id: ClientId,
        /// Which.
        room: RoomId,
    },
    /// To be in it no more. Nobody leaves the lobby but with the house.
    LeaveRoom {
        /// Who.
        author: MemberId,
        /// The author's id for it.
        client_id: ClientId,
        /// Which.
        room: RoomId,
    },
}

impl Change {
    /// What tells a retry from a second change: the author and the author's id for it.
    pub fn key(&self) -> Option<(MemberId, ClientId)> {
        match self {
            Change::Post { author, client_id, .. }
            | Change::CreateRoom { author, client_id, .. }
            | Change::ChangeRoom { author, client_id, .. }
            | Change::JoinRoom { author, client_id, .. }
            | Change::LeaveRoom { author, client_id, .. } => Some((*author, *client_id)),
            Change::Join { .. } | Change::Rename { .. } | Change::Leave { .. } => None,
        }
    }
}

/// What the author of a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The position of what it made.
    pub n: u64,
    /// A message's number in its room; 0 for what is none.
    pub seq: u64,
    /// When: milliseconds since 1970.
    pub at: u64,
    /// The room that it made or was about; none for messages and for what concerns the house.
    pub room: Option<RoomId>,
}

/// What the store made of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// For the author.
    pub receipt: Receipt,
    /// For those to whom they are addressed, in the order of their positions. None for a retry:
    /// everybody was told.
    pub events: Vec<Event>,
}

/// A change committed, or refused with a number.
pub type Outcome = Result<Committed, ErrorCode>;
