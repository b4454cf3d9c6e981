//! The command that creates a room. No room waits for it.

use super::{OutboxCommand, refusal_of_texts};
use crate::conversation::Conversation;
use serde::Serialize;
use shared::command::RoomCreate;
use shared::{ClientId, Command, ErrorCode};

/// A new room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateBody {
    /// The room's name.
    pub name: String,
    /// The room's description.
    pub description: String,
}

impl OutboxCommand for CreateBody {
    fn conversation(&self) -> Option<Conversation> {
        None
    }

    fn refusal(&self) -> Option<ErrorCode> {
        refusal_of_texts(&self.name, &self.description)
    }

    fn command(&self, reference: u64, client_id: ClientId) -> Command {
        let CreateBody { name, description } = self.clone();
        Command::RoomCreate(RoomCreate { reference, client_id, name, description })
    }

    fn opens_room(&self) -> bool {
        true
    }
}
