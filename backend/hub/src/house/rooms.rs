//! Rooms of the house and their members. `transaction.rs` creates a room.
//!
//! Every member is in the lobby for as long as the member is in the house.

use crate::house::access::Visibility;
use crate::house::names::{Name, NameKey};
use crate::house::room_counts::RoomCounts;
use crate::house::undo_map::{Savepoint, UndoCell, UndoMap};
use crate::limits::ROOMS_PER_MEMBER_MAX;
use shared::{
    Address, ErrorCode, MemberId, Room, RoomId,
    event::{DirectoryRoom, RoomEntry},
    limits::DESCRIPTION_CHARS_MAX,
};
use std::collections::{BTreeMap, HashMap};

/// Names that the page prints for the lobby. No other room may have them.
const LOBBY_NAMES: &[&str] = &["Lobby", "大堂"];

/// State of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomState {
    /// Name of the room; none for the lobby.
    pub name: Option<Name>,
    /// Description of the room.
    pub description: String,
    /// Count of the room's members.
    pub members: u32,
    /// Position of the last event addressed to the room.
    pub last: u64,
    /// Count of the room's messages.
    pub seq: u64,
    /// Member who made the room, and may have left it or the house; none for the lobby.
    pub maker: Option<MemberId>,
    /// True if the room can be read and left only.
    pub archived: bool,
}

impl RoomState {
    /// Returns who may find and join the room.
    pub fn visibility(&self) -> Visibility {
        Visibility::Public
    }

    fn name(&self) -> String {
        self.name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned())
    }
}

/// Stay of a member in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Position of the room's `member_joined`.
    pub joined: u64,
    /// Position from which on the member may read the room's events.
    pub readable_from: u64,
}

/// Memberships of one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Memberships {
    /// Rooms of the member, in the order of their ids. At most [`ROOMS_PER_MEMBER_MAX`].
    rooms: Vec<(RoomId, Membership)>,
    /// Position of the last event addressed to the member.
    last: u64,
}

impl Memberships {
    fn index(&self, room: RoomId) -> Result<usize, usize> {
        self.rooms.binary_search_by_key(&room, |(id, _)| *id)
    }

    fn get(&self, room: RoomId) -> Option<Membership> {
        let (_, membership) = self.rooms.get(self.index(room).ok()?)?;
        Some(*membership)
    }

    /// Adds a room, or replaces its membership. Returns whether the room is new.
    fn insert(&mut self, room: RoomId, membership: Membership) -> bool {
        let index = self.index(room);
        match index {
            Ok(index) => self.rooms.iter_mut().skip(index).take(1).for_each(|(_, stay)| *stay = membership),
            Err(index) => self.rooms.insert(index, (room, membership)),
        }
        index.is_err()
    }

    /// Removes a room. Returns whether it was there.
    fn remove(&mut self, room: RoomId) -> bool {
        let index = self.index(room).map(|index| self.rooms.remove(index));
        index.is_ok()
    }
}

/// All rooms and memberships.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomTable {
    by_id: UndoMap<BTreeMap<RoomId, RoomState>>,
    by_name: UndoMap<HashMap<NameKey, RoomId>>,
    memberships: UndoMap<HashMap<MemberId, Memberships>>,
    counts: RoomCounts,
    /// The newest `room_created`: room, creator and position. The creator's `member_joined` follows in the
    /// same commit.
    newest_creation: UndoCell<Option<(RoomId, MemberId, u64)>>,
}

impl Default for RoomTable {
    fn default() -> Self {
        let by_name = LOBBY_NAMES
            .iter()
            .filter_map(|name| Some((Name::parse(name).ok()?.key().clone(), RoomId::LOBBY)));
        let mut counts = RoomCounts::default();
        counts.add(None, false);
        RoomTable {
            by_id: BTreeMap::from([(RoomId::LOBBY, RoomState::default())]).into(),
            by_name: by_name.collect::<HashMap<_, _>>().into(),
            memberships: HashMap::new().into(),
            counts,
            newest_creation: None.into(),
        }
    }
}

