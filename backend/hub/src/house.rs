//! The house: the state that results from applying every event of the log in order.
//!
//! [`House::execute`] recognises a retry, checks the condition of a change and makes its events, all or none.
//! Every store calls it, so that a change means the same in each; the store adds durability. The hub holds a house too and [applies](House::apply) the events that were committed.
//!
//! * [`access`]: who may read or do what.
//! * [`change`]: changes, receipts and outcomes.
//! * [`commit`]: the events of a change, as readers of the log receive them; [`mark`]: the running hash.
//! * [`log_lookup`]: the questions about earlier events that a store answers for a change.
//! * `transaction`: checks one change and makes its events. A room is created in its `create_room`.
//! * [`members`]: members and their devices; [`names`]: the rules for names.
//! * [`resting_names`]: names that members have given up.
//! * [`rooms`]: rooms and memberships; `room_counts`: how many there may be.
//! * `undo_map`: how the house goes back to a savepoint.

pub mod access;
pub mod change;
pub mod commit;
pub mod log_lookup;
pub mod mark;
pub mod members;
pub mod names;
pub mod resting_names;
mod room_counts;
pub mod rooms;
mod transaction;
mod undo_map;

use change::Change;
use commit::{Commit, ExecutedChange, LogEntry};
use log_lookup::LogLookup;
use members::{DeviceKey, MemberTable};
use names::{Name, NameKey};
use resting_names::RestingNames;
use rooms::{Membership, RoomTable};
use shared::{
    Address, ErrorCode, Event, Member, MemberId, Room, RoomId,
    event::{MemberJoined, Position, RoomArchived, RoomChanged, RoomCreated},
};
use std::collections::BTreeMap;
use transaction::Transaction;
use undo_map::{Savepoint, UndoCell};

/// State of the house.
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    /// Members of the house.
    pub members: MemberTable,
    /// Rooms of the house and their members.
    pub rooms: RoomTable,
    /// Names that members have given up.
    pub resting_names: RestingNames,
    header: UndoCell<HouseHeader>,
}

/// The state of a house that is not in its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HouseHeader {
    /// Position of the last event; 0 before the first.
    pub head: u64,
    /// Time of the last event: milliseconds since 1970. It never steps back in the log.
    pub at: u64,
    /// Id of the next member.
    pub next_member: u64,
    /// Mark of the log at `head`.
    pub mark: u32,
    /// Greatest tag of a passer-by's message; 0 if there is none.
    pub last_tag: u32,
}

impl Default for HouseHeader {
    fn default() -> Self {
        let next_member = MemberId::PASSER_BY.0 + 1;
        HouseHeader { head: 0, at: 0, next_member, mark: mark::EMPTY, last_tag: 0 }
    }
}

impl Default for House {
    fn default() -> Self {
        House::restore(MemberTable::default(), RoomTable::default(), HouseHeader::default())
    }
}

impl House {
    /// Restores the house from a store's projections. The store then restores
    /// [`resting_names`](House::resting_names).
    pub fn restore(members: MemberTable, rooms: RoomTable, header: HouseHeader) -> Self {
        House { members, rooms, resting_names: RestingNames::default(), header: header.into() }
    }

    /// Returns the greatest tag that a message of a passer-by has; 0 if there is none. No connection may get a
    /// tag up to this one, because two people would seem to be one.
    pub fn last_tag(&self) -> u32 {
        self.header.last_tag
    }

    /// Whether a name is neither taken nor resting at the time of the last event, for someone who is not a
    /// member.
    pub fn is_free(&self, key: &NameKey) -> bool {
        !self.members.is_taken(key) && !self.resting_names.is_resting(key, self.header.at, None)
    }

    /// Returns the position of the last event; 0 before the first.
    pub fn head(&self) -> u64 {
        self.header.head
    }

    /// Returns the mark of the log at the head.
    pub fn mark(&self) -> u32 {
        self.header.mark
    }

    /// Returns the time of the last event, in milliseconds since 1970; 0 before the first.
    pub fn last_at(&self) -> u64 {
        self.header.at
    }

