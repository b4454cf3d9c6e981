//! The house: the state that results from applying every event of the log in order.
//!
//! [`House::execute`] checks the condition of a change and makes its events, all or none. Every store calls
//! it, so that a change means the same in each; the store adds durability and recognises retries. The hub
//! holds a house too and [applies](House::apply) the events that were committed.
//!
//! * [`change`]: changes, receipts and outcomes.
//! * `transaction`: checks one change and makes its events. A room is created in its `create_room`.
//! * [`members`]: members and their devices; [`names`]: the rules for names.
//! * [`resting_names`]: names that members have given up.
//! * [`rooms`]: rooms and memberships.

pub mod change;
pub mod members;
pub mod names;
pub mod resting_names;
pub mod rooms;
mod transaction;

use change::{Change, Committed};
use members::{DeviceKey, MemberTable};
use names::{Name, NameKey};
use resting_names::RestingNames;
use rooms::RoomTable;
use shared::{
    Address, ErrorCode, Event, Member, MemberId, RoomId,
    event::{RoomChanged, RoomCreated},
};
use transaction::Transaction;

/// State of the house.
#[derive(Clone, Debug)]
pub struct House {
    /// Members of the house.
    pub members: MemberTable,
    /// Rooms of the house and their members.
    pub rooms: RoomTable,
    /// Names that members have given up.
    pub resting_names: RestingNames,
    /// Position of the last event; 0 before the first.
    head: u64,
    /// Time of the last event. Time never steps back in the log.
    at: u64,
    next_member: u64,
    /// Greatest tag of a passer-by's message; 0 if there is none.
    last_tag: u32,
}

impl Default for House {
    fn default() -> Self {
        House::restore(MemberTable::default(), RoomTable::default(), 0, 0, MemberId::PASSER_BY.0 + 1)
    }
}

impl House {
    /// Restores the house from a store's projections. `head` is the position of the last event, `at` its
    /// time (milliseconds since 1970), and `next_member` the id of the next member. The store then restores
    /// [`resting_names`](House::resting_names) and [the last tag](House::restore_last_tag).
    pub fn restore(members: MemberTable, rooms: RoomTable, head: u64, at: u64, next_member: u64) -> Self {
        let resting_names = RestingNames::default();
        House { members, rooms, resting_names, head, at, next_member, last_tag: 0 }
    }

    /// Restores the greatest tag that a message of a passer-by has; 0 if there is none.
    pub fn restore_last_tag(&mut self, tag: u32) {
        self.last_tag = tag;
    }

    /// Returns the greatest tag that a message of a passer-by has; 0 if there is none. No connection may get a
    /// tag up to this one, because two people would seem to be one.
    pub fn last_tag(&self) -> u32 {
        self.last_tag
    }

    /// Whether a name is neither taken nor resting at the time of the last event, for someone who is not a
    /// member.
    pub fn is_free(&self, key: &NameKey) -> bool {
        !self.members.is_taken(key) && !self.resting_names.is_resting(key, self.at, None)
    }

    /// Returns the position of the last event; 0 before the first.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Returns the id of the next member.
    pub fn next_member(&self) -> u64 {
        self.next_member
    }

    /// Executes one change at time `now` (milliseconds since 1970), or refuses it without any effect. The
    /// caller recognises retries.
    ///
    /// # Errors
    /// The code of the condition that does not hold.
    pub fn execute(&mut self, change: Change, now: u64) -> Result<Committed, ErrorCode> {
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
        }?;
        Ok(Committed { receipt, events: transaction.into_events() })
    }

    /// Applies an event that was committed. `device` is the device of a member who joins the house.
    pub fn apply(&mut self, event: &Event, device: Option<DeviceKey>) {
        let Some(position) = event.position() else { return };
        self.head = position.n;
        self.rooms.advance(position.to, position.n);
        match event {
            Event::Posted(posted) => {
                self.at = posted.at;
                self.last_tag = self.last_tag.max(posted.tag.unwrap_or(0));
                if let Address::Room(room) = posted.to {
                    self.rooms.set_seq(room, posted.seq);
                }
            }
            Event::MemberJoined(joined) => {
                self.at = joined.at;
                if let Address::Room(room) = joined.to {
                    self.apply_joined(&joined.member, room, joined.n, device);
                }
            }
            Event::MemberLeft(left) => {
                self.at = left.at;
                if let Address::Room(room) = left.to {
                    self.rooms.remove_member(left.member, room);
                    if room == RoomId::LOBBY
                        && let Some(name) = self.members.remove(left.member)
                    {
                        self.resting_names.insert(name.key().clone(), left.member, left.at);
                    }
                }
            }
            Event::Renamed(renamed) => {
                self.at = renamed.at;
                self.apply_renamed(&renamed.member, renamed.at);
            }
            Event::RoomCreated(RoomCreated { at, room, n, .. })
            | Event::RoomChanged(RoomChanged { at, room, n, .. }) => {
                self.at = *at;
                self.rooms.put_room(room, Name::from_log(&room.name));
                self.rooms.advance(Address::Room(room.id), *n);
            }
            _ => {}
        }
    }

    fn apply_renamed(&mut self, member: &Member, at: u64) {
        let name = Name::from_log(&member.name);
        self.resting_names.remove(name.key());
        let old = self.members.rename(member.id, name.clone());
        if let Some(old) = old.filter(|old| old.key() != name.key()) {
            self.resting_names.insert(old.key().clone(), member.id, at);
        }
    }

    fn apply_joined(&mut self, member: &Member, room: RoomId, n: u64, device: Option<DeviceKey>) {
        if let (RoomId::LOBBY, Some(device)) = (room, device) {
            let name = Name::from_log(&member.name);
            self.resting_names.remove(name.key());
            self.members.insert(member.id, name, device);
            self.next_member = self.next_member.max(member.id.0 + 1);
        }
        self.rooms.add_member(member.id, room, n);
    }
}
