//! What a commit means: the log as a plain value in memory.
//!
//! [`Log::append`] checks the condition of a change ("the author may do this
//! here"), gives out the position `n` and the room's `seq`, and keeps the event,
//! all or nothing. Retries are told from new messages by (author, `client_id`)
//! and answered with the stored row.
//!
//! The store in memory *is* this value; every other store behaves like it.
//! It holds [`LOG_EVENTS_MAX`] events and [`LOG_BYTES_MAX`] bytes of text at
//! the most: past that it forgets the oldest, and with them their `client_id`s.

use crate::{
    limits::{LOG_BYTES_MAX, LOG_EVENTS_MAX},
    member::{DeviceKey, Members},
    name::Name,
};
use shared::{
    Address, ClientId, Epoch, ErrorCode, Event, Member, MemberId, RoomId,
    event::{MemberJoined, MemberLeft, Posted, Renamed, RoomSnapshot},
    limits::{SNAPSHOT_BYTES, SNAPSHOT_MESSAGES},
};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// A durable change that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message. The author must be in the room; the passer-by only in the lobby.
    Post {
        /// The room.
        room: RoomId,
        /// Who.
        author: MemberId,
        /// Which connection, for the passer-by.
        tag: Option<u32>,
        /// The author's id for it.
        client_id: ClientId,
        /// What is said; its length was checked.
        text: String,
    },
    /// A new member, who joins the lobby. The name must be free.
    Join {
        /// The wanted name.
        name: Name,
        /// The member's first device.
        device: DeviceKey,
    },
    /// Another name, which must be free.
    Rename {
        /// Who.
        member: MemberId,
        /// The wanted name.
        name: Name,
    },
    /// The member's only device signs out: the member leaves.
    Leave {
        /// Who.
        member: MemberId,
    },
}

/// What the store made of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The event as everybody is told it.
    pub event: Event,
    /// It was there already: this was a retry, and everybody was told.
    pub again: bool,
}

/// A change committed, or refused with a number.
pub type Outcome = Result<Committed, ErrorCode>;

#[derive(Clone, Debug, Default)]
struct Chain {
    last: u64,
    seq: u64,
}

/// The log.
#[derive(Clone, Debug)]
pub struct Log {
    epoch: Epoch,
    head: u64,
    /// The position before `events[0]`.
    forgotten: u64,
    bytes: usize,
    events: VecDeque<Event>,
    /// Positions of the messages of each room, oldest first.
    messages: BTreeMap<RoomId, VecDeque<u64>>,
    chains: BTreeMap<Address, Chain>,
    posts: HashMap<(MemberId, ClientId), u64>,
    members: Members,
    next_member: u64,
}

impl Log {
    /// An empty log with this epoch.
    pub fn new(epoch: Epoch) -> Self {
        Log {
            epoch,
            head: 0,
            forgotten: 0,
            bytes: 0,
            events: VecDeque::new(),
            messages: BTreeMap::from([(RoomId::LOBBY, VecDeque::new())]),
            chains: BTreeMap::new(),
            posts: HashMap::new(),
            members: Members::default(),
            next_member: MemberId::PASSER_BY.0 + 1,
        }
    }

    /// Names this life of the log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last position given out; 0 before the first.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The members of today.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Carries out one change at time `now` (milliseconds since 1970), or refuses it.
    ///
    /// # Errors
    /// The number of the condition that does not hold.
    pub fn append(&mut self, change: Change, now: u64) -> Outcome {
        match change {
            Change::Post { room, author, tag, client_id, text } => {
                self.post(room, author, tag, client_id, text, now)
            }
            Change::Join { name, device } => self.join(name, device, now),
            Change::Rename { member, name } => self.rename(member, name, now),
            Change::Leave { member } => self.leave(member, now),
        }
    }

    fn post(
        &mut self,
        room: RoomId,
        author: MemberId,
        tag: Option<u32>,
        client_id: ClientId,
        text: String,
        now: u64,
    ) -> Outcome {
        if let Some(stored) = self.posts.get(&(author, client_id)).and_then(|n| self.at(*n)) {
            return Ok(Committed { event: stored.clone(), again: true });
        }
        let name = match self.members.get(author) {
            Some(member) => member.name,
            None if author == MemberId::PASSER_BY && room == RoomId::LOBBY => String::new(),
            None => return Err(ErrorCode::SignInRequired),
        };
        if !self.messages.contains_key(&room) {
            return Err(ErrorCode::RoomUnknown);
        }
        let to = Address::Room(room);
        let (n, prev) = self.advance(to);
        let chain = self.chains.entry(to).or_default();
        chain.seq += 1;
        let posted = Posted { n, to, prev, seq: chain.seq, at: now, author, name, tag, client_id, text };
        self.posts.insert((author, client_id), n);
        self.messages.entry(room).or_default().push_back(n);
        Ok(self.keep(Event::Posted(posted)))
    }

