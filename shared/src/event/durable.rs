//! Durable events: what is in the log, and so is read again by whoever was away.

use crate::{Address, ClientId, Member, MemberId, Message, Room, RoomId};
use serde::Serialize;

/// A message was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// Its position in the log.
    pub n: u64,
    /// The room.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Its number in the room.
    pub seq: u64,
    /// When it was committed: milliseconds since 1970.
    pub at: u64,
    /// Who wrote it.
    pub author: MemberId,
    /// The author's name when it was written.
    pub name: String,
    /// Tells the connections of [`MemberId::PASSER_BY`] apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// The client's id for it.
    pub client_id: ClientId,
    /// Plain text.
    pub text: String,
}

impl Posted {
    /// The message as it stands in a snapshot.
    pub fn into_message(self) -> Message {
        let Posted { n, to: _, prev: _, seq, at, author, name, tag, client_id, text } = self;
        Message { n, seq, at, author, name, tag, client_id, text }
    }
}

/// A member joined a room.
///
/// The log holds it twice: first addressed to the member, with `room` and `members`, then to the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberJoined {
    /// Position in the log.
    pub n: u64,
    /// The room, or the member.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub member: Member,
    /// Room that the member joined; only where the event is addressed to the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Count of the room's members, this one included; only where the event is addressed to the
    /// member. Absent in events that were committed before this field existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
}

/// A member left a room; the lobby: the house. Told to the room, and then to the member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberLeft {
    /// Position in the log.
    pub n: u64,
    /// The room, or the member.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub member: MemberId,
    /// Which room, where it is told to the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// A member has another name, from now on and on what is already said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// Position in the log.
    pub n: u64,
    /// Where it is told.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who, with the new name.
    pub member: Member,
}

/// A room was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomCreated {
    /// Position in the log.
    pub n: u64,
    /// The room.
    pub to: Address,
    /// Always 0: nothing of this address is before it.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who made it.
    pub author: MemberId,
    /// The author's id for it.
    pub client_id: ClientId,
    /// The room.
    pub room: Room,
}

/// A room has another name or description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomChanged {
    /// Position in the log.
    pub n: u64,
    /// The room.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who changed it.
    pub author: MemberId,
    /// The author's id for it.
    pub client_id: ClientId,
    /// The room as it is now.
    pub room: Room,
}

crate::read! {
    Posted { n, to, prev, seq, at, author, name, tag, client_id, text }
    MemberJoined { n, to, prev, at, member, room, members }
    MemberLeft { n, to, prev, at, member, room }
    Renamed { n, to, prev, at, member }
    RoomCreated { n, to, prev, at, author, client_id, room }
    RoomChanged { n, to, prev, at, author, client_id, room }
}
