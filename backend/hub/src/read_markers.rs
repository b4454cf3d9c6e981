//! Read markers: how far each member has read each room.
//!
//! A marker is a row of the member, not an event of the log. Its position only grows. A marker that never moved
//! stands where the member joined the room. Each move gets a version, greater than those of all markers of the
//! member, so that of two reports the later one wins.

use shared::event::{ReadMarker, RoomEntry};
use shared::{MemberId, RoomId, limits::UNREAD_MAX};

/// Move of a member's read marker. One that is not past the marker, or of a room that the member is not in, has
/// no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkerMove {
    /// Member of the marker.
    pub member: MemberId,
    /// Room of the marker.
    pub room: RoomId,
    /// Position up to which the member has read the room.
    pub n: u64,
}

/// Room of which a marker is read, as the hub knows it at the position of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkedRoom {
    /// Id of the room.
    pub room: RoomId,
    /// Position at which the member joined the room. Earlier messages count as read.
    pub joined: u64,
    /// Position of the room's last event.
    pub last: u64,
    /// Count of the room's messages.
    pub seq: u64,
}

/// Moves of one marker, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredMarker {
    /// Greatest position that a move named.
    pub n: u64,
    /// Version of the last move that had an effect; 0 if there is none.
    pub version: u64,
}

/// Reader of the messages that a marker divides. Each store implements it.
pub trait UnreadReader {
    /// Error of the store.
    type Error;

    /// Returns the number of the room's last message up to a position; 0 if there is none.
    ///
    /// # Errors
    /// The error of the store.
    fn seq_at(&self, room: RoomId, n: u64) -> Result<u64, Self::Error>;

    /// Counts the messages after a position that this member did not write, up to the position of the query.
    ///
    /// # Errors
    /// The error of the store.
    fn count_others(&self, room: RoomId, n: u64, member: MemberId) -> Result<u64, Self::Error>;
}

impl From<&RoomEntry> for MarkedRoom {
    fn from(entry: &RoomEntry) -> Self {
        MarkedRoom { room: entry.id, joined: entry.joined, last: entry.last, seq: entry.seq }
    }
}

impl MarkedRoom {
    /// Makes the marker of a member in this room from what is stored, at or after the position `since`. If
    /// `counts`, it counts the messages after the marker; at most [`UNREAD_MAX`] of them are looked at.
    ///
    /// # Errors
    /// The error of `reader`.
    pub fn marker<R: UnreadReader>(
        &self,
        member: MemberId,
        stored: StoredMarker,
        since: u64,
        counts: bool,
        reader: &R,
    ) -> Result<ReadMarker, R::Error> {
        let MarkedRoom { room, joined, last, seq } = *self;
        let n = stored.n.max(joined).max(since);
        let read_to = if last <= n { seq } else { reader.seq_at(room, n)?.min(seq) };
        let unread = match seq - read_to {
            _ if !counts => None,
            0 => Some(0),
            many if many > u64::from(UNREAD_MAX) => Some(UNREAD_MAX),
            _ => Some(u32::try_from(reader.count_others(room, n, member)?).unwrap_or(UNREAD_MAX)),
        };
        Ok(ReadMarker { n, read_to, version: stored.version, unread })
    }
}
