//! Read markers: how far a member has read each room. They are rows of the member and not part of the log.

use crate::RoomId;
use serde::Serialize;

/// Read marker of one member in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReadMarker {
    /// Position up to which the member has read the room.
    pub n: u64,
    /// Number of the last message up to `n`; 0 if there is none.
    pub read_to: u64,
    /// Number that grows with each move of one of the member's markers; 0 if this marker never moved. A client
    /// ignores a marker with a smaller version than it holds of the room.
    pub version: u64,
    /// Count of the messages after `n` that others wrote, at most [`crate::limits::UNREAD_MAX`]. Absent where the
    /// server has not counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<u32>,
}

/// Read marker with its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RoomMarker {
    /// The `ref` of the `mark_read` that this answers; absent if the marker moved elsewhere.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// Room of the marker.
    pub room: RoomId,
    /// Count of the room's messages when those after the marker were counted.
    pub seq: u64,
    /// The marker that the member has now.
    pub marker: ReadMarker,
}

crate::read! {
    ReadMarker { n, read_to, version, unread }
    RoomMarker { reference as "ref", room, seq, marker }
}
