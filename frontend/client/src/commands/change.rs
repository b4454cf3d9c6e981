//! The command that changes a room's name and description.

use super::{OutboxCommand, refusal_of_texts};
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
        refusal_of_texts(&self.name, &self.description)
    }

    fn command(&self, reference: u64, client_id: ClientId) -> Command {
        let ChangeBody { room, name, description } = self.clone();
        Command::RoomChange(RoomChange { reference, client_id, room, name, description })
    }
}
