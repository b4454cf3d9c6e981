//! The command that posts a message. Until it is settled, its row stands at the end of its conversation.

use super::OutboxCommand;
use crate::composer_rules::{self, TextRefusal};
use crate::conversation::Conversation;
use serde::Serialize;
use shared::command::Post;
use shared::{ClientId, Command, ErrorCode, RoomId};

/// A message to a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostBody {
    /// The room that the message is posted to.
    pub room: RoomId,
    /// The text of the message.
    pub text: String,
}

impl OutboxCommand for PostBody {
    fn conversation(&self) -> Option<Conversation> {
        Some(self.room.into())
    }

    fn refusal(&self) -> Option<ErrorCode> {
        match composer_rules::check(&self.text) {
            Ok(()) => None,
            Err(TextRefusal::Empty) => Some(ErrorCode::TextEmpty),
            Err(TextRefusal::TooLong { .. }) => Some(ErrorCode::TextTooLong),
        }
    }

    fn command(&self, reference: u64, client_id: ClientId) -> Command {
        Command::Post(Post { reference, client_id, room: self.room, text: self.text.clone() })
    }

    fn row_text(&self) -> Option<&str> {
        Some(&self.text)
    }
}
