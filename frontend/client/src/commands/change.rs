//! The command that changes a room's name and description.

use super::{OutboxCommand, is_too_long};
use crate::conversation::Conversation;
use serde::Serialize;
use shared::command::RoomChange;
use shared::{ClientId, Command, ErrorCode, RoomId};

/// The new name and description of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeBody {
    /// The room to change.
    pub room: RoomId,
    /// The room's new name.
    pub name: String,
    /// The room's new description.
    pub description: String,
}

impl OutboxCommand for ChangeBody {
    fn conversation(&self) -> Option<Conversation> {
        Some(self.room.into())
    }

    fn refusal(&self) -> Option<ErrorCode> {
        match () {
            () if is_too_long(&self.name) => Some(ErrorCode::NameTooLong),
            () if is_too_long(&self.description) => Some(ErrorCode::DescriptionRefused),
            () => None,
        }
    }

    fn command(&self, reference: u64, client_id: ClientId) -> Command {
        let ChangeBody { room, name, description } = self.clone();
        Command::RoomChange(RoomChange { reference, client_id, room, name, description })
    }
}
