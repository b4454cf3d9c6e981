//! What a session starts with, and what takes the place of too much that was missed.

use super::Presence;
use crate::{Cursor, Member, Message, RoomId};
use serde::Serialize;

/// What a session starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Welcome {
    /// The `ref` of the `hello`.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The build of the page that this server serves.
    pub build: String,
    /// All that is addressed to this member up to here is in this frame or was sent before it.
    pub through: Cursor,
    /// Who the client is.
    pub you: Member,
    /// The session goes on from the client's cursor: what it missed follows, then
    /// `caught_up`. Otherwise what the client holds is of no use any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// The position that `rooms` describes.
    pub as_of: u64,
    /// The rooms that the member is in, the lobby first.
    pub rooms: Vec<RoomEntry>,
    /// The open room with its newest messages; absent where the session is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomSnapshot>,
    /// Members present, at most [`crate::limits::WELCOME_PRESENT_MAX`].
    pub present: Vec<Presence>,
    /// How many are present in all.
    pub present_count: u32,
}

/// A room that the member is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomEntry {
    /// Its id.
    pub id: RoomId,
    /// Its name; empty for the lobby, which has one in each language.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How many members are in it.
    pub members: u32,
    /// The position at which this member joined it. Another one than the client holds: it is
    /// another stay, and what is held of the room is of no use any more.
    pub joined: u64,
    /// The last event of its address.
    pub last: u64,
    /// How many messages it has.
    pub seq: u64,
}

/// A room at one position. A client applies an event to the room if and only
/// if the event's `n` is greater than `as_of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomSnapshot {
    /// Which room.
    pub room: RoomId,
    /// The position that this describes.
    pub as_of: u64,
    /// The last event of this address up to `as_of`, 0 if none: the `prev` of the next.
    pub last: u64,
    /// The newest messages, oldest first, at most [`crate::limits::SNAPSHOT_MESSAGES`].
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
    /// Today's names of the authors of `messages`.
    pub authors: Vec<Member>,
}

/// A room anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reset {
    /// The `ref` of the `events` that this answers; absent in a replay.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// The room as the list of `welcome` has it, as of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<RoomEntry>,
    /// The room with its newest messages. What is held of it and does not touch them stays apart.
    pub room: RoomSnapshot,
}

crate::read! {
    Welcome {
        reference as "ref", build, through, you, resumed or default, as_of or default, rooms or default,
        room, present, present_count,
    }
    RoomEntry { id, name, description or default, members, joined, last, seq }
    RoomSnapshot { room, as_of, last, messages, older, authors }
    Reset { reference as "ref", entry, room }
}
