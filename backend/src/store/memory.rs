//! The store in memory, [`hub::log::Log`]. A restart begins a new log.

use super::Store;
use futures_util::future::{BoxFuture, FutureExt, ready};
use hub::{
    House,
    house::change::{Change, Outcome},
    log::Log,
    query::{Query, QueryResult},
};
use shared::{Epoch, ErrorCode};

/// A log in memory.
#[derive(Debug)]
pub struct MemoryStore(Log);

impl MemoryStore {
    /// An empty log. Its epoch must be random.
    pub fn new(epoch: Epoch) -> Self {
        MemoryStore(Log::new(epoch))
    }
}

impl Store for MemoryStore {
    fn epoch(&self) -> Epoch {
        self.0.epoch()
    }

    fn house(&self) -> House {
        self.0.house().clone()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let outcomes = changes.into_iter().map(|change| self.0.append(change, now)).collect();
        ready(outcomes).boxed()
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        ready(Ok(self.0.read(&query))).boxed()
    }
}
