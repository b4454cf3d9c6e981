//! The store in memory, [`hub::log::Log`]. A restart begins a new log.

use super::Store;
use futures_util::{
    future::{BoxFuture, FutureExt, ready},
    stream::{self, BoxStream, StreamExt},
};
use hub::{
    House,
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    log::Log,
    query::{Query, QueryResult},
    read_markers::MarkerMove,
};
use shared::{Epoch, ErrorCode};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A log in memory.
#[derive(Debug)]
pub struct MemoryStore {
    log: Log,
    /// Channel to the tail, once there is one. It holds at most the commits of one append, because the
    /// registry reads the tail before it appends again.
    tail: Option<mpsc::UnboundedSender<Vec<Commit>>>,
}

impl MemoryStore {
    /// An empty log. Its epoch must be random.
    pub fn new(epoch: Epoch) -> Self {
        MemoryStore { log: Log::new(epoch), tail: None }
    }
}

impl Store for MemoryStore {
    fn epoch(&self) -> Epoch {
        self.log.epoch()
    }

    fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode> {
        Ok(Arc::new(self.log.house().clone()))
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let head = self.log.house().head();
        let outcomes = changes.into_iter().map(|change| self.log.append(change, now)).collect();
        if let Some(tail) = &self.tail {
            let commits = self.log.commits_after(head).unwrap_or_default();
            if !commits.is_empty() {
                // The tail may be gone already.
                let _ = tail.send(commits);
            }
        }
        ready(outcomes).boxed()
    }

    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
        self.log.move_markers(&moves);
        ready(Ok(())).boxed()
    }

    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
        let (tail, commits) = mpsc::unbounded_channel();
        self.tail = Some(tail);
        let held = self.log.commits_after(after).unwrap_or_default();
        let live = stream::unfold(commits, async |mut commits| Some((commits.recv().await?, commits)));
        stream::iter((!held.is_empty()).then_some(held)).chain(live).boxed()
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        ready(Ok(self.log.read(&query))).boxed()
    }
}
