//! The house: the fold of its log, and what a change means in it.
//!
//! [`House::carry_out`] checks the condition of a change ("the author may do
//! this here") and gives its events their positions, all or nothing. Every store
//! asks it, so that all mean the same; what a store adds is that the events last,
//! and that a retry is known. The hub keeps a house too and folds the events that
//! were committed: it has the same mind.

pub mod members;
pub mod names;
pub mod rooms;
use crate::change::{Change, Committed, Receipt};
use crate::house::members::{DeviceKey, MemberTable};
use crate::house::names::Name;
use crate::house::rooms::RoomTable;
use shared::{
    Address, ClientId, ErrorCode, Event, Member, MemberId, Room, RoomId,
    event::{MemberJoined, MemberLeft, Posted, Renamed, RoomChanged, RoomCreated},
};

/// The fold of a log.
#[derive(Clone, Debug)]
pub struct House {
    /// Who is in it.
    pub members: MemberTable,
    /// Its rooms.
    pub rooms: RoomTable,
    head: u64,
    /// The time of the last event: time never steps back in the log.
    at: u64,
    next_member: u64,
}

impl Default for House {
    fn default() -> Self {
        House::restore(MemberTable::default(), RoomTable::default(), 0, 0, MemberId::PASSER_BY.0 + 1)
    }
}

impl House {
    /// The house as a store has kept it: the last position given out, the time of its
    /// event (milliseconds since 1970), and the id of the next member.
    pub fn restore(members: MemberTable, rooms: RoomTable, head: u64, at: u64, next_member: u64) -> Self {
        House { members, rooms, head, at, next_member }
    }

    /// The last position given out; 0 before the first.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The id of the next member.
    pub fn next_member(&self) -> u64 {
        self.next_member
    }

    /// Carries out one change at time `now` (milliseconds since 1970), or refuses it and leaves
    /// no trace. Whether it is a retry is the caller's to know.
    ///
    /// # Errors
    /// The number of the condition that does not hold.
    pub fn execute(&mut self, change: Change, now: u64) -> Result<Committed, ErrorCode> {
        let mut act = Transaction { at: now.max(self.at), events: Vec::with_capacity(1), house: self };
        let receipt = match change {
            Change::Post { room, author, tag, client_id, text } => {
                act.post(room, author, tag, client_id, text)
            }
            Change::Join { name, device } => act.join(name, device),
            Change::Rename { member, name } => act.rename(member, name),
            Change::Leave { member } => act.leave(member),
            Change::CreateRoom { author, client_id, name, description } => {
                act.create(author, client_id, name, description)
            }
            Change::ChangeRoom { author, client_id, room, name, description } => {
                act.change(author, client_id, room, name, description)
            }
            Change::JoinRoom { author, room, .. } => act.enter(author, room),
            Change::LeaveRoom { author, room, .. } => act.go(author, room),
        }?;
        Ok(Committed { receipt, events: act.events })
    }

    /// Folds an event that was committed elsewhere. `device` is the one of who joins the house.
    pub fn apply(&mut self, event: &Event, device: Option<DeviceKey>) {
        let Some(position) = event.position() else { return };
        self.head = position.n;
        self.rooms.advance(position.to, position.n);
        match event {
            Event::Posted(posted) => {
                self.at = posted.at;
                if let Address::Room(room) = posted.to {
                    self.rooms.posted(room, posted.seq);
                }
            }
            Event::MemberJoined(joined) => {
                self.at = joined.at;
                if let Address::Room(room) = joined.to {
                    self.joined(&joined.member, room, joined.n, device);
                }
            }
            Event::MemberLeft(left) => {
                self.at = left.at;
                if let Address::Room(room) = left.to {
                    self.rooms.leave(left.member, room);
                    if room == RoomId::LOBBY {
                        self.members.leave(left.member);
                    }
                }
            }
            Event::Renamed(renamed) => {
                self.at = renamed.at;
                self.members.rename(renamed.member.id, Name::kept(&renamed.member.name));
            }
            Event::RoomCreated(RoomCreated { at, room, n, .. })
            | Event::RoomChanged(RoomChanged { at, room, n, .. }) => {
                self.at = *at;
                self.rooms.describe(room, Name::kept(&room.name));
                self.rooms.advance(Address::Room(room.id), *n);
            }
            _ => {}
        }
    }

