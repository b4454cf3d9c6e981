//! Log in memory.
//!
//! The log keeps the events and the receipts, and answers queries. [`House::execute`] decides what a change
//! means.
//!
//! The store in memory wraps this type, and every other store behaves like it. The log holds at most
//! [`LOG_EVENTS_MAX`] events and [`LOG_BYTES_MAX`] bytes of text. Beyond that it forgets the oldest events
//! and their receipts.

mod markers;

use crate::{
    house::House,
    house::change::{Change, Outcome, Receipt},
    house::commit::{Commit, ExecutedChange, LogEntry},
    house::log_lookup::{LogLookup, MessageState},
    house::mark::{self, MarkAt},
    limits::{LOG_BYTES_MAX, LOG_EVENTS_MAX, REPLAY_PART_BYTES, REPLAY_PART_EVENTS},
    query::{MessagePage, Query, QueryResult, ReplayPart, range, trim},
};
pub use markers::Markers;
use shared::{
    Address, ClientId, Epoch, Event, MemberId, Message, RoomId,
    command::PageAnchor,
    event::Posted,
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::convert::Infallible;

/// Key by which the log recognises a retry.
type Key = (MemberId, ClientId);

/// Log of a house, in memory.
#[derive(Clone, Debug)]
pub struct Log {
    epoch: Epoch,
    house: House,
    /// Position of the last event that was forgotten.
    forgotten: u64,
    bytes: usize,
    /// Events, oldest first. Their positions grow, but need not be consecutive.
    events: VecDeque<StoredEvent>,
    /// Positions of the events of each address, oldest first.
    by_address: BTreeMap<Address, VecDeque<u64>>,
    /// Positions of the messages of each room, oldest first, and the `seq` of the first.
    messages: BTreeMap<RoomId, (VecDeque<u64>, u64)>,
    receipts: HashMap<Key, Receipt>,
    markers: Markers,
}

/// Event with what the log remembers about it.
#[derive(Clone, Debug)]
struct StoredEvent {
    n: u64,
    entry: LogEntry,
    /// Key of the change, if this event is the subject of the change's receipt.
    key: Option<Key>,
    /// Count of the change's events that follow this one.
    rest: usize,
    /// Mark of the log after this change.
    mark: u32,
}

impl Log {
    /// Makes an empty log.
    pub fn new(epoch: Epoch) -> Self {
        Log {
            epoch,
            house: House::default(),
            forgotten: 0,
            bytes: 0,
            events: VecDeque::new(),
            by_address: BTreeMap::new(),
            messages: BTreeMap::new(),
            receipts: HashMap::new(),
            markers: Markers::new(),
        }
    }

    /// Returns the epoch of the log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns the state that the events add up to.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Executes one change at time `now` (milliseconds since 1970) and appends its events.
    ///
    /// # Errors
    /// The code of the condition that does not hold.
    pub fn append(&mut self, change: Change, now: u64) -> Outcome {
        let key = change.key();
        let lookup = MemoryLookup { events: &self.events, receipts: &self.receipts };
        let Ok(executed) = self.house.execute(change, now, &lookup);
        let ExecutedChange { receipt, commit } = executed?;
        // A change without events has no effect that a retry could double.
        let Some(Commit { entries, mark }) = commit else { return Ok(receipt) };
        if let Some(key) = key {
            self.receipts.insert(key, receipt);
        }
        let count = entries.len();
        for (index, entry) in entries.into_iter().enumerate() {
            let n = entry.event.position().map_or(0, |position| position.n);
            let key = key.filter(|_| n == receipt.n);
            self.push(StoredEvent { n, entry, key, rest: count - index - 1, mark });
        }
        Ok(receipt)
    }

    /// Returns the commits after a position, in order and whole. Returns none if the log has forgotten events
    /// after that position.
    pub fn commits_after(&self, after: u64) -> Option<Vec<Commit>> {
        if after < self.forgotten {
            return None;
        }
        let from = self.events.partition_point(|stored| stored.n <= after);
        let (mut commits, mut entries) = (Vec::new(), Vec::new());
        for StoredEvent { entry, rest, mark, .. } in self.events.range(from..) {
            entries.push(entry.clone());
            if *rest == 0 {
                commits.push(Commit { entries: std::mem::take(&mut entries), mark: *mark });
            }
        }
        Some(commits)
    }

    /// Answers a query.
    pub fn read(&self, query: &Query) -> QueryResult {
        match query {
            Query::History { room, at, limit, through } => {
                QueryResult::Page(self.read_page(*room, *at, *limit, *through))
            }
            Query::Replay { addresses, after, through, is_first } => {
                QueryResult::Replayed(self.read_replay(addresses, *after, *through, *is_first))
            }
            Query::Mark { at } => QueryResult::Mark(self.read_mark(*at)),
            Query::Markers { member, rooms, through, counts } => {
                QueryResult::Markers(self.read_markers(*member, rooms, *through, *counts))
            }
        }
    }

    /// Returns the mark at a position. The log does not know the marks of events that it has forgotten.
    fn read_mark(&self, at: u64) -> MarkAt {
        if at == 0 {
            return MarkAt::Known(mark::EMPTY);
        }
        if at <= self.forgotten {
            return MarkAt::Unrecorded;
        }
        let found = self.events.binary_search_by_key(&at, |stored| stored.n).ok();
        match found.and_then(|index| self.events.get(index)) {
            Some(StoredEvent { rest: 0, mark, .. }) => MarkAt::of(*mark),
            _ => MarkAt::NoCommit,
        }
    }

    fn read_page(&self, room: RoomId, at: PageAnchor, limit: usize, through: u64) -> MessagePage {
        let Some((positions, first)) = self.messages.get(&room) else { return MessagePage::default() };
        let number = |index: usize| first + index as u64;
        let visible = positions.partition_point(|n| *n <= through);
        let end = number(visible);
        let pivot = match at {
            PageAnchor::Newest => end,
            PageAnchor::Before(n) | PageAnchor::Around(n) => {
                number(positions.partition_point(|held| *held < n)).min(end)
            }
            PageAnchor::After(n) => number(positions.partition_point(|held| *held <= n)).min(end),
            PageAnchor::Date(time) => {
                let is_before = |n: &u64| self.message(*n).is_some_and(|message| message.at < time);
                number(positions.partition_point(is_before)).min(end)
            }
        };
        let (wanted, trim_end) = range(at, pivot, limit, *first, end - 1);
        let indices = (wanted.start - first) as usize..(wanted.end - first) as usize;
        let mut messages: Vec<_> = positions.range(indices).filter_map(|n| self.message(*n)).collect();
        trim(&mut messages, trim_end);
        // An empty page lies at the pivot.
        let from = messages.first().map_or(pivot, |first| first.seq);
        let to = messages.last().map_or(pivot, |last| last.seq + 1);
        MessagePage { messages, older: from > *first, newer: to < end }
    }

    fn read_replay(&self, addresses: &[Address], after: u64, through: u64, is_first: bool) -> ReplayPart {
        let mut replayed = ReplayPart { is_lost: after < self.forgotten, ..ReplayPart::default() };
        if replayed.is_lost {
            return replayed;
        }
        let mut missed = Vec::new();
        for to in addresses {
            let positions = self.positions_between(*to, after, through);
            match to {
                Address::Room(room) if is_first && self.is_too_much(&positions) => {
                    replayed.resets.push(*room)
                }
                _ => missed.extend(positions),
            }
        }
        missed.sort_unstable();
        let mut bytes = 0;
        for n in &missed {
            let Some(event) = self.event(*n) else { continue };
            bytes += text_bytes(event);
            let is_first = replayed.events.is_empty();
            if !is_first && (replayed.events.len() >= REPLAY_PART_EVENTS || bytes > REPLAY_PART_BYTES) {
                replayed.next = Some(n - 1);
                break;
            }
            replayed.events.push(event.clone());
        }
        replayed
    }

    fn positions_between(&self, to: Address, after: u64, through: u64) -> Vec<u64> {
        let Some(positions) = self.by_address.get(&to) else { return Vec::new() };
        let from = positions.partition_point(|n| *n <= after);
        positions.iter().skip(from).take_while(|n| **n <= through).copied().collect()
    }

    fn is_too_much(&self, positions: &[u64]) -> bool {
        let bytes = || positions.iter().filter_map(|n| self.event(*n)).map(text_bytes).sum::<usize>();
        positions.len() > REPLAY_EVENTS_MAX || bytes() > REPLAY_BYTES_MAX
    }

    fn event(&self, n: u64) -> Option<&Event> {
        let index = self.events.binary_search_by_key(&n, |stored| stored.n).ok()?;
        self.events.get(index).map(|stored| &stored.entry.event)
    }

    fn message(&self, n: u64) -> Option<Message> {
        match self.event(n) {
            Some(Event::Posted(posted)) => Some(posted.clone().into_message()),
            _ => None,
        }
    }

    fn push(&mut self, stored: StoredEvent) {
        let event = &stored.entry.event;
        let Some(position) = event.position() else { return };
        self.by_address.entry(position.to).or_default().push_back(position.n);
        if let (Event::Posted(posted), Address::Room(room)) = (event, position.to) {
            self.messages.entry(room).or_insert((VecDeque::new(), posted.seq)).0.push_back(posted.n);
        }
        self.bytes += text_bytes(event);
        self.events.push_back(stored);
        while self.events.len() > LOG_EVENTS_MAX || self.bytes > LOG_BYTES_MAX {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(StoredEvent { n, entry: LogEntry { event, .. }, key, .. }) = self.events.pop_front() else {
            return;
        };
        self.forgotten = n;
        self.bytes -= text_bytes(&event);
        key.map(|key| self.receipts.remove(&key));
        let Some(position) = event.position() else { return };
        if let Some(positions) = self.by_address.get_mut(&position.to) {
            positions.pop_front();
        }
        if let (Event::Posted(_), Address::Room(room)) = (&event, position.to)
            && let Some((positions, first)) = self.messages.get_mut(&room)
        {
            positions.pop_front();
            *first += 1;
        }
    }
}

/// Events and receipts of a log in memory, as a change that is executed sees them.
struct MemoryLookup<'a> {
    events: &'a VecDeque<StoredEvent>,
    receipts: &'a HashMap<Key, Receipt>,
}

impl LogLookup for MemoryLookup<'_> {
    type Error = Infallible;

    fn receipt(&self, author: MemberId, client_id: ClientId) -> Result<Option<Receipt>, Infallible> {
        Ok(self.receipts.get(&(author, client_id)).copied())
    }

    fn message(&self, n: u64) -> Result<Option<MessageState>, Infallible> {
        let index = self.events.binary_search_by_key(&n, |stored| stored.n).ok();
        let event = index.and_then(|index| self.events.get(index)).map(|stored| &stored.entry.event);
        Ok(match event {
            Some(Event::Posted(Posted { to: Address::Room(room), author, .. })) => {
                Some(MessageState::as_posted(*room, *author))
            }
            _ => None,
        })
    }
}

/// Returns the bytes of text in an event, which count as its size.
pub fn text_bytes(event: &Event) -> usize {
    match event {
        Event::Posted(posted) => posted.text.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