    /// Returns the id of the next member.
    pub fn next_member(&self) -> u64 {
        self.header.next_member
    }

    /// Executes one change at time `now` (milliseconds since 1970), or refuses it without any effect: then the
    /// inner result has the code of the condition that does not hold. A retry gets the receipt of the first try,
    /// and no commit. The caller takes `now` from [`crate::Hub::event_time`]. If the last event has a later
    /// time, that is the time of the new events too.
    ///
    /// # Errors
    /// The error of `log`, which holds the events that this house adds up to. The change had no effect.
    pub fn execute<L: LogLookup>(
        &mut self,
        change: Change,
        now: u64,
        log: &L,
    ) -> Result<Result<ExecutedChange, ErrorCode>, L::Error> {
        let known = change.key().map(|(author, client_id)| log.receipt(author, client_id)).transpose()?;
        Ok(match known.flatten() {
            Some(receipt) => Ok(ExecutedChange { receipt, commit: None }),
            None => self.execute_new(change, now),
        })
    }

    /// Executes a change that is no retry.
    fn execute_new(&mut self, change: Change, now: u64) -> Result<ExecutedChange, ErrorCode> {
        let mut transaction = Transaction::new(self, now);
        let receipt = match change {
            Change::Post { room, author, tag, client_id, text } => {
                transaction.post(room, author, tag, client_id, text)
            }
            Change::Join { name, device } => transaction.join_house(name, device),
            Change::Rename { member, name } => transaction.rename(member, name),
            Change::Leave { member } => transaction.leave_house(member),
            Change::CreateRoom { author, client_id, name, description } => {
                transaction.create_room(author, client_id, name, description)
            }
            Change::ChangeRoom { author, client_id, room, name, description } => {
                transaction.change_room(author, client_id, room, name, description)
            }
            Change::JoinRoom { author, room, .. } => transaction.join_room(author, room),
            Change::LeaveRoom { author, room, .. } => transaction.leave_room(author, room),
            Change::ArchiveRoom { author, client_id, room, archived } => {
                transaction.archive_room(author, client_id, room, archived)
            }
        }?;
        let entries = transaction.into_entries();
        let commit = (!entries.is_empty()).then_some(Commit { entries, mark: self.header.mark });
        Ok(ExecutedChange { receipt, commit })
    }

    /// Sets a savepoint, to which [`House::roll_back`] goes back. It replaces an earlier one. From now on the house
    /// saves what it changes, so that the way back costs as much as the changes.
    pub fn set_savepoint(&mut self) {
        self.parts().for_each(Savepoint::set_savepoint);
    }

    /// Keeps all changes since the savepoint, which is gone then.
    pub fn release_savepoint(&mut self) {
        self.parts().for_each(Savepoint::release_savepoint);
    }

    /// Takes back all changes since the savepoint, which is gone then. Without effect if there is none.
    pub fn roll_back(&mut self) {
        self.parts().for_each(Savepoint::roll_back);
    }

    fn parts(&mut self) -> impl Iterator<Item = &mut dyn Savepoint> {
        let House { members, rooms, resting_names, header } = self;
        let header: &mut dyn Savepoint = header;
        members.parts().into_iter().chain(rooms.parts()).chain(resting_names.parts()).chain([header])
    }

    /// Whether a commit follows the events that were applied: its positions are greater, and each `prev`
    /// names the last event with the same address.
    pub fn is_followed_by(&self, commit: &Commit) -> bool {
        let mut lasts: BTreeMap<Address, u64> = BTreeMap::new();
        let mut head = self.header.head;
        for Position { n, to, prev } in commit.events().filter_map(Event::position) {
            let last = lasts.insert(to, n).unwrap_or_else(|| self.rooms.last(to));
            if n <= head || prev != last {
                return false;
            }
            head = n;
        }
        true
    }

