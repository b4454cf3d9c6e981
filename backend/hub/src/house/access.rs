//! Access: the one place that answers who may read or do what.
//!
//! [`may`] is asked before each subscription, replay, page of history, list of rooms and list of present
//! members, by the HTTP requests about identity, and by each transaction of [`House::execute`]. PROTOCOL.md
//! lists the same rules in its table of powers; a test compares the two.

use super::House;
use shared::{Address, ErrorCode, MemberId, RoomId, event::Position};

/// Party that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Person without a name: a client of the text dialect, or a visitor who has not joined.
    PasserBy,
    /// Person who is signed in as this member.
    Member(MemberId),
    /// The server itself, on behalf of its admin.
    System,
}

impl Actor {
    /// Returns the actor of a change by this author.
    pub fn of(author: MemberId) -> Self {
        if author == MemberId::PASSER_BY { Actor::PasserBy } else { Actor::Member(author) }
    }
}

/// Deed that an actor wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Join the house under a name.
    JoinHouse,
    /// List the rooms of the house.
    ListRooms,
    /// See who is present.
    SeePresence,
    /// Create a room.
    CreateRoom,
    /// Receive the events of an address from now on.
    Receive,
    /// Read the earlier events of an address.
    Read,
    /// Find a room in the list of rooms.
    FindRoom,
    /// Post a message to a room.
    Post,
    /// Join a room.
    JoinRoom,
    /// Leave a room.
    LeaveRoom,
    /// Change name and description of a room.
    ChangeRoom,
    /// Archive a room, or restore it.
    ArchiveRoom,
    /// Give a member another name.
    Rename,
    /// Remove a member from the house.
    SignOut,
}

impl Action {
    /// Every action, in the order of the table in PROTOCOL.md.
    pub const ALL: &'static [Action] = &[
        Action::JoinHouse,
        Action::ListRooms,
        Action::SeePresence,
        Action::CreateRoom,
        Action::Receive,
        Action::Read,
        Action::FindRoom,
        Action::Post,
        Action::JoinRoom,
        Action::LeaveRoom,
        Action::ChangeRoom,
        Action::ArchiveRoom,
        Action::Rename,
        Action::SignOut,
    ];
}

/// Object of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The house as a whole.
    House,
    /// A room, and the events that are addressed to it.
    Room(RoomId),
    /// One member, and the events that are addressed to the member.
    Member(MemberId),
}

impl From<Address> for Target {
    fn from(to: Address) -> Self {
        match to {
            Address::Room(room) => Target::Room(room),
            Address::Member(member) => Target::Member(member),
        }
    }
}

/// Circle of members who may find a room and join it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Every member of the house.
    Public,
}

/// Role of an actor in a room that the actor may find, least powerful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Not in the room.
    Outsider,
    /// In the room.
    Member,
    /// In the room, and the member who made it.
    Maker,
    /// Able to do everything: the server itself.
    Keeper,
}

/// Checks that an actor may do something to a target. The check reads no limits, such as those of names and
/// counts.
///
/// # Errors
/// [`ErrorCode::SignInRequired`] for somebody who is not this member, or no member at all.
/// [`ErrorCode::RoomUnknown`] whether the room or the other member exists or not: a refusal reveals nothing.
/// [`ErrorCode::LobbyStays`], [`ErrorCode::RoomArchived`], [`ErrorCode::NotTheMaker`],
/// [`ErrorCode::AlreadySignedIn`], and [`ErrorCode::BadField`] for an action that
/// this target does not have.
pub fn may(house: &House, actor: Actor, action: Action, target: Target) -> Result<(), ErrorCode> {
    match actor {
        Actor::Member(id) if !house.members.contains(id) => return Err(ErrorCode::SignInRequired),
        Actor::PasserBy => return may_without_name(action, target),
        Actor::Member(_) | Actor::System => {}
    }
    match target {
        Target::House => may_in_house(actor, action),
        Target::Room(room) => may_in_room(house, actor, action, room),
        Target::Member(member) => may_to_member(house, actor, action, member),
    }
}

fn may_without_name(action: Action, target: Target) -> Result<(), ErrorCode> {
    match (action, target) {
        (Action::JoinHouse, Target::House)
        | (Action::Receive | Action::Post, Target::Room(RoomId::LOBBY)) => Ok(()),
        _ => Err(ErrorCode::SignInRequired),
    }
}

fn may_in_house(actor: Actor, action: Action) -> Result<(), ErrorCode> {
    match (action, actor) {
        (Action::JoinHouse, Actor::Member(_)) => Err(ErrorCode::AlreadySignedIn),
        (Action::JoinHouse | Action::ListRooms | Action::SeePresence | Action::CreateRoom, _) => Ok(()),
        _ => Err(ErrorCode::BadField),
    }
}

