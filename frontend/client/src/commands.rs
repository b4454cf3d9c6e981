//! The durable commands. Each has a file with its stored form, the check before it is sent, its form on the wire, and
//! its effect on the rows until the server settles it.
//!
//! A new command is a file here, a variant of [`CommandBody`], and its name in [`CommandBody::read`].

mod change;
mod create;
mod join;
mod leave;
mod post;

use crate::conversation::Conversation;
pub use change::ChangeBody;
pub use create::CreateBody;
pub use join::JoinBody;
pub use leave::LeaveBody;
pub use post::PostBody;
use serde::Serialize;
use shared::json::{DecodeError, FromJson, Json};
use shared::{ClientId, Command, ErrorCode, RoomId};

/// One kind of durable command.
pub(crate) trait OutboxCommand {
    /// The conversation whose order the command belongs to; `None` if the command needs no order.
    fn conversation(&self) -> Option<Conversation>;

    /// The reason why the command can never be sent.
    ///
    /// A form has checked the texts, but a row can come from the storage. A frame over the limit would end each
    /// connection that it is sent on.
    fn refusal(&self) -> Option<ErrorCode> {
        None
    }

    /// The command as it is sent.
    fn command(&self, reference: u64, client_id: ClientId) -> Command;

    /// The text of the row that the command adds to its conversation until it is settled; `None` if it adds none.
    fn row_text(&self) -> Option<&str> {
        None
    }

    /// Whether the reply names a room that the person waits for.
    fn opens_room(&self) -> bool {
        false
    }
}

/// The command that a row stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CommandBody {
    /// Post a message to a room.
    Post(PostBody),
    /// Create a room.
    Create(CreateBody),
    /// Change a room's name and description.
    Change(ChangeBody),
    /// Join a room.
    Join(JoinBody),
    /// Leave a room.
    Leave(LeaveBody),
}

impl FromJson for CommandBody {
    fn read(json: Json) -> Result<Self, DecodeError> {
        let mut body = json.into_object()?;
        let kind: String = body.field("kind")?;
        Ok(match &*kind {
            "post" => CommandBody::post(body.field("room")?, body.field("text")?),
            "create" => CommandBody::create(body.field("name")?, body.field("description")?),
            "change" => {
                CommandBody::change(body.field("room")?, body.field("name")?, body.field("description")?)
            }
            "join" => CommandBody::join(body.field("room")?),
            "leave" => CommandBody::leave(body.field("room")?),
            _ => return Err(DecodeError("kind")),
        })
    }
}

impl CommandBody {
    /// Posts this text to a room.
    pub fn post(room: RoomId, text: String) -> Self {
        CommandBody::Post(PostBody { room, text })
    }

    /// Creates a room with this name and description.
    pub fn create(name: String, description: String) -> Self {
        CommandBody::Create(CreateBody { name, description })
    }

    /// Gives a room this name and description.
    pub fn change(room: RoomId, name: String, description: String) -> Self {
        CommandBody::Change(ChangeBody { room, name, description })
    }

    /// Joins a room.
    pub fn join(room: RoomId) -> Self {
        CommandBody::Join(JoinBody { room })
    }

    /// Leaves a room.
    pub fn leave(room: RoomId) -> Self {
        CommandBody::Leave(LeaveBody { room })
    }

    /// The command of its kind.
    pub(crate) fn kind(&self) -> &dyn OutboxCommand {
        match self {
            CommandBody::Post(body) => body,
            CommandBody::Create(body) => body,
            CommandBody::Change(body) => body,
            CommandBody::Join(body) => body,
            CommandBody::Leave(body) => body,
        }
    }

    /// The room that the command concerns; `None` for a new one.
    pub fn room(&self) -> Option<RoomId> {
        self.kind().conversation().map(|conversation| conversation.room)
    }

    /// The conversation to which the command adds a row, and the row's text; `None` if it adds none.
    pub(crate) fn row(&self) -> Option<(Conversation, &str)> {
        self.kind().conversation().zip(self.kind().row_text())
    }
}

/// The reason why no room can have this name and description: one is longer than any text that the server accepts.
fn refusal_of_texts(name: &str, description: &str) -> Option<ErrorCode> {
    let is_too_long = |text: &str| text.len() > shared::limits::TEXT_BYTES_MAX;
    match () {
        () if is_too_long(name) => Some(ErrorCode::NameTooLong),
        () if is_too_long(description) => Some(ErrorCode::DescriptionRefused),
        () => None,
    }
}
