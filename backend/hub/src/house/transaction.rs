//! Executes a change: checks its condition and makes its events. One function for each kind of change.

use super::House;
use super::access::{Action, Actor, Target, may};
use super::change::Receipt;
use super::commit::LogEntry;
use super::members::DeviceKey;
use super::names::Name;
use shared::{
    Address, ClientId, ErrorCode, Event, Member, MemberId, Room, RoomId,
    event::{MemberJoined, MemberLeft, Posted, Renamed, RoomArchived, RoomChanged, RoomCreated},
};

/// A change that is being executed. An emitted event is applied at once, so the next event builds on it.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    house: &'a mut House,
    at: u64,
    entries: Vec<LogEntry>,
}

impl<'a> Transaction<'a> {
    /// Begins a transaction at time `now`, or at the time of the last event if that is later.
    pub(super) fn new(house: &'a mut House, now: u64) -> Self {
        Transaction { at: now.max(house.header.at), entries: Vec::with_capacity(1), house }
    }

    /// Returns the events that the change made.
    pub(super) fn into_entries(self) -> Vec<LogEntry> {
        self.entries
    }

    /// Returns the next position, and the position of the last event with this address.
    fn next_position(&self, to: Address) -> (u64, u64) {
        (self.house.header.head + 1, self.house.rooms.last(to))
    }

    /// Applies an event to the house and adds it to the result.
    fn emit(&mut self, event: Event, device: Option<DeviceKey>) {
        let entry = LogEntry { event, device };
        self.house.apply(&entry);
        self.entries.push(entry);
    }

    /// Makes the receipt of a change that is not a message.
    fn receipt(&self, n: u64, room: Option<RoomId>) -> Receipt {
        Receipt { n, seq: 0, at: self.at, room }
    }

    /// Checks that the author of a change may do it.
    fn check(&self, author: MemberId, action: Action, target: Target) -> Result<(), ErrorCode> {
        may(self.house, Actor::of(author), action, target)
    }

    /// Returns a member of the house.
    fn member(&self, id: MemberId) -> Result<Member, ErrorCode> {
        self.house.members.get(id).ok_or(ErrorCode::SignInRequired)
    }

    /// Checks that a name does not rest, except for the member who gave it up.
    fn check_rest(&self, name: &Name, member: Option<MemberId>) -> Result<(), ErrorCode> {
        let is_resting = self.house.resting_names.is_resting(name.key(), self.at, member);
        if is_resting { Err(ErrorCode::NameTaken) } else { Ok(()) }
    }

    pub(super) fn post(
        &mut self,
        room: RoomId,
        author: MemberId,
        tag: Option<u32>,
        client_id: ClientId,
        text: String,
    ) -> Result<Receipt, ErrorCode> {
        self.check(author, Action::Post, Target::Room(room))?;
        let name = self.house.members.get(author).map_or_else(String::new, |member| member.name);
        let to = Address::Room(room);
        let ((n, prev), at) = (self.next_position(to), self.at);
        let seq = self.house.rooms.get(room).map_or(0, |state| state.seq) + 1;
        self.emit(Event::Posted(Posted { n, to, prev, seq, at, author, name, tag, client_id, text }), None);
        Ok(Receipt { n, seq, at, room: None })
    }

    pub(super) fn join_house(&mut self, name: Name, device: DeviceKey) -> Result<Receipt, ErrorCode> {
        let known = self.house.members.find_by_device(&device);
        if let Some(n) = known.and_then(|id| self.house.rooms.joined(id, RoomId::LOBBY)) {
            return Ok(self.receipt(n, None));
        }
        may(self.house, Actor::PasserBy, Action::JoinHouse, Target::House)?;
        self.house.members.check_join(&name)?;
        self.check_rest(&name, None)?;
        let member = Member { id: MemberId(self.house.header.next_member), name: name.as_str().to_owned() };
        let n = self.add_to_room(member.id, member, RoomId::LOBBY, Some(device));
        Ok(self.receipt(n, None))
    }

    pub(super) fn rename(&mut self, id: MemberId, name: Name) -> Result<Receipt, ErrorCode> {
        self.check(id, Action::Rename, Target::Member(id))?;
        self.house.members.check_rename(id, &name)?;
        self.check_rest(&name, Some(id))?;
        let member = Member { id, name: name.as_str().to_owned() };
        let to = Address::Room(RoomId::LOBBY);
        let ((n, prev), at) = (self.next_position(to), self.at);
        self.emit(Event::Renamed(Renamed { n, to, prev, at, member }), None);
        Ok(self.receipt(n, None))
    }

    pub(super) fn leave_house(&mut self, id: MemberId) -> Result<Receipt, ErrorCode> {
        self.check(id, Action::SignOut, Target::Member(id))?;
        let mut rooms: Vec<RoomId> = self.house.rooms.of(id).map(|(room, _)| room).collect();
        // The lobby comes last, because leaving it removes the member.
        rooms.reverse();
        let mut n = self.house.header.head;
        for room in rooms {
            n = self.remove_from_room(id, id, room);
        }
        Ok(self.receipt(n, None))
    }

