//! A conversation: a room's own timeline, or one thread in it.

use shared::RoomId;

/// A room's own timeline, or one thread in it. Drafts, the order of sending, pages of history, jumps and composers
/// belong to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conversation {
    /// Room of the messages.
    pub room: RoomId,
    /// Position of the message that the thread answers; `None` for the room's own timeline. There are no threads
    /// yet, so it is always `None`.
    pub root: Option<u64>,
}

impl Conversation {
    /// The timeline of the lobby.
    pub const LOBBY: Conversation = Conversation { room: RoomId::LOBBY, root: None };
}

impl From<RoomId> for Conversation {
    fn from(room: RoomId) -> Self {
        Conversation { room, root: None }
    }
}
