//! The key of a row, from local echo to history.

use shared::{ClientId, MemberId};

/// The author and the `client_id` of a message or command. They stay the same from local echo to history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The author. A `client_id` alone could be forged.
    pub author: MemberId,
    /// The author's id for the message or command.
    pub client_id: ClientId,
}

impl std::fmt::Display for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.author.0, self.client_id)
    }
}
