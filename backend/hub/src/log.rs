//! The log as a plain value in memory.
//!
//! What a change means is [`House`]'s to say; the log keeps the events, finds
//! them again, and tells a retry from a new change by (author, `client_id`).
//!
//! The store in memory *is* this value; every other store behaves like it.
//! It holds [`LOG_EVENTS_MAX`] events and [`LOG_BYTES_MAX`] bytes of text at
//! the most: past that it forgets the oldest, and with them their `client_id`s.

use crate::{
    change::{Change, Committed, Outcome, Receipt},
    house::House,
    limits::{LOG_BYTES_MAX, LOG_EVENTS_MAX, REPLAY_PART_BYTES, REPLAY_PART_EVENTS},
    query::{MessagePage, Query, QueryResult, ReplayPart, range, trim},
};
use shared::{
    Address, ClientId, Epoch, Event, MemberId, Message, RoomId,
    command::PageAnchor,
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// A retry is known by this.
type Key = (MemberId, ClientId);

/// The log.
#[derive(Clone, Debug)]
pub struct Log {
    epoch: Epoch,
    house: House,
    /// The position before `events[0]`.
    forgotten: u64,
    bytes: usize,
    events: VecDeque<(Event, Option<Key>)>,
    /// Positions of the events of each address, oldest first.
    addressed: BTreeMap<Address, VecDeque<u64>>,
    /// Positions of the messages of each room, oldest first, and the number of the first.
    messages: BTreeMap<RoomId, (VecDeque<u64>, u64)>,
    receipts: HashMap<Key, Receipt>,
}

impl Log {
    /// An empty log with this epoch.
    pub fn new(epoch: Epoch) -> Self {
        Log {
            epoch,
            house: House::default(),
            forgotten: 0,
            bytes: 0,
            events: VecDeque::new(),
            addressed: BTreeMap::new(),
            messages: BTreeMap::new(),
            receipts: HashMap::new(),
        }
    }

    /// Names this life of the log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Its fold.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Carries out one change at time `now` (milliseconds since 1970), or refuses it.
    ///
    /// # Errors
    /// The number of the condition that does not hold.
    pub fn append(&mut self, change: Change, now: u64) -> Outcome {
        let key = change.key();
        if let Some(receipt) = key.and_then(|key| self.receipts.get(&key)) {
            return Ok(Committed { receipt: *receipt, events: Vec::new() });
        }
        let committed = self.house.execute(change, now)?;
        // Without events nothing was made that a retry could make twice.
        if let (Some(key), false) = (key, committed.events.is_empty()) {
            self.receipts.insert(key, committed.receipt);
        }
        for event in &committed.events {
            let is_receipt = event.position().is_some_and(|position| position.n == committed.receipt.n);
            self.keep(event.clone(), key.filter(|_| is_receipt));
        }
        Ok(committed)
    }

    /// Answers a question.
    pub fn read(&self, query: &Query) -> QueryResult {
        match query {
            Query::History { room, at, limit, through } => {
                QueryResult::Page(self.page(*room, *at, *limit, *through))
            }
            Query::Replay { addresses, after, through, is_first } => {
                QueryResult::Replayed(self.replay(addresses, *after, *through, *is_first))
            }
        }
    }

    fn page(&self, room: RoomId, at: PageAnchor, limit: usize, through: u64) -> MessagePage {
        let Some((positions, first)) = self.messages.get(&room) else { return MessagePage::default() };
        let number = |index: usize| first + index as u64;
        let seen = positions.partition_point(|n| *n <= through);
        let end = number(seen);
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
        let (wanted, cut) = range(at, pivot, limit, *first, end - 1);
        let indices = (wanted.start - first) as usize..(wanted.end - first) as usize;
        let mut messages: Vec<_> = positions.range(indices).filter_map(|n| self.message(*n)).collect();
        trim(&mut messages, cut);
        // Where it is empty it stands at the pivot.
        let from = messages.first().map_or(pivot, |first| first.seq);
        let to = messages.last().map_or(pivot, |last| last.seq + 1);
        MessagePage { messages, older: from > *first, newer: to < end }
    }

    fn replay(&self, addresses: &[Address], after: u64, through: u64, is_first: bool) -> ReplayPart {
        let mut replayed = ReplayPart { is_lost: after < self.forgotten, ..ReplayPart::default() };
        if replayed.is_lost {
            return replayed;
        }
        let mut missed = Vec::new();
        for to in addresses {
            let positions = self.missed(*to, after, through);
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
            let Some(event) = self.at(*n) else { continue };
            bytes += weight(event);
            let is_first = replayed.events.is_empty();
            if !is_first && (replayed.events.len() >= REPLAY_PART_EVENTS || bytes > REPLAY_PART_BYTES) {
                replayed.next = Some(n - 1);
                break;
            }
            replayed.events.push(event.clone());
        }
        replayed
    }

    fn missed(&self, to: Address, after: u64, through: u64) -> Vec<u64> {
        let Some(positions) = self.addressed.get(&to) else { return Vec::new() };
        let from = positions.partition_point(|n| *n <= after);
        positions.iter().skip(from).take_while(|n| **n <= through).copied().collect()
    }

    fn is_too_much(&self, positions: &[u64]) -> bool {
        let bytes = || positions.iter().filter_map(|n| self.at(*n)).map(weight).sum::<usize>();
        positions.len() > REPLAY_EVENTS_MAX || bytes() > REPLAY_BYTES_MAX
    }

    fn at(&self, n: u64) -> Option<&Event> {
        let index = n.checked_sub(self.forgotten + 1)?;
        self.events.get(usize::try_from(index).ok()?).map(|(event, _)| event)
    }

    fn message(&self, n: u64) -> Option<Message> {
        match self.at(n) {
            Some(Event::Posted(posted)) => Some(posted.clone().into_message()),
            _ => None,
        }
    }

    fn keep(&mut self, event: Event, key: Option<Key>) {
        let Some(position) = event.position() else { return };
        self.addressed.entry(position.to).or_default().push_back(position.n);
        if let (Event::Posted(posted), Address::Room(room)) = (&event, position.to) {
            self.messages.entry(room).or_insert((VecDeque::new(), posted.seq)).0.push_back(posted.n);
        }
        self.bytes += weight(&event);
        self.events.push_back((event, key));
        while self.events.len() > LOG_EVENTS_MAX || self.bytes > LOG_BYTES_MAX {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((event, key)) = self.events.pop_front() else { return };
        self.forgotten += 1;
        self.bytes -= weight(&event);
        key.map(|key| self.receipts.remove(&key));
        let Some(position) = event.position() else { return };
        if let Some(positions) = self.addressed.get_mut(&position.to) {
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

/// Bytes of text in an event: what its size is counted by.
pub fn weight(event: &Event) -> usize {
    match event {
        Event::Posted(posted) => posted.text.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
