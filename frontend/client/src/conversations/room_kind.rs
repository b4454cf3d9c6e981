//! The kinds of rooms, which differ in their names and in what members can do.

use shared::RoomId;

/// The kind of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// The room that every member is in. Its name depends on the language, and nobody can change or leave it.
    Lobby,
    /// A room that a member created.
    Created,
}

impl RoomKind {
    /// The kind of this room.
    pub fn of(room: RoomId) -> Self {
        if room == RoomId::LOBBY { RoomKind::Lobby } else { RoomKind::Created }
    }

    /// Whether its members can change its name and description, and leave it.
    pub fn can_be_changed(self) -> bool {
        self == RoomKind::Created
    }

    /// Whether the room's events tell the names of all members of the house.
    pub(crate) fn has_all_members(self) -> bool {
        self == RoomKind::Lobby
    }
}
