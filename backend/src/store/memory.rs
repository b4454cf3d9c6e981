//! The store in memory: [`hub::log::Log`] and nothing else. A restart is a new
//! epoch.

use super::Store;
use futures_util::future::{BoxFuture, FutureExt, ready};
use hub::{
    log::{Change, Log, Outcome},
    member::Members,
};
use shared::{Epoch, RoomId, event::RoomSnapshot};

/// A log in memory.
#[derive(Debug)]
pub struct MemoryStore(Log);

impl MemoryStore {
    /// An empty log of this epoch, which must be random.
    pub fn new(epoch: Epoch) -> Self {
        MemoryStore(Log::new(epoch))
    }
}

impl Store for MemoryStore {
    fn epoch(&self) -> Epoch {
        self.0.epoch()
    }

    fn head(&self) -> u64 {
        self.0.head()
    }

    fn members(&self) -> Members {
        self.0.members().clone()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let outcomes = changes.into_iter().map(|change| self.0.append(change, now)).collect();
        ready(outcomes).boxed()
    }

    fn snapshot(&mut self, room: RoomId) -> BoxFuture<'static, Option<RoomSnapshot>> {
        ready(self.0.snapshot(room)).boxed()
    }
}
