//! What the oracle wants to know of one connection: the posts sent on it, and the order of those that came.

use std::collections::HashMap;

use shared::{Address, ClientId, RoomId};

/// The record.
#[derive(Debug, Default)]
pub(super) struct ConnectionRecord {
    /// The posts that were sent, by their `ref`.
    pub(super) posts: HashMap<u64, ClientId>,
    /// The position of the last post that came, by room.
    newest: HashMap<RoomId, u64>,
}

impl ConnectionRecord {
    /// A post came; true if it came after a later one of its room.
    pub(super) fn receive_post(&mut self, to: Address, n: u64) -> bool {
        match to {
            Address::Room(room) => self.newest.insert(room, n).is_some_and(|before| before >= n),
            Address::Member(_) => false,
        }
    }
}
