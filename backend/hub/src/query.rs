//! Queries to the log and their results.
//!
//! Every query names the position `through` up to which it reads. So a result never holds more than the hub
//! has published, however far the log has grown meanwhile.

use crate::house::mark::MarkAt;
use crate::read_markers::MarkedRoom;
use shared::{
    Address, Event, MemberId, Message, RoomId, command::PageAnchor, event::ReadMarker, limits::SNAPSHOT_BYTES,
};

/// Query to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Reads a page of a room's messages.
    History {
        /// Room of the messages.
        room: RoomId,
        /// Place in the room from which the page is read.
        at: PageAnchor,
        /// Greatest count of messages. Their texts have at most [`SNAPSHOT_BYTES`] together, but a page has
        /// at least one message.
        limit: usize,
        /// Last position that the result may hold.
        through: u64,
    },
    /// Reads the events of several addresses in the order of their positions.
    Replay {
        /// Addresses of the events.
        addresses: Vec<Address>,
        /// Position after which events are read.
        after: u64,
        /// Last position that is read.
        through: u64,
        /// True in the first query of a replay. Then the store leaves out each room with more than
        /// [`shared::limits::REPLAY_EVENTS_MAX`] events, or more than [`shared::limits::REPLAY_BYTES_MAX`]
        /// bytes of text, and names it in [`ReplayPart::resets`].
        is_first: bool,
    },
    /// Reads the mark of the log at a position.
    Mark {
        /// Position, which is at most the head of the log.
        at: u64,
    },
    /// Reads a member's read markers.
    Markers {
        /// Member of the markers.
        member: MemberId,
        /// Rooms of the markers.
        rooms: Vec<MarkedRoom>,
        /// Last position that counts, at which `rooms` are described.
        through: u64,
        /// True if the messages after each marker are counted.
        counts: bool,
    },
}

/// Result of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryResult {
    /// Result of [`Query::History`].
    Page(MessagePage),
    /// Result of [`Query::Replay`].
    Replayed(ReplayPart),
    /// Result of [`Query::Mark`].
    Mark(MarkAt),
    /// Result of [`Query::Markers`], a marker for each room.
    Markers(Vec<ReadMarker>),
}

/// Page of a room's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// Messages, oldest first, without gaps.
    pub messages: Vec<Message>,
    /// True if the log holds older messages of the room.
    pub older: bool,
    /// True if the room has newer messages up to `through`.
    pub newer: bool,
}

/// Part of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayPart {
    /// Events in the order of their positions.
    pub events: Vec<Event>,
    /// Rooms with too many events, of which the session gets snapshots.
    pub resets: Vec<RoomId>,
    /// `after` of the next part; none if this is the last.
    pub next: Option<u64>,
    /// True if the log has forgotten events after `after`.
    pub is_lost: bool,
}

/// Computes the range of a page in numbers `seq`, and the end at which to trim a page that is too long. Every
/// store uses this function.
///
/// `pivot` is the number of the first message at or after the anchor. `first` and `last` are the oldest and
/// newest numbers that can be read.
pub fn range(
    at: PageAnchor,
    pivot: u64,
    limit: usize,
    first: u64,
    last: u64,
) -> (std::ops::Range<u64>, TrimEnd) {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let end = last.saturating_add(1).max(first);
    let pivot = pivot.clamp(first, end);
    let (from, to, trim_end) = match at {
        PageAnchor::Newest => (end.saturating_sub(limit), end, TrimEnd::Oldest),
        PageAnchor::Before(_) => (pivot.saturating_sub(limit), pivot, TrimEnd::Oldest),
        PageAnchor::After(_) => (pivot, pivot.saturating_add(limit), TrimEnd::Newest),
        PageAnchor::Around(_) | PageAnchor::Date(_) => {
            let from = pivot.saturating_sub(limit / 2).max(first);
            let to = from.saturating_add(limit).min(end);
            (to.saturating_sub(limit), to, TrimEnd::Both(pivot))
        }
    };
    (from.max(first)..to.min(end), trim_end)
}

/// End at which a page is trimmed if its texts are too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimEnd {
    /// Drops the oldest messages.
    Oldest,
    /// Drops the newest messages.
    Newest,
    /// Drops messages at both ends and keeps those near this number.
    Both(u64),
}

/// Drops messages until their texts have at most [`SNAPSHOT_BYTES`] together, or one message is left.
pub fn trim(messages: &mut Vec<Message>, trim_end: TrimEnd) {
    let mut bytes: usize = messages.iter().map(|message| message.text.len()).sum();
    while bytes > SNAPSHOT_BYTES && messages.len() > 1 {
        let oldest = match trim_end {
            TrimEnd::Oldest => true,
            TrimEnd::Newest => false,
            TrimEnd::Both(pivot) => {
                let before = messages.iter().filter(|message| message.seq < pivot).count();
                before >= messages.len() - before
            }
        };
        let dropped = if oldest { Some(messages.remove(0)) } else { messages.pop() };
        bytes -= dropped.map_or(0, |message| message.text.len());
    }
}
