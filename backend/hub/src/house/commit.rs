//! Commits: what the log holds, in the form in which its readers receive it.

use super::change::Receipt;
use super::members::DeviceKey;
use shared::Event;

/// One event as the log keeps it, with the fields that never leave the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Event as its recipients get it; always a durable one.
    pub event: Event,
    /// Device of a member who joins the house; none for every other event.
    pub device: Option<DeviceKey>,
}

/// The events of one committed change, in the order of their positions; at least one.
///
/// A commit is applied whole or not at all. Between two events of one change the house is in a state that no
/// client may see: for example, the creator has joined a room that does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Events of the change.
    pub entries: Vec<LogEntry>,
    /// Mark of the log after the last of these events.
    pub mark: u32,
}

/// A change that [`super::House::execute`] has carried out. The store makes it durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedChange {
    /// Receipt for the author.
    pub receipt: Receipt,
    /// Events of the change; none if the house is as the change wants it already.
    pub commit: Option<Commit>,
}

impl Commit {
    /// Returns the events of the change.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.entries.iter().map(|entry| &entry.event)
    }

    /// Returns the position of the last event.
    pub fn last(&self) -> u64 {
        self.events().last().and_then(Event::position).map_or(0, |position| position.n)
    }
}