/// Checks and trims a description as a person typed it.
///
/// # Errors
/// [`ErrorCode::DescriptionRefused`] if it is too long or has control characters.
pub fn parse_description(typed: &str) -> Result<String, ErrorCode> {
    let text = typed.trim();
    let is_refused = |c: char| c.is_control() && c != '\n';
    // The bytes are checked first, so that the characters of a long text are not counted.
    let is_too_long = text.len() > DESCRIPTION_CHARS_MAX * 4 || text.chars().count() > DESCRIPTION_CHARS_MAX;
    if is_too_long || text.chars().any(is_refused) {
        return Err(ErrorCode::DescriptionRefused);
    }
    Ok(text.to_owned())
}

impl RoomTable {
    /// Restores a room from a store's projections. Its members follow.
    pub fn restore(&mut self, id: RoomId, state: RoomState) {
        if let Some(name) = &state.name {
            self.by_name.insert(name.key().clone(), id);
        }
        self.counts.add(state.maker, state.archived);
        if let Some(old) = self.by_id.insert(id, state) {
            self.counts.remove(old.maker, old.archived);
        }
    }

    /// Restores the memberships of a member, in the order of the rooms' ids, and the position of the last event
    /// addressed to the member. Counts the member in each room.
    pub fn restore_member(
        &mut self,
        member: MemberId,
        last: u64,
        rooms: impl ExactSizeIterator<Item = (RoomId, Membership)>,
    ) {
        let rooms: Vec<_> = rooms.collect();
        for (room, _) in &rooms {
            if let Some(state) = self.by_id.get_mut(room) {
                state.members = state.members.saturating_add(1);
            }
        }
        self.memberships.insert(member, Memberships { rooms, last });
    }

    /// Returns the state of a room.
    pub fn get(&self, id: RoomId) -> Option<&RoomState> {
        self.by_id.get(&id)
    }

