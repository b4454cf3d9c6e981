//! The rooms of the house, and who is in them: the fold of what was made,
//! changed, joined and left.
//!
//! Everyone is in the lobby for as long as they are in the house.

use crate::house::names::{Name, NameKey};
use crate::limits::{ROOMS_MAX, ROOMS_PER_MEMBER_MAX};
use shared::{
    Address, ErrorCode, MemberId, Room, RoomId,
    event::{DirectoryRoom, RoomEntry},
    limits::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, ROOMS_PAGE},
};
use std::collections::{BTreeMap, HashMap};

/// What the page calls the lobby: no other room may be called so.
const LOBBY_NAMES: &[&str] = &["Lobby", "大堂"];

/// One room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomState {
    /// None for the lobby.
    pub name: Option<Name>,
    /// What it is for.
    pub description: String,
    /// How many members are in it.
    pub members: u32,
    /// The last event of its address.
    pub last: u64,
    /// How many messages it has.
    pub seq: u64,
}

impl RoomState {
    fn name(&self) -> String {
        self.name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned())
    }
}

/// One member's part in the rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Memberships {
    /// The rooms, and the position of the joining.
    rooms: BTreeMap<RoomId, u64>,
    /// The last event addressed to this member alone.
    last: u64,
}

/// The rooms.
#[derive(Clone, Debug)]
pub struct RoomTable {
    by_id: BTreeMap<RoomId, RoomState>,
    by_name: HashMap<NameKey, RoomId>,
    stays: HashMap<MemberId, Memberships>,
}

impl Default for RoomTable {
    fn default() -> Self {
        let by_name = LOBBY_NAMES
            .iter()
            .filter_map(|name| Some((Name::parse(name).ok()?.key().clone(), RoomId::LOBBY)));
        RoomTable {
            by_id: BTreeMap::from([(RoomId::LOBBY, RoomState::default())]),
            by_name: by_name.collect(),
            stays: HashMap::new(),
        }
    }
}

/// Judges a description as somebody typed it.
///
/// # Errors
/// [`ErrorCode::DescriptionRefused`].
pub fn description(typed: &str) -> Result<String, ErrorCode> {
    let text = typed.trim();
    let is_refused = |c: char| c.is_control() && c != '\n';
    // The bytes first: a long one is not looked through.
    let is_too_long = text.len() > DESCRIPTION_CHARS_MAX * 4 || text.chars().count() > DESCRIPTION_CHARS_MAX;
    if is_too_long || text.chars().any(is_refused) {
        return Err(ErrorCode::DescriptionRefused);
    }
    Ok(text.to_owned())
}

impl RoomTable {
    /// Puts back a room that was there: what a store starts from.
    pub fn restore(&mut self, id: RoomId, state: RoomState) {
        if let Some(name) = &state.name {
            self.by_name.insert(name.key().clone(), id);
        }
        self.by_id.insert(id, state);
    }

    /// Puts back that a member is in a room since `joined`; the room has counted its members.
    pub fn restore_stay(&mut self, member: MemberId, room: RoomId, joined: u64) {
        self.stays.entry(member).or_default().rooms.insert(room, joined);
    }

    /// Puts back the last event that was addressed to a member alone.
    pub fn restore_last(&mut self, member: MemberId, last: u64) {
        self.stays.entry(member).or_default().last = last;
    }

    /// One room.
    pub fn get(&self, id: RoomId) -> Option<&RoomState> {
        self.by_id.get(&id)
    }