    /// Applies a commit. An event that the store cannot read has no mark of its own, so that its commit's mark
    /// counts.
    pub fn apply_commit(&mut self, commit: &Commit) {
        commit.entries.iter().for_each(|entry| self.apply(entry));
        if commit.events().any(|event| matches!(event, Event::UnknownDurable(_))) {
            self.header.mark = commit.mark;
        }
    }

    /// Returns the state that is not in the tables.
    pub fn header(&self) -> HouseHeader {
        *self.header
    }

    /// Applies an event that was committed.
    pub fn apply(&mut self, entry: &LogEntry) {
        let LogEntry { event, device } = entry;
        let device = *device;
        let Some(position) = event.position() else { return };
        self.header.head = position.n;
        self.header.mark = mark::advance(self.header.mark, event);
        self.rooms.advance(position.to, position.n);
        match event {
            Event::Posted(posted) => {
                self.header.at = posted.at;
                self.header.last_tag = self.header.last_tag.max(posted.tag.unwrap_or(0));
                if let Address::Room(room) = posted.to {
                    self.rooms.set_seq(room, posted.seq);
                }
            }
            Event::MemberJoined(joined) => {
                self.header.at = joined.at;
                if let Address::Room(room) = joined.to {
                    self.apply_joined(joined, room, device);
                }
            }
            Event::MemberLeft(left) => {
                self.header.at = left.at;
                if let Address::Room(room) = left.to {
                    self.rooms.remove_member(left.member, room);
                    if room == RoomId::LOBBY
                        && let Some(name) = self.members.remove(left.member)
                        && !self.members.is_taken(name.key())
                    {
                        self.resting_names.insert(name.key().clone(), left.member, left.at);
                    }
                }
            }
            Event::Renamed(renamed) => {
                self.header.at = renamed.at;
                self.apply_renamed(&renamed.member, renamed.at);
            }
            Event::RoomCreated(RoomCreated { at, room, n, author, .. }) => {
                self.apply_room(room, *n, *at);
                self.rooms.note_creation(room.id, *author, *n);
            }
            Event::RoomChanged(RoomChanged { at, room, n, .. }) => self.apply_room(room, *n, *at),
            Event::RoomArchived(RoomArchived { at, to: Address::Room(room), .. }) => {
                self.header.at = *at;
                self.rooms.set_archived(*room, true);
            }
            Event::RoomRestored(RoomArchived { at, to: Address::Room(room), .. }) => {
                self.header.at = *at;
                self.rooms.set_archived(*room, false);
            }
            _ => {}
        }
    }

    fn apply_room(&mut self, room: &Room, n: u64, at: u64) {
        self.header.at = at;
        self.rooms.put_room(room, Name::from_log(&room.name));
        self.rooms.advance(Address::Room(room.id), n);
    }

    fn apply_renamed(&mut self, member: &Member, at: u64) {
        let name = Name::from_log(&member.name);
        self.resting_names.remove(name.key());
        let old = self.members.rename(member.id, name.clone());
        // Older builds let two members hold one name.
        if let Some(old) = old.filter(|old| !self.members.is_taken(old.key())) {
            self.resting_names.insert(old.key().clone(), member.id, at);
        }
    }

    fn apply_joined(&mut self, joined: &MemberJoined, room: RoomId, device: Option<DeviceKey>) {
        let MemberJoined { member, n, prev, .. } = joined;
        if room == RoomId::LOBBY {
            let name = Name::from_log(&member.name);
            self.resting_names.remove(name.key());
            self.members.insert(member.id, name);
            if let Some(device) = device {
                self.members.add_device(member.id, device);
            }
            self.header.next_member = self.header.next_member.max(member.id.0 + 1);
        }
        // The creator joins right after `room_created`, and may read it. Older builds emitted the member's
        // own event after it; then the member's sessions did not receive it.
        let is_creator = self.rooms.newest_creation() == Some((room, member.id, *prev))
            && self.rooms.last(Address::Member(member.id)) < *prev;
        let readable_from = if is_creator { *prev } else { *n };
        self.rooms.add_member(member.id, room, Membership { joined: *n, readable_from });
    }
}