    /// Iterates over all rooms in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = (RoomId, &RoomState)> {
        self.by_id.iter().map(|(id, state)| (*id, state))
    }

    /// Returns the id of the next room.
    pub fn next_id(&self) -> RoomId {
        RoomId(self.by_id.keys().next_back().map_or(RoomId::LOBBY.0, |id| id.0) + 1)
    }

    /// Returns the position of the room's `member_joined` of a member; none if the member is not in the room.
    pub fn joined(&self, member: MemberId, room: RoomId) -> Option<u64> {
        self.membership(member, room).map(|membership| membership.joined)
    }

    /// Returns the membership of a member in a room; none if the member is not in the room.
    pub fn membership(&self, member: MemberId, room: RoomId) -> Option<Membership> {
        self.memberships.get(&member)?.get(room)
    }

    /// Iterates over the memberships of a member, in the order of the rooms' ids.
    pub fn of(&self, member: MemberId) -> impl Iterator<Item = (RoomId, Membership)> {
        self.memberships.get(&member).into_iter().flat_map(|memberships| memberships.rooms.iter().copied())
    }

    /// Returns the position of the last event with this address; 0 if there is none.
    pub fn last(&self, to: Address) -> u64 {
        match to {
            Address::Room(room) => self.by_id.get(&room).map_or(0, |state| state.last),
            Address::Member(member) => {
                self.memberships.get(&member).map_or(0, |memberships| memberships.last)
            }
        }
    }

    /// Returns the rooms of a member, the lobby first.
    pub fn entries(&self, member: MemberId) -> Vec<RoomEntry> {
        self.of(member).filter_map(|(id, _)| self.entry(member, id)).collect()
    }

    /// Returns one room of a member; none if the member is not in the room.
    pub fn entry(&self, member: MemberId, id: RoomId) -> Option<RoomEntry> {
        let (joined, state) = (self.joined(member, id)?, self.by_id.get(&id)?);
        let RoomState { members, last, seq, .. } = *state;
        let (name, description) = (state.name(), state.description.clone());
        Some(RoomEntry { id, name, description, members, joined, last, seq, marker: None })
    }

    /// Returns one room as the list of rooms shows it to a member.
    pub fn listed(&self, member: MemberId, id: RoomId) -> Option<DirectoryRoom> {
        let state = self.by_id.get(&id)?;
        Some(DirectoryRoom {
            id,
            name: state.name(),
            description: state.description.clone(),
            members: state.members,
            joined: self.joined(member, id).is_some(),
        })
    }

    /// Checks that there may be one more room that is not archived, made by this member.
    ///
    /// # Errors
    /// [`ErrorCode::RoomsFull`] or [`ErrorCode::TooManyRoomsMade`].
    pub fn check_space(&self, maker: Option<MemberId>) -> Result<(), ErrorCode> {
        self.counts.check_active(maker)
    }

    /// Checks that there may be one more archived room.
    ///
    /// # Errors
    /// [`ErrorCode::RoomsFull`].
    pub fn check_archive(&self) -> Result<(), ErrorCode> {
        self.counts.check_archived()
    }

    /// Checks that the room `of`, or a new room, may have this name.
    ///
    /// # Errors
    /// [`ErrorCode::NameTaken`].
    pub fn check_name(&self, name: &Name, of: Option<RoomId>) -> Result<(), ErrorCode> {
        match self.by_name.get(name.key()) {
            Some(holder) if Some(*holder) != of => Err(ErrorCode::NameTaken),
            _ => Ok(()),
        }
    }

    /// Checks that a member may join another room.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRooms`].
    pub fn check_join(&self, member: MemberId) -> Result<(), ErrorCode> {
        let count = self.memberships.get(&member).map_or(0, |memberships| memberships.rooms.len());
        if count >= ROOMS_PER_MEMBER_MAX { Err(ErrorCode::TooManyRooms) } else { Ok(()) }
    }

    /// Returns the parts that go back to a savepoint.
    pub(super) fn parts(&mut self) -> impl Iterator<Item = &mut dyn Savepoint> {
        let RoomTable { by_id, by_name, memberships, counts, newest_creation } = self;
        let parts: [&mut dyn Savepoint; 4] = [by_id, by_name, memberships, newest_creation];
        parts.into_iter().chain(counts.parts())
    }

    /// Records the position of an event with this address.
    pub(crate) fn advance(&mut self, to: Address, n: u64) {
        match to {
            Address::Room(room) => {
                if let Some(state) = self.by_id.get_mut(&room) {
                    state.last = n;
                }
            }
            Address::Member(member) => {
                if let Some(memberships) = self.memberships.get_mut(&member) {
                    memberships.last = n;
                }
            }
        }
    }

    /// Records the number of a room's newest message.
    pub(crate) fn set_seq(&mut self, room: RoomId, seq: u64) {
        if let Some(state) = self.by_id.get_mut(&room) {
            state.seq = seq;
        }
    }

    /// Applies `room_created` or `room_changed`: puts a new room into the table, or replaces the name and
    /// description of a known one.
    pub(crate) fn put_room(&mut self, room: &Room, name: Name) {
        if !self.by_id.contains_key(&room.id) {
            self.counts.add(None, false);
        }
        let state = self.by_id.get_or_default(room.id);
        if let Some(old) = state.name.take() {
            self.by_name.remove(old.key());
        }
        self.by_name.insert(name.key().clone(), room.id);
        state.name = Some(name);
        state.description = room.description.clone();
    }

    /// Records that a room was archived or restored.
    pub(crate) fn set_archived(&mut self, room: RoomId, archived: bool) {
        if let Some(state) = self.by_id.get_mut(&room) {
            self.counts.remove(state.maker, state.archived);
            state.archived = archived;
            self.counts.add(state.maker, state.archived);
        }
    }

    /// Notes that a room was created at position `n`.
    pub(crate) fn note_creation(&mut self, room: RoomId, creator: MemberId, n: u64) {
        *self.newest_creation = Some((room, creator, n));
        if let Some(state) = self.by_id.get_mut(&room) {
            self.counts.remove(state.maker, state.archived);
            state.maker = Some(creator);
            self.counts.add(state.maker, state.archived);
        }
    }

    /// Returns the newest `room_created`: room, creator and position.
    pub(crate) fn newest_creation(&self) -> Option<(RoomId, MemberId, u64)> {
        *self.newest_creation
    }

    /// Adds a member to a room.
    pub(crate) fn add_member(&mut self, member: MemberId, room: RoomId, membership: Membership) {
        let is_new = self.memberships.get_or_default(member).insert(room, membership);
        if is_new && let Some(state) = self.by_id.get_mut(&room) {
            state.members = state.members.saturating_add(1);
        }
    }

    /// Removes a member from a room; with the lobby, from all records.
    pub(crate) fn remove_member(&mut self, member: MemberId, room: RoomId) {
        let has_left = self.memberships.get_mut(&member).is_some_and(|memberships| memberships.remove(room));
        if has_left && let Some(state) = self.by_id.get_mut(&room) {
            state.members = state.members.saturating_sub(1);
        }
        if room == RoomId::LOBBY {
            self.memberships.remove(&member);
        }
    }
}
