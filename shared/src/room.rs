//! Rooms.

use crate::RoomId;
use serde::Serialize;

/// A room as others see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    /// Stays when the name changes.
    pub id: RoomId,
    /// Unique among the rooms; empty for the lobby, which has one in each language.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

crate::read! {
    Room { id, name, description or default }
}