    fn joined(&mut self, member: &Member, room: RoomId, n: u64, device: Option<DeviceKey>) {
        if let (RoomId::LOBBY, Some(device)) = (room, device) {
            self.members.join(member.id, Name::kept(&member.name), device);
            self.next_member = self.next_member.max(member.id.0 + 1);
        }
        self.rooms.join(member.id, room, n);
    }
}

/// One change under way.
struct Transaction<'a> {
    house: &'a mut House,
    at: u64,
    events: Vec<Event>,
}

impl Transaction<'_> {
    /// The next position and the one before it with this address.
    fn place(&self, to: Address) -> (u64, u64) {
        (self.house.head + 1, self.house.rooms.last(to))
    }

    fn tell(&mut self, event: Event, device: Option<DeviceKey>) {
        self.house.apply(&event, device);
        self.events.push(event);
    }

    fn receipt(&self, n: u64, room: Option<RoomId>) -> Receipt {
        Receipt { n, seq: 0, at: self.at, room }
    }

    fn member(&self, id: MemberId) -> Result<Member, ErrorCode> {
        self.house.members.get(id).ok_or(ErrorCode::SignInRequired)
    }

    /// The author, who must be in this room.
    fn member_in(&self, id: MemberId, room: RoomId) -> Result<Member, ErrorCode> {
        let member = self.member(id)?;
        if self.house.rooms.joined(id, room).is_none() {
            return Err(ErrorCode::RoomUnknown);
        }
        Ok(member)
    }

    fn post(
        &mut self,
        room: RoomId,
        author: MemberId,
        tag: Option<u32>,
        client_id: ClientId,
        text: String,
    ) -> Result<Receipt, ErrorCode> {
        let name = match author {
            MemberId::PASSER_BY if room == RoomId::LOBBY => String::new(),
            _ => self.member_in(author, room)?.name,
        };
        let to = Address::Room(room);
        let ((n, prev), at) = (self.place(to), self.at);
        let seq = self.house.rooms.get(room).map_or(0, |state| state.seq) + 1;
        self.tell(Event::Posted(Posted { n, to, prev, seq, at, author, name, tag, client_id, text }), None);
        Ok(Receipt { n, seq, at, room: None })
    }

    fn join(&mut self, name: Name, device: DeviceKey) -> Result<Receipt, ErrorCode> {
        self.house.members.may_join(&name)?;
        let member = Member { id: MemberId(self.house.next_member), name: name.as_str().to_owned() };
        let n = self.enter_room(member, RoomId::LOBBY, Some(device));
        Ok(self.receipt(n, None))
    }

    fn rename(&mut self, id: MemberId, name: Name) -> Result<Receipt, ErrorCode> {
        self.house.members.may_rename(id, &name)?;
        let member = Member { id, name: name.as_str().to_owned() };
        let to = Address::Room(RoomId::LOBBY);
        let ((n, prev), at) = (self.place(to), self.at);
        self.tell(Event::Renamed(Renamed { n, to, prev, at, member }), None);
        Ok(self.receipt(n, None))
    }

    fn leave(&mut self, id: MemberId) -> Result<Receipt, ErrorCode> {
        self.member(id)?;
        let mut rooms: Vec<RoomId> = self.house.rooms.of(id).map(|(room, _)| room).collect();
        // The lobby last: with it the member is gone.
        rooms.reverse();
        let mut n = self.house.head;
        for room in rooms {
            n = self.leave_room(id, room);
        }
        Ok(self.receipt(n, None))
    }

    fn create(
        &mut self,
        author: MemberId,
        client_id: ClientId,
        name: Name,
        description: String,
    ) -> Result<Receipt, ErrorCode> {
        let member = self.member(author)?;
        self.house.rooms.may_be_called(&name, None)?;
        self.house.rooms.may_join(author)?;
        let id = self.house.rooms.next_id();
        let room = Room { id, name: name.as_str().to_owned(), description };
        // The member's event subscribes the creator's sessions: it precedes the room's first event,
        // or they would miss that one.
        self.tell_member(member.clone(), room.clone(), 1);
        let to = Address::Room(id);
        let ((n, prev), at) = (self.place(to), self.at);
        self.tell(Event::RoomCreated(RoomCreated { n, to, prev, at, author, client_id, room }), None);
        self.enter_room(member, id, None);
        Ok(self.receipt(n, Some(id)))
    }

    fn change(
        &mut self,
        author: MemberId,
        client_id: ClientId,
        room: RoomId,
        name: Name,
        description: String,
    ) -> Result<Receipt, ErrorCode> {
        if room == RoomId::LOBBY {
            return Err(ErrorCode::LobbyStays);
        }
        self.member_in(author, room)?;
        self.house.rooms.may_be_called(&name, Some(room))?;
        let to = Address::Room(room);
        let ((n, prev), at) = (self.place(to), self.at);
        let room = Room { id: room, name: name.as_str().to_owned(), description };
        let id = room.id;
        self.tell(Event::RoomChanged(RoomChanged { n, to, prev, at, author, client_id, room }), None);
        Ok(self.receipt(n, Some(id)))
    }

    fn enter(&mut self, author: MemberId, room: RoomId) -> Result<Receipt, ErrorCode> {
        let member = self.member(author)?;
        let state = self.house.rooms.get(room).ok_or(ErrorCode::RoomUnknown)?;
        if let Some(n) = self.house.rooms.joined(author, room) {
            return Ok(self.receipt(n, Some(room)));
        }
        self.house.rooms.may_join(author)?;
        let name = state.name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned());
        let told = Room { id: room, name, description: state.description.clone() };
        let members = state.members.saturating_add(1);
        self.tell_member(member.clone(), told, members);
        let n = self.enter_room(member, room, None);
        Ok(self.receipt(n, Some(room)))
    }

    fn go(&mut self, author: MemberId, room: RoomId) -> Result<Receipt, ErrorCode> {
        if room == RoomId::LOBBY {
            return Err(ErrorCode::LobbyStays);
        }
        self.member_in(author, room)?;
        let n = self.leave_room(author, room);
        let to = Address::Member(author);
        let ((place, prev), at) = (self.place(to), self.at);
        let left = MemberLeft { n: place, to, prev, at, member: author, room: Some(room) };
        self.tell(Event::MemberLeft(left), None);
        Ok(self.receipt(n, Some(room)))
    }

    /// Records for the member which room they joined, and how many are in it with them.
    fn tell_member(&mut self, member: Member, room: Room, members: u32) {
        let to = Address::Member(member.id);
        let ((n, prev), at) = (self.place(to), self.at);
        let (room, members) = (Some(room), Some(members));
        self.tell(Event::MemberJoined(MemberJoined { n, to, prev, at, member, room, members }), None);
    }

    fn enter_room(&mut self, member: Member, room: RoomId, device: Option<DeviceKey>) -> u64 {
        let to = Address::Room(room);
        let ((n, prev), at) = (self.place(to), self.at);
        self.tell(
            Event::MemberJoined(MemberJoined { n, to, prev, at, member, room: None, members: None }),
            device,
        );
        n
    }

    fn leave_room(&mut self, member: MemberId, room: RoomId) -> u64 {
        let to = Address::Room(room);
        let ((n, prev), at) = (self.place(to), self.at);
        self.tell(Event::MemberLeft(MemberLeft { n, to, prev, at, member, room: None }), None);
        n
    }
}
