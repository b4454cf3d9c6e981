//! Rooms as frames name them.

use crate::RoomId;
use serde::Serialize;

/// Room with its name and description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    /// Id, which stays when the name changes.
    pub id: RoomId,
    /// Name, unique among the rooms; empty for the lobby, which the page names in each language.
    pub name: String,
    /// Description of the room.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

crate::read! {
    Room { id, name, description or default }
}