    fn join(&mut self, name: Name, device: DeviceKey, now: u64) -> Outcome {
        self.members.may_join(&name)?;
        let id = MemberId(self.next_member);
        self.next_member += 1;
        let member = Member { id, name: name.as_str().to_owned() };
        self.members.join(id, name, device);
        let to = Address::Room(RoomId::LOBBY);
        let (n, prev) = self.advance(to);
        Ok(self.keep(Event::MemberJoined(MemberJoined { n, to, prev, at: now, member })))
    }

    fn rename(&mut self, id: MemberId, name: Name, now: u64) -> Outcome {
        self.members.may_rename(id, &name)?;
        let member = Member { id, name: name.as_str().to_owned() };
        self.members.rename(id, name);
        let to = Address::Room(RoomId::LOBBY);
        let (n, prev) = self.advance(to);
        Ok(self.keep(Event::Renamed(Renamed { n, to, prev, at: now, member })))
    }

    fn leave(&mut self, member: MemberId, now: u64) -> Outcome {
        if !self.members.contains(member) {
            return Err(ErrorCode::SignInRequired);
        }
        self.members.leave(member);
        let to = Address::Room(RoomId::LOBBY);
        let (n, prev) = self.advance(to);
        Ok(self.keep(Event::MemberLeft(MemberLeft { n, to, prev, at: now, member })))
    }

    /// The room with its newest messages, as of the head.
    pub fn snapshot(&self, room: RoomId) -> Option<RoomSnapshot> {
        let positions = self.messages.get(&room)?;
        let mut bytes = 0;
        let mut messages: Vec<_> = positions
            .iter()
            .rev()
            .take(SNAPSHOT_MESSAGES)
            .filter_map(|n| match self.at(*n) {
                Some(Event::Posted(posted)) => Some(posted),
                _ => None,
            })
            .take_while(|posted| {
                bytes += posted.text.len();
                bytes <= SNAPSHOT_BYTES
            })
            .map(|posted| posted.clone().into_message())
            .collect();
        messages.reverse();
        let mut authors: Vec<_> = messages.iter().map(|message| message.author).collect();
        authors.sort_unstable();
        authors.dedup();
        let oldest = messages.first().map_or(u64::MAX, |first| first.n);
        let older = positions.front().is_some_and(|first| *first < oldest)
            || messages.first().is_some_and(|first| first.seq > 1);
        Some(RoomSnapshot {
            room,
            as_of: self.head,
            last: self.chains.get(&Address::Room(room)).map_or(0, |chain| chain.last),
            older,
            authors: authors.into_iter().filter_map(|id| self.members.get(id)).collect(),
            messages,
        })
    }

    fn at(&self, n: u64) -> Option<&Event> {
        let index = n.checked_sub(self.forgotten + 1)?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// Gives out the next position: (`n`, `prev`).
    fn advance(&mut self, to: Address) -> (u64, u64) {
        self.head += 1;
        let chain = self.chains.entry(to).or_default();
        (self.head, std::mem::replace(&mut chain.last, self.head))
    }

    fn keep(&mut self, event: Event) -> Committed {
        self.bytes += weight(&event);
        self.events.push_back(event.clone());
        while self.events.len() > LOG_EVENTS_MAX || self.bytes > LOG_BYTES_MAX {
            self.forget_oldest();
        }
        Committed { event, again: false }
    }

    fn forget_oldest(&mut self) {
        let Some(event) = self.events.pop_front() else { return };
        self.forgotten += 1;
        self.bytes -= weight(&event);
        if let Event::Posted(posted) = event {
            self.posts.remove(&(posted.author, posted.client_id));
            if let Address::Room(room) = posted.to
                && let Some(positions) = self.messages.get_mut(&room)
            {
                positions.pop_front();
            }
        }
    }
}

fn weight(event: &Event) -> usize {
    match event {
        Event::Posted(posted) => posted.text.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
