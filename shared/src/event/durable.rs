//! Durable events: the events of the log, which are replayed to a client that was away.

use crate::{Address, ClientId, Member, MemberId, Message, Room, RoomId};
use serde::Serialize;

/// Message that was posted to a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// Position in the log.
    pub n: u64,
    /// Room of the message.
    pub to: Address,
    /// Position of the event before it with the same address; 0 for the first.
    pub prev: u64,
    /// Number of the message in its room: 1, 2, 3… without gaps.
    pub seq: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member who wrote the message.
    pub author: MemberId,
    /// Author's name at the time of writing.
    pub name: String,
    /// Number that distinguishes the connections of [`MemberId::PASSER_BY`]; absent for members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// Id that the author's client gave to the message.
    pub client_id: ClientId,
    /// Plain text of the message, never markup.
    pub text: String,
}

impl Posted {
    /// Converts the event into the message as a snapshot holds it.
    pub fn into_message(self) -> Message {
        let Posted { n, to: _, prev: _, seq, at, author, name, tag, client_id, text } = self;
        Message { n, seq, at, author, name, tag, client_id, text }
    }
}

/// Member who joined a room.
///
/// The log holds it twice: first addressed to the member, with `room` and `members`, then to the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberJoined {
    /// Position in the log.
    pub n: u64,
    /// The room, or the member.
    pub to: Address,
    /// Position of the event before it with the same address; 0 for the first.
    pub prev: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member who joined.
    pub member: Member,
    /// Member who made the change; absent if it was the member's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    /// Room that the member joined; only where the event is addressed to the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Count of the room's members, this one included; only where the event is addressed to the
    /// member. Absent in events that were committed before this field existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
}

/// Member who left a room; with the lobby, the house.
///
/// The log holds it twice: addressed to the room, then, except for the lobby, to the member, with `room`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberLeft {
    /// Position in the log.
    pub n: u64,
    /// The room, or the member.
    pub to: Address,
    /// Position of the event before it with the same address; 0 for the first.
    pub prev: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member who left.
    pub member: MemberId,
    /// Member who made the change; absent if it was the member's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    /// Room that the member left; only where the event is addressed to the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// New name of a member. It applies to the member's earlier messages too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// Position in the log.
    pub n: u64,
    /// The lobby, which every member is in.
    pub to: Address,
    /// Position of the event before it with the same address; 0 for the first.
    pub prev: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member under the new name.
    pub member: Member,
}

/// Room that was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomCreated {
    /// Position in the log.
    pub n: u64,
    /// The created room.
    pub to: Address,
    /// Always 0: nothing of this address is before it.
    pub prev: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member who created the room.
    pub author: MemberId,
    /// Id that the author's client gave to the command.
    pub client_id: ClientId,
    /// Room as it was created.
    pub room: Room,
}

/// New name and description of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomChanged {
    /// Position in the log.
    pub n: u64,
    /// The changed room.
    pub to: Address,
    /// Position of the event before it with the same address; 0 for the first.
    pub prev: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member who changed the room.
    pub author: MemberId,
    /// Id that the author's client gave to the command.
    pub client_id: ClientId,
    /// Room after the change.
    pub room: Room,
}

/// Room that was archived or restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomArchived {
    /// Position in the log.
    pub n: u64,
    /// Room that was archived or restored.
    pub to: Address,
    /// Position of the event before it with the same address.
    pub prev: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Member who archived or restored the room.
    pub author: MemberId,
    /// Id that the author's client gave to the command.
    pub client_id: ClientId,
}

crate::read! {
    Posted { n, to, prev, seq, at, author, name, tag, client_id, text }
    MemberJoined { n, to, prev, at, member, by, room, members }
    MemberLeft { n, to, prev, at, member, by, room }
    Renamed { n, to, prev, at, member }
    RoomCreated { n, to, prev, at, author, client_id, room }
    RoomChanged { n, to, prev, at, author, client_id, room }
    RoomArchived { n, to, prev, at, author, client_id }
}