    /// All rooms, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = (RoomId, &RoomState)> {
        self.by_id.iter().map(|(id, state)| (*id, state))
    }

    /// The id of the next room.
    pub fn next_id(&self) -> RoomId {
        RoomId(self.by_id.keys().next_back().map_or(RoomId::LOBBY.0, |id| id.0) + 1)
    }

    /// Since which position a member is in a room.
    pub fn joined(&self, member: MemberId, room: RoomId) -> Option<u64> {
        self.stays.get(&member)?.rooms.get(&room).copied()
    }

    /// Position of the first event of a room that a member may read: `room_created` for the room's
    /// creator, otherwise the member's own `member_joined`. None if the member is not in the room.
    ///
    /// [`crate::House::execute`] gives the events of one change consecutive positions. So the position
    /// before the member's `member_joined` is that of `room_created`, or is not addressed to this room.
    pub fn readable_from(&self, member: MemberId, room: RoomId) -> Option<u64> {
        self.joined(member, room).map(|joined| joined.saturating_sub(1))
    }

    /// The rooms that a member is in, and since when.
    pub fn of(&self, member: MemberId) -> impl Iterator<Item = (RoomId, u64)> {
        self.stays.get(&member).into_iter().flat_map(|stays| stays.rooms.iter().map(|(id, n)| (*id, *n)))
    }

    /// The last event of an address.
    pub fn last(&self, to: Address) -> u64 {
        match to {
            Address::Room(room) => self.by_id.get(&room).map_or(0, |state| state.last),
            Address::Member(member) => self.stays.get(&member).map_or(0, |stays| stays.last),
        }
    }

    /// The rooms that a member is in, the lobby first.
    pub fn entries(&self, member: MemberId) -> Vec<RoomEntry> {
        self.of(member).filter_map(|(id, _)| self.entry(member, id)).collect()
    }

    /// One of them.
    pub fn entry(&self, member: MemberId, id: RoomId) -> Option<RoomEntry> {
        let (joined, state) = (self.joined(member, id)?, self.by_id.get(&id)?);
        let RoomState { description, members, last, seq, .. } = state.clone();
        Some(RoomEntry { id, name: state.name(), description, members, joined, last, seq })
    }

    /// A page of the rooms of the house, as this member sees them: those after `after` whose name
    /// has `find` in it. True if there are more.
    pub fn page(&self, member: MemberId, find: &str, after: Option<RoomId>) -> (Vec<DirectoryRoom>, bool) {
        // No name is longer, however it is written.
        if find.len() > NAME_CHARS_MAX * 4 {
            return (Vec::new(), false);
        }
        let find = find.to_lowercase();
        let from = after.map_or(0, |after| after.0.saturating_add(1));
        let is_wanted =
            |state: &RoomState| find.is_empty() || state.name().to_lowercase().contains(find.as_str());
        let mut wanted = self.by_id.range(RoomId(from)..).filter(|(_, state)| is_wanted(state));
        let rooms = wanted.by_ref().take(ROOMS_PAGE).map(|(id, state)| DirectoryRoom {
            id: *id,
            name: state.name(),
            description: state.description.clone(),
            members: state.members,
            joined: self.joined(member, *id).is_some(),
        });
        let rooms = rooms.collect();
        (rooms, wanted.next().is_some())
    }

    /// Whether this name may be given to a new room, or to `of`.
    ///
    /// # Errors
    /// [`ErrorCode::RoomsFull`] or [`ErrorCode::NameTaken`].
    pub fn may_be_called(&self, name: &Name, of: Option<RoomId>) -> Result<(), ErrorCode> {
        if of.is_none() && self.by_id.len() >= ROOMS_MAX {
            return Err(ErrorCode::RoomsFull);
        }
        match self.by_name.get(name.key()) {
            Some(holder) if Some(*holder) != of => Err(ErrorCode::NameTaken),
            _ => Ok(()),
        }
    }

    /// Whether a member may be in one room more.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRooms`].
    pub fn may_join(&self, member: MemberId) -> Result<(), ErrorCode> {
        let count = self.stays.get(&member).map_or(0, |stays| stays.rooms.len());
        if count >= ROOMS_PER_MEMBER_MAX { Err(ErrorCode::TooManyRooms) } else { Ok(()) }
    }

    /// An event with this address has the position `n`.
    pub(crate) fn advance(&mut self, to: Address, n: u64) {
        match to {
            Address::Room(room) => {
                if let Some(state) = self.by_id.get_mut(&room) {
                    state.last = n;
                }
            }
            Address::Member(member) => {
                if let Some(stays) = self.stays.get_mut(&member) {
                    stays.last = n;
                }
            }
        }
    }

    /// A message was said.
    pub(crate) fn posted(&mut self, room: RoomId, seq: u64) {
        if let Some(state) = self.by_id.get_mut(&room) {
            state.seq = seq;
        }
    }

    /// A room was made or changed.
    pub(crate) fn describe(&mut self, room: &Room, name: Name) {
        let state = self.by_id.entry(room.id).or_default();
        if let Some(old) = state.name.take() {
            self.by_name.remove(old.key());
        }
        self.by_name.insert(name.key().clone(), room.id);
        state.name = Some(name);
        state.description = room.description.clone();
    }

    /// A member joined a room, at position `n`.
    pub(crate) fn join(&mut self, member: MemberId, room: RoomId, n: u64) {
        let before = self.stays.entry(member).or_default().rooms.insert(room, n);
        if let (None, Some(state)) = (before, self.by_id.get_mut(&room)) {
            state.members = state.members.saturating_add(1);
        }
    }

    /// A member left a room; with the lobby, the house.
    pub(crate) fn leave(&mut self, member: MemberId, room: RoomId) {
        let left = self.stays.get_mut(&member).and_then(|stays| stays.rooms.remove(&room));
        if let (Some(_), Some(state)) = (left, self.by_id.get_mut(&room)) {
            state.members = state.members.saturating_sub(1);
        }
        if room == RoomId::LOBBY {
            self.stays.remove(&member);
        }
    }
}
