//! What can be read from the log. Everything is read as of a position that the
//! reader names (`through`), so that an answer never tells more than the hub has
//! told, however far the log has gone meanwhile.

use shared::{Address, Event, Message, RoomId, command::PageAnchor, limits::SNAPSHOT_BYTES};

/// A question to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A page of a room's messages.
    History {
        /// Which room.
        room: RoomId,
        /// Which page.
        at: PageAnchor,
        /// How many messages at most; their texts have at most [`SNAPSHOT_BYTES`] together, but
        /// one is always given.
        limit: usize,
        /// Nothing after this position is seen.
        through: u64,
    },
    /// What was missed: events with these addresses, in the order of their positions.
    Replay {
        /// The addresses.
        addresses: Vec<Address>,
        /// Only those after this position.
        after: u64,
        /// And up to this one.
        through: u64,
        /// Count first: a room with more than [`shared::limits::REPLAY_EVENTS_MAX`] events, or
        /// [`shared::limits::REPLAY_BYTES_MAX`] bytes of them, is left out and named.
        is_first: bool,
    },
}

/// An answer of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryResult {
    /// To [`Query::History`].
    Page(MessagePage),
    /// To [`Query::Replay`].
    Replayed(ReplayPart),
}

/// Messages of a room, oldest first, without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether the room has older ones that can be read.
    pub older: bool,
    /// Whether it has newer ones, up to `through`.
    pub newer: bool,
}

/// A part of what was missed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayPart {
    /// The events, in the order of their positions.
    pub events: Vec<Event>,
    /// Rooms that have too many: they come as snapshots.
    pub resets: Vec<RoomId>,
    /// Where the next part begins (`after`), if this is not all.
    pub next: Option<u64>,
    /// The log does not go back so far any more.
    pub is_lost: bool,
}

/// Where a page begins and how it grows, by the number `seq` of its messages: what every store
/// does alike once it knows which number a position or a time stands at.
///
/// `pivot` is the number of the first message at or after what was asked for; `first` and `last`
/// are the oldest and newest numbers that can be read. The result is the range to read, and the
/// end at which to cut if the texts are too long.
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
    let (from, to, cut) = match at {
        PageAnchor::Newest => (end.saturating_sub(limit), end, TrimEnd::Oldest),
        PageAnchor::Before(_) => (pivot.saturating_sub(limit), pivot, TrimEnd::Oldest),
        PageAnchor::After(_) => (pivot, pivot.saturating_add(limit), TrimEnd::Newest),
        PageAnchor::Around(_) | PageAnchor::Date(_) => {
            let from = pivot.saturating_sub(limit / 2).max(first);
            let to = from.saturating_add(limit).min(end);
            (to.saturating_sub(limit), to, TrimEnd::Both(pivot))
        }
    };
    (from.max(first)..to.min(end), cut)
}

/// Where a page gives way if its texts are too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimEnd {
    /// At its oldest messages.
    Oldest,
    /// At its newest.
    Newest,
    /// At both ends, away from the message of this number.
    Both(u64),
}

/// Takes away at the ends until the texts have at most [`SNAPSHOT_BYTES`] together, or one is left.
pub fn trim(messages: &mut Vec<Message>, cut: TrimEnd) {
    let mut bytes: usize = messages.iter().map(|message| message.text.len()).sum();
    while bytes > SNAPSHOT_BYTES && messages.len() > 1 {
        let oldest = match cut {
            TrimEnd::Oldest => true,
            TrimEnd::Newest => false,
            TrimEnd::Both(pivot) => {
                let before = messages.iter().filter(|message| message.seq < pivot).count();
                before >= messages.len() - before
            }
        };
        let gone = if oldest { Some(messages.remove(0)) } else { messages.pop() };
        bytes -= gone.map_or(0, |message| message.text.len());
    }
}
