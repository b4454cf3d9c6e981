//! The oracle's record of one connection: the posts sent on it, and the order of those received.

use std::collections::HashMap;

use shared::{Address, ClientId, RoomId};

/// Record of one connection, from its opening to its end.
#[derive(Debug, Default)]
pub(super) struct ConnectionRecord {
    /// Posts that were sent, by their `ref`, to which a reply is matched.
    pub(super) posts: HashMap<u64, ClientId>,
    /// Position of the last post received, by room.
    newest: HashMap<RoomId, u64>,
}

impl ConnectionRecord {
    /// Records that a post was received. Returns true if a later one of its room was received before.
    pub(super) fn receive_post(&mut self, to: Address, n: u64) -> bool {
        match to {
            Address::Room(room) => self.newest.insert(room, n).is_some_and(|before| before >= n),
            Address::Member(_) => false,
        }
    }
}
