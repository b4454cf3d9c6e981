//! Snapshots: the start of a session, and the replacement for a replay that would be too long.

use super::{Presence, ReadMarker};
use crate::{Cursor, Member, Message, RoomId};
use serde::Serialize;

/// First frame of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Welcome {
    /// The `ref` of the `hello`.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Build of the page that this server serves.
    pub build: String,
    /// Cursor up to which all events for this member are in this frame or were sent before it.
    #[serde(flatten, serialize_with = "crate::cursor::serialize_fields")]
    pub through: Cursor,
    /// Member of the session.
    pub you: Member,
    /// True if the session resumes from the client's cursor: the missed events follow, then
    /// `caught_up`. Otherwise the client drops what it holds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// True if the log was rolled back: the client's cursor is no position of this history, although the epoch
    /// is the same. The client drops everything it holds, as with another epoch.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rolled_back: bool,
    /// Position that `rooms` describes.
    pub as_of: u64,
    /// Rooms that the member is in, the lobby first.
    pub rooms: Vec<RoomEntry>,
    /// Open room with its newest messages; absent if the session resumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomSnapshot>,
    /// Members present, at most [`crate::limits::WELCOME_PRESENT_MAX`].
    pub present: Vec<Presence>,
    /// Count of all members present.
    pub present_count: u32,
}

/// Room that the member is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomEntry {
    /// Id of the room.
    pub id: RoomId,
    /// Name of the room; empty for the lobby, which the page names in each language.
    pub name: String,
    /// Description of the room.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Count of the room's members.
    pub members: u32,
    /// Position at which this member joined the room. If it differs from what the client holds, the
    /// member left and joined again, and the client drops what it holds of the room.
    pub joined: u64,
    /// Position of the last event addressed to the room.
    pub last: u64,
    /// Count of the room's messages.
    pub seq: u64,
    /// The member's read marker. Absent in `reset`, and from servers of older builds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<ReadMarker>,
}

/// Room at one position. A client applies an event to the room if and only if the event's `n` is
/// greater than `as_of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomSnapshot {
    /// Id of the room.
    pub room: RoomId,
    /// Position that the snapshot describes.
    pub as_of: u64,
    /// Position of the room's last event up to `as_of`, which is the `prev` of the next; 0 if none.
    pub last: u64,
    /// Newest messages, oldest first, at most [`crate::limits::SNAPSHOT_MESSAGES`].
    pub messages: Vec<Message>,
    /// True if the room has older messages.
    pub older: bool,
    /// Authors of `messages` under their current names.
    pub authors: Vec<Member>,
}

/// Replaces what the client holds of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reset {
    /// The `ref` of the `events` command that this answers; absent in a replay.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// Room as the list of `welcome` has it, at the position of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<RoomEntry>,
    /// Room with its newest messages. Older messages that do not touch them stay, with a gap between.
    pub room: RoomSnapshot,
    /// Mark of the log at the position of the snapshot: see [`super::EventFrame::held`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Cursor>,
}

crate::read! {
    Welcome {
        reference as "ref", build, through as "cursor" or "through", you, resumed or default,
        rolled_back or default, as_of or default, rooms or default,
        room, present, present_count,
    }
    RoomEntry { id, name, description or default, members, joined, last, seq, marker }
    RoomSnapshot { room, as_of, last, messages, older, authors }
    Reset { reference as "ref", entry, room, held }
}
