//! A bounded queue of reads. Callers wait in async code without a thread; readers wait on their threads
//! without a runtime.

use crate::store::limits::READS_WAITING_MAX;
use hub::{
    house::commit::Commit,
    query::{Query, QueryResult},
};
use shared::ErrorCode;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, oneshot};

/// Result of a read, or the error code of the refusal.
pub(super) type ReadOutcome = Result<QueryResult, ErrorCode>;

/// A read, and the channel for its result.
pub(super) enum QueuedRead {
    /// Query of the hub.
    Query(Query, oneshot::Sender<ReadOutcome>),
    /// The next commits after a position.
    Tail(u64, oneshot::Sender<Result<Vec<Commit>, ErrorCode>>),
}

impl QueuedRead {
    fn is_cancelled(&self) -> bool {
        match self {
            QueuedRead::Query(_, outcome) => outcome.is_closed(),
            QueuedRead::Tail(_, outcome) => outcome.is_closed(),
        }
    }
}

/// The queue between callers and readers.
pub(super) struct ReadQueue {
    state: Mutex<QueueState>,
    has_pending: Condvar,
    permits: Semaphore,
}

struct QueueState {
    pending: VecDeque<QueuedRead>,
    is_closed: bool,
}

impl ReadQueue {
    pub(super) fn new() -> Self {
        let state = Mutex::new(QueueState { pending: VecDeque::new(), is_closed: false });
        ReadQueue { state, has_pending: Condvar::new(), permits: Semaphore::new(READS_WAITING_MAX) }
    }

    /// Queues a query and waits for its result.
    pub(super) async fn read(&self, query: Query) -> ReadOutcome {
        let (outcome, receiver) = oneshot::channel();
        self.push(QueuedRead::Query(query, outcome)).await?;
        receiver.await.unwrap_or(Err(ErrorCode::StoreRefused))
    }

    /// Queues a read of the commits after a position, and waits for them.
    pub(super) async fn read_tail(&self, after: u64) -> Result<Vec<Commit>, ErrorCode> {
        let (outcome, receiver) = oneshot::channel();
        self.push(QueuedRead::Tail(after, outcome)).await?;
        receiver.await.unwrap_or(Err(ErrorCode::StoreRefused))
    }

    async fn push(&self, read: QueuedRead) -> Result<(), ErrorCode> {
        let permit = self.permits.acquire().await.map_err(|_| ErrorCode::StoreRefused)?;
        self.state().pending.push_back(read);
        // The reader that takes the read frees the permit.
        permit.forget();
        self.has_pending.notify_one();
        Ok(())
    }

    /// Whether the queue is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Waits on this thread for the next read; `None` once the queue is closed.
    pub(super) fn next(&self) -> Option<QueuedRead> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(read) = state.pending.pop_front() {
                self.permits.add_permits(1);
                // The caller waits no more.
                if read.is_cancelled() {
                    continue;
                }
                return Some(read);
            }
            state = self.has_pending.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses all reads that wait, and all that follow.
    pub(super) fn close(&self) {
        self.permits.close();
        let mut state = self.state();
        state.is_closed = true;
        state.pending.clear();
        self.has_pending.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
