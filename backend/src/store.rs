//! Where the log lives. A store assigns positions, checks conditions and keeps
//! what it has acknowledged; what a commit means is [`hub::log`]'s to say.

pub mod memory;

use futures_util::future::BoxFuture;
use hub::{
    log::{Change, Outcome},
    member::Members,
};
use shared::{Epoch, RoomId, event::RoomSnapshot};

/// A log that outlives a turn of the registry.
///
/// Calls come from the registry only, one append at a time.
pub trait Store: Send {
    /// Names this life of the log.
    fn epoch(&self) -> Epoch;

    /// The last position given out.
    fn head(&self) -> u64;

    /// The members of today: what the hub starts from.
    fn members(&self) -> Members;

    /// Commits these changes in their order, each by itself all or nothing, at
    /// time `now` (milliseconds since 1970). The outcomes come in the same
    /// order, once they are durable as far as this store goes.
    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>>;

    /// A room with its newest messages; `None` if there is no such room.
    fn snapshot(&mut self, room: RoomId) -> BoxFuture<'static, Option<RoomSnapshot>>;
}