fn may_in_room(house: &House, actor: Actor, action: Action, room: RoomId) -> Result<(), ErrorCode> {
    let Some(role) = role(house, actor, room) else { return Err(ErrorCode::RoomUnknown) };
    let is_lobby = room == RoomId::LOBBY;
    let least = match action {
        Action::FindRoom | Action::JoinRoom => Role::Outsider,
        Action::LeaveRoom | Action::ChangeRoom | Action::ArchiveRoom if is_lobby => {
            return Err(ErrorCode::LobbyStays);
        }
        Action::Receive | Action::Read | Action::Post | Action::LeaveRoom | Action::ChangeRoom => {
            Role::Member
        }
        Action::ArchiveRoom => Role::Maker,
        _ => return Err(ErrorCode::BadField),
    };
    let state = house.rooms.get(room);
    let is_archived = state.is_some_and(|state| state.archived);
    // A maker who has left an archived room can come back, to restore it.
    let is_made = state.is_some_and(|state| state.maker.map(Actor::Member) == Some(actor));
    match action {
        Action::ArchiveRoom if role == Role::Member => Err(ErrorCode::NotTheMaker),
        _ if role < least => Err(ErrorCode::RoomUnknown),
        Action::FindRoom | Action::Post | Action::ChangeRoom if is_archived => Err(ErrorCode::RoomArchived),
        Action::JoinRoom if is_archived && role == Role::Outsider && !is_made => Err(ErrorCode::RoomArchived),
        _ => Ok(()),
    }
}

fn may_to_member(house: &House, actor: Actor, action: Action, member: MemberId) -> Result<(), ErrorCode> {
    let is_own = actor == Actor::Member(member);
    let is_allowed = is_own || (actor == Actor::System && house.members.contains(member));
    match action {
        Action::Receive | Action::Read if is_allowed => Ok(()),
        Action::Receive | Action::Read => Err(ErrorCode::RoomUnknown),
        Action::Rename | Action::SignOut if is_allowed => Ok(()),
        Action::Rename | Action::SignOut => Err(ErrorCode::SignInRequired),
        _ => Err(ErrorCode::BadField),
    }
}

/// Returns the role of an actor in a room; none if the room does not exist or the actor may not find it.
pub fn role(house: &House, actor: Actor, room: RoomId) -> Option<Role> {
    let state = house.rooms.get(room)?;
    match (actor, state.visibility()) {
        (Actor::System, _) => Some(Role::Keeper),
        (Actor::Member(member), _) if house.rooms.membership(member, room).is_some() => {
            // A room whose maker has left the house must not count as a room of the house for ever.
            let is_makers = |maker| maker == member || !house.members.contains(maker);
            Some(if state.maker.is_some_and(is_makers) { Role::Maker } else { Role::Member })
        }
        (Actor::Member(_), Visibility::Public) => Some(Role::Outsider),
        (Actor::PasserBy, _) => None,
    }
}

/// Checks that a member may read the earlier events of an address.
///
/// # Errors
/// The code of [`may`].
pub fn may_read(house: &House, member: MemberId, to: Address) -> Result<(), ErrorCode> {
    may(house, Actor::Member(member), Action::Read, to.into())
}

/// Whether a member may receive the events of an address from now on.
pub fn may_receive(house: &House, member: MemberId, to: Address) -> bool {
    may(house, Actor::Member(member), Action::Receive, to.into()).is_ok()
}

/// Whether a client of the text dialect may receive the messages of the lobby.
pub fn may_receive_nameless(house: &House) -> bool {
    may(house, Actor::PasserBy, Action::Receive, Target::Room(RoomId::LOBBY)).is_ok()
}

/// Whether a member may see who is present.
pub fn may_see_presence(house: &House, member: MemberId) -> bool {
    may(house, Actor::Member(member), Action::SeePresence, Target::House).is_ok()
}

/// Whether a member may read the event at this position.
pub fn may_read_event(house: &House, member: MemberId, position: Position) -> bool {
    first_readable(house, member, position.to).is_some_and(|first| first <= position.n)
}

/// Returns the position from which on a member may read an address; none if the member may not.
pub fn first_readable(house: &House, member: MemberId, to: Address) -> Option<u64> {
    may_read(house, member, to).ok()?;
    match to {
        Address::Room(room) => house.rooms.membership(member, room).map(|stay| stay.readable_from),
        Address::Member(_) => Some(0),
    }
}
