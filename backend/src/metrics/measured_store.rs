//! A store whose commits and reads are measured.

use super::Metrics;
use crate::clock::mono_ms;
use crate::store::{Store, health::StoreHealth};
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
};
use shared::{Epoch, ErrorCode};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

/// A store that adds the times of its commits and reads to [`Metrics`].
pub struct MeasuredStore {
    store: Box<dyn Store>,
    metrics: Arc<Metrics>,
}

impl MeasuredStore {
    /// Measures this store.
    pub fn new(store: Box<dyn Store>, metrics: Arc<Metrics>) -> Self {
        MeasuredStore { store, metrics }
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
        self.store.health()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let commit = CommitUnderWay::new(&self.metrics);
        let append = self.store.append(changes, now);
        append.inspect(move |outcomes| commit.end(outcomes.len())).boxed()
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

/// A commit that has no outcome yet. There is one at a time.
struct CommitUnderWay {
    metrics: Arc<Metrics>,
    began: Instant,
}

impl CommitUnderWay {
    fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.commit_began.store(mono_ms() + 1, Ordering::Relaxed);
        CommitUnderWay { metrics: Arc::clone(metrics), began: Instant::now() }
    }

    fn end(self, changes: usize) {
        self.metrics.commits.observe(self.began.elapsed());
        self.metrics.committed_changes.fetch_add(changes as u64, Ordering::Relaxed);
    }
}

impl Drop for CommitUnderWay {
    fn drop(&mut self) {
        self.metrics.commit_began.store(0, Ordering::Relaxed);
    }
}
