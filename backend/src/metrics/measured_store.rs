//! A store whose commits and reads are measured.

use super::Metrics;
use crate::store::{Store, commit_progress::CommitProgress, health::StoreHealth};
use futures_util::{
    future::{BoxFuture, FutureExt as _},
    stream::BoxStream,
};
use hub::{
    House,
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    query::{Query, QueryResult},
    read_markers::MarkerMove,
};
use shared::{Epoch, ErrorCode};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

/// A store that adds the times of its commits and reads to [`Metrics`].
pub struct MeasuredStore {
    store: Box<dyn Store>,
    /// A store without a health of its own gives another one each time.
    health: StoreHealth,
    metrics: Arc<Metrics>,
}

impl MeasuredStore {
    /// Measures this store.
    pub fn new(store: Box<dyn Store>, metrics: Arc<Metrics>) -> Self {
        MeasuredStore { health: store.health(), store, metrics }
    }
}

impl Store for MeasuredStore {
    fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode> {
        self.store.snapshot()
    }

    fn health(&self) -> StoreHealth {
        self.health.clone()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let commit = CommitUnderWay::new(self.health.commits(), &self.metrics);
        let append = self.store.append(changes, now);
        append.inspect(move |outcomes| commit.end(outcomes.len())).boxed()
    }

    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
        self.store.move_markers(moves)
    }

    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
        self.store.tail(after)
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        let (metrics, began) = (Arc::clone(&self.metrics), Instant::now());
        let read = self.store.read(query);
        read.inspect(move |result| {
            metrics.reads.observe(began.elapsed());
            if result.is_err() {
                metrics.read_failures.fetch_add(1, Ordering::Relaxed);
            }
        })
        .boxed()
    }
}

/// A commit whose outcomes the registry does not have yet. There is one at a time.
struct CommitUnderWay {
    progress: CommitProgress,
    metrics: Arc<Metrics>,
}

impl CommitUnderWay {
    fn new(progress: &CommitProgress, metrics: &Arc<Metrics>) -> Self {
        progress.begin();
        CommitUnderWay { progress: progress.clone(), metrics: Arc::clone(metrics) }
    }

    fn end(self, changes: usize) {
        self.progress.end().into_iter().for_each(|took| self.metrics.commits.observe(took));
        self.metrics.committed_changes.fetch_add(changes as u64, Ordering::Relaxed);
    }
}

impl Drop for CommitUnderWay {
    fn drop(&mut self) {
        self.progress.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::STALL_AFTER;
    use crate::metrics::Observed;
    use crate::store::commit_progress::CommitStall;
    use crate::store::memory::MemoryStore;
    use std::time::Duration;

    /// A store whose outcomes are durable at once, as if by a thread of its own.
    struct PromptStore(MemoryStore, StoreHealth);

    impl Store for PromptStore {
        fn epoch(&self) -> Epoch {
            self.0.epoch()
        }

        fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode> {
            self.0.snapshot()
        }

        fn health(&self) -> StoreHealth {
            self.1.clone()
        }

        fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
            let outcomes = self.0.append(changes, now);
            self.1.commits().note_outcomes();
            outcomes
        }

        fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
            self.0.move_markers(moves)
        }

        fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
            self.0.tail(after)
        }

        fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
            self.0.read(query)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_for_the_registry_is_no_time_of_the_store() {
        let metrics = Arc::<Metrics>::default();
        let store = PromptStore(MemoryStore::new(Epoch(1)), StoreHealth::default());
        let mut store = MeasuredStore::new(Box::new(store), Arc::clone(&metrics));
        let append = store.append(Vec::new(), 1);
        tokio::time::advance(STALL_AFTER).await;
        let stall = store.health().commits().stall(STALL_AFTER);
        assert_eq!(stall, Some(CommitStall::Registry(STALL_AFTER)));
        append.await;
        assert_eq!(store.health().commits().stall(Duration::ZERO), None);
        let text = metrics.write(&Observed::default());
        let first_bucket = "teahouse_store_commit_duration_seconds_bucket{le=\"0.0005\"} 1\n";
        assert!(text.contains(first_bucket), "{text}");
    }

    #[tokio::test]
    async fn an_append_that_nobody_waits_for_has_ended() {
        let store = Box::new(MemoryStore::new(Epoch(1)));
        let mut store = MeasuredStore::new(store, Arc::default());
        let append = store.append(Vec::new(), 1);
        assert!(store.health().commits().stall(Duration::ZERO).is_some());
        drop(append);
        assert_eq!(store.health().commits().stall(Duration::ZERO), None);
    }
}
