//! The command that leaves a room.

use super::OutboxCommand;
use crate::conversation::Conversation;
use serde::Serialize;
use shared::command::RoomMove;
use shared::{ClientId, Command, RoomId};

/// A room to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeaveBody {
    /// Room that the member leaves.
    pub room: RoomId,
}

impl OutboxCommand for LeaveBody {
    fn conversation(&self) -> Option<Conversation> {
        Some(self.room.into())
    }

    fn command(&self, reference: u64, client_id: ClientId) -> Command {
        Command::RoomLeave(RoomMove { reference, client_id, room: self.room })
    }
}
