//! Changes: the modifications of the house that the hub asks the store to record, and the store's answers.
//!
//! An answer holds no events. Every hub that reads the log receives them from the tail, in
//! [commits](super::commit::Commit).

use crate::house::members::DeviceKey;
use crate::house::names::Name;
use shared::{ClientId, ErrorCode, MemberId, RoomId};

/// Durable modification of the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Posts a message. The author must be in the room; the passer-by may post to the lobby only.
    Post {
        /// Room the message is posted to.
        room: RoomId,
        /// Member who posts.
        author: MemberId,
        /// Number of the passer-by's connection; none for members.
        tag: Option<u32>,
        /// Id that the author's client gave to the message.
        client_id: ClientId,
        /// Plain text, whose length the hub has checked.
        text: String,
    },
    /// Adds a member, who joins the lobby. The name must be free and must not rest. If the device has a member already, the
    /// change is a retry whose answer was lost, and that member stays the only one.
    Join {
        /// Name of the new member.
        name: Name,
        /// First device of the new member.
        device: DeviceKey,
    },
    /// Gives a member a new name, which must be free. Only the member who gave it up can take one that rests.
    Rename {
        /// Member who is renamed.
        member: MemberId,
        /// Name that the member gets; the old one rests.
        name: Name,
    },
    /// Removes a member from every room, the lobby included, and so from the house.
    Leave {
        /// Member who leaves.
        member: MemberId,
    },
    /// Creates a room, whose name must be free. The author becomes its first member.
    CreateRoom {
        /// Member who creates the room.
        author: MemberId,
        /// Id that the author's client gave to the command.
        client_id: ClientId,
        /// Name of the room.
        name: Name,
        /// Description, which the hub has checked.
        description: String,
    },
    /// Replaces name and description of a room. The author must be in the room, and the lobby cannot be
    /// changed.
    ChangeRoom {
        /// Member who changes the room.
        author: MemberId,
        /// Id that the author's client gave to the command.
        client_id: ClientId,
        /// Room that is changed.
        room: RoomId,
        /// Name that the room gets, which may be its present one; otherwise it must be free.
        name: Name,
        /// New description, which the hub has checked.
        description: String,
    },
    /// Adds the author to a room. Without effect if the author is in the room already.
    JoinRoom {
        /// Member who joins.
        author: MemberId,
        /// Id that the author's client gave to the command.
        client_id: ClientId,
        /// Room that the author joins.
        room: RoomId,
    },
    /// Removes the author from a room. The lobby can be left with the house only.
    LeaveRoom {
        /// Member who leaves.
        author: MemberId,
        /// Id that the author's client gave to the command.
        client_id: ClientId,
        /// Room that the author leaves.
        room: RoomId,
    },
    /// Archives a room, or restores it. Without effect if it is so already.
    ArchiveRoom {
        /// Member who made the room.
        author: MemberId,
        /// Id that the author's client gave to the command.
        client_id: ClientId,
        /// Room that is archived or restored.
        room: RoomId,
        /// True to archive the room, false to restore it.
        archived: bool,
    },
}

impl Change {
    /// Returns the key that distinguishes a retry from a second change: author and `client_id`.
    pub fn key(&self) -> Option<(MemberId, ClientId)> {
        match self {
            Change::Post { author, client_id, .. }
            | Change::CreateRoom { author, client_id, .. }
            | Change::ChangeRoom { author, client_id, .. }
            | Change::JoinRoom { author, client_id, .. }
            | Change::LeaveRoom { author, client_id, .. }
            | Change::ArchiveRoom { author, client_id, .. } => Some((*author, *client_id)),
            Change::Join { .. } | Change::Rename { .. } | Change::Leave { .. } => None,
        }
    }
}

impl Change {
    /// Returns the bytes of the texts that people wrote, which count as the size of the change.
    pub fn text_bytes(&self) -> usize {
        match self {
            Change::Post { text, .. } => text.len(),
            Change::CreateRoom { name, description, .. } | Change::ChangeRoom { name, description, .. } => {
                name.as_str().len() + description.len()
            }
            Change::Join { name, .. } | Change::Rename { name, .. } => name.as_str().len(),
            Change::Leave { .. }
            | Change::JoinRoom { .. }
            | Change::LeaveRoom { .. }
            | Change::ArchiveRoom { .. } => 0,
        }
    }
}

/// Answer of the store to the author of an accepted change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Position of the change's event.
    pub n: u64,
    /// Number of the message in its room; 0 for other changes.
    pub seq: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Room that was created, changed, joined, left, archived or restored; none for messages and for changes of the house.
    pub room: Option<RoomId>,
}

/// Tells the receipts of new changes from those of retries and of changes without effect, which name an earlier
/// position. If several programs write to the log, the retry of a change that another one has made may count as new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewReceipts {
    /// Greatest position of a receipt, or the head of the log before the first append.
    last: u64,
}

impl NewReceipts {
    /// Makes a value for the appends to a log that ends at this position.
    pub fn after(head: u64) -> Self {
        NewReceipts { last: head }
    }

    /// Whether a change has made new events. Takes each outcome once, in the order of the appends.
    pub fn is_new(&mut self, outcome: &Outcome) -> bool {
        let n = outcome.map_or(0, |receipt| receipt.n);
        let is_new = n > self.last;
        self.last = self.last.max(n);
        is_new
    }
}

/// Outcome of a change: its receipt, or the code of the condition that does not hold. A retry gets the
/// receipt of the first try.
pub type Outcome = Result<Receipt, ErrorCode>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_with_events_of_its_own_is_new() {
        let receipt = |n| Ok(Receipt { n, seq: 0, at: 0, room: None });
        let mut receipts = NewReceipts::after(7);
        for (outcome, is_new) in [
            (receipt(7), false),
            (receipt(8), true),
            (Err(ErrorCode::NameTaken), false),
            (receipt(8), false),
            (receipt(11), true),
            (receipt(3), false),
            (receipt(11), false),
        ] {
            assert_eq!(receipts.is_new(&outcome), is_new, "{outcome:?}");
        }
    }
}
