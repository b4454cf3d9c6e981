//! A bounded queue of reads. Callers wait in async code without a thread; readers wait on their threads
//! without a runtime.

use crate::store::limits::READS_WAITING_MAX;
use hub::query::{Query, QueryResult};
use shared::ErrorCode;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, oneshot};

/// Result of a read, or the error code of the refusal.
pub(super) type ReadOutcome = Result<QueryResult, ErrorCode>;

/// A query, and the channel for its result.
pub(super) struct QueuedRead {
    pub(super) query: Query,
    pub(super) outcome: oneshot::Sender<ReadOutcome>,
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
        let permit = self.permits.acquire().await.map_err(|_| ErrorCode::StoreRefused)?;
        let (outcome, receiver) = oneshot::channel();
        self.state().pending.push_back(QueuedRead { query, outcome });
        // The reader that takes the query frees the permit.
        permit.forget();
        self.has_pending.notify_one();
        receiver.await.unwrap_or(Err(ErrorCode::StoreRefused))
    }

    /// Waits on this thread for the next query; `None` once the queue is closed.
    pub(super) fn next(&self) -> Option<QueuedRead> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(read) = state.pending.pop_front() {
                self.permits.add_permits(1);
                // The caller waits no more.
                if read.outcome.is_closed() {
                    continue;
                }
                return Some(read);
            }
            state = self.has_pending.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses all queries that wait, and all that follow.
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
