//! The command that joins a room.

use super::OutboxCommand;
use crate::conversation::Conversation;
use serde::Serialize;
use shared::command::RoomMove;
use shared::{ClientId, Command, RoomId};

/// A room to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinBody {
    /// Room that the member joins.
    pub room: RoomId,
}

impl OutboxCommand for JoinBody {
    fn conversation(&self) -> Option<Conversation> {
        Some(self.room.into())
    }

    fn command(&self, reference: u64, client_id: ClientId) -> Command {
        Command::RoomJoin(RoomMove { reference, client_id, room: self.room })
    }

    fn opens_room(&self) -> bool {
        true
    }
}