    pub(super) fn create_room(
        &mut self,
        author: MemberId,
        client_id: ClientId,
        name: Name,
        description: String,
    ) -> Result<Receipt, ErrorCode> {
        self.check(author, Action::CreateRoom, Target::House)?;
        let member = self.member(author)?;
        self.house.rooms.check_space(Some(author))?;
        self.house.rooms.check_name(&name, None)?;
        self.house.rooms.check_join(author)?;
        let id = self.house.rooms.next_id();
        let room = Room { id, name: name.as_str().to_owned(), description };
        // The member's event subscribes the creator's sessions. It must precede the room's first event;
        // otherwise they miss that one.
        self.emit_own_joined(author, member.clone(), room.clone(), 1);
        let to = Address::Room(id);
        let ((n, prev), at) = (self.next_position(to), self.at);
        self.emit(Event::RoomCreated(RoomCreated { n, to, prev, at, author, client_id, room }), None);
        self.add_to_room(author, member, id, None);
        Ok(self.receipt(n, Some(id)))
    }

    pub(super) fn change_room(
        &mut self,
        author: MemberId,
        client_id: ClientId,
        room: RoomId,
        name: Name,
        description: String,
    ) -> Result<Receipt, ErrorCode> {
        self.check(author, Action::ChangeRoom, Target::Room(room))?;
        self.house.rooms.check_name(&name, Some(room))?;
        let to = Address::Room(room);
        let ((n, prev), at) = (self.next_position(to), self.at);
        let room = Room { id: room, name: name.as_str().to_owned(), description };
        let id = room.id;
        self.emit(Event::RoomChanged(RoomChanged { n, to, prev, at, author, client_id, room }), None);
        Ok(self.receipt(n, Some(id)))
    }

    pub(super) fn join_room(&mut self, author: MemberId, room: RoomId) -> Result<Receipt, ErrorCode> {
        self.check(author, Action::JoinRoom, Target::Room(room))?;
        let member = self.member(author)?;
        let state = self.house.rooms.get(room).ok_or(ErrorCode::RoomUnknown)?;
        if let Some(n) = self.house.rooms.joined(author, room) {
            return Ok(self.receipt(n, Some(room)));
        }
        self.house.rooms.check_join(author)?;
        let name = state.name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned());
        let joined_room = Room { id: room, name, description: state.description.clone() };
        let members = state.members.saturating_add(1);
        self.emit_own_joined(author, member.clone(), joined_room, members);
        let n = self.add_to_room(author, member, room, None);
        Ok(self.receipt(n, Some(room)))
    }

    pub(super) fn leave_room(&mut self, author: MemberId, room: RoomId) -> Result<Receipt, ErrorCode> {
        self.check(author, Action::LeaveRoom, Target::Room(room))?;
        let n = self.remove_from_room(author, author, room);
        let to = Address::Member(author);
        let ((left_at, prev), at) = (self.next_position(to), self.at);
        let left = MemberLeft { n: left_at, to, prev, at, member: author, by: None, room: Some(room) };
        self.emit(Event::MemberLeft(left), None);
        Ok(self.receipt(n, Some(room)))
    }

    pub(super) fn archive_room(
        &mut self,
        author: MemberId,
        client_id: ClientId,
        room: RoomId,
        archived: bool,
    ) -> Result<Receipt, ErrorCode> {
        self.check(author, Action::ArchiveRoom, Target::Room(room))?;
        let state = self.house.rooms.get(room).ok_or(ErrorCode::RoomUnknown)?;
        if state.archived == archived {
            return Ok(self.receipt(state.last, Some(room)));
        }
        if archived {
            self.house.rooms.check_archive()?;
        } else {
            self.house.rooms.check_space(state.maker)?;
        }
        let to = Address::Room(room);
        let ((n, prev), at) = (self.next_position(to), self.at);
        let event = RoomArchived { n, to, prev, at, author, client_id };
        let event = if archived { Event::RoomArchived(event) } else { Event::RoomRestored(event) };
        self.emit(event, None);
        Ok(self.receipt(n, Some(room)))
    }

    /// Emits the `member_joined` that is addressed to the member.
    fn emit_own_joined(&mut self, actor: MemberId, member: Member, room: Room, members: u32) {
        let to = Address::Member(member.id);
        let ((n, prev), at, by) = (self.next_position(to), self.at, other_than(actor, member.id));
        let (room, members) = (Some(room), Some(members));
        self.emit(Event::MemberJoined(MemberJoined { n, to, prev, at, member, by, room, members }), None);
    }

    /// Emits the room's `member_joined`; returns its position.
    fn add_to_room(
        &mut self,
        actor: MemberId,
        member: Member,
        room: RoomId,
        device: Option<DeviceKey>,
    ) -> u64 {
        let to = Address::Room(room);
        let ((n, prev), at, by) = (self.next_position(to), self.at, other_than(actor, member.id));
        let joined = MemberJoined { n, to, prev, at, member, by, room: None, members: None };
        self.emit(Event::MemberJoined(joined), device);
        n
    }

    /// Emits the room's `member_left`; returns its position.
    fn remove_from_room(&mut self, actor: MemberId, member: MemberId, room: RoomId) -> u64 {
        let to = Address::Room(room);
        let ((n, prev), at, by) = (self.next_position(to), self.at, other_than(actor, member));
        self.emit(Event::MemberLeft(MemberLeft { n, to, prev, at, member, by, room: None }), None);
        n
    }
}

/// Returns the actor of a change of a membership, unless it is the member's own change.
fn other_than(actor: MemberId, member: MemberId) -> Option<MemberId> {
    (actor != member).then_some(actor)
}
