//! Where questions wait for a reader: a bounded queue. Who asks waits without a
//! thread, who reads waits without a runtime.

use crate::store::limits::READS_WAITING_MAX;
use hub::query::{Query, QueryResult};
use shared::ErrorCode;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, oneshot};

/// An answer, or the number of why there is none.
pub(super) type Answer = Result<QueryResult, ErrorCode>;

/// A question and who waits for its answer.
pub(super) struct Ask {
    pub(super) query: Query,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// The queue.
pub(super) struct Desk {
    line: Mutex<Line>,
    is_there: Condvar,
    places: Semaphore,
}

struct Line {
    asks: VecDeque<Ask>,
    is_closed: bool,
}

impl Desk {
    pub(super) fn new() -> Self {
        let line = Mutex::new(Line { asks: VecDeque::new(), is_closed: false });
        Desk { line, is_there: Condvar::new(), places: Semaphore::new(READS_WAITING_MAX) }
    }

    /// Puts a question and waits for its answer.
    pub(super) async fn ask(&self, query: Query) -> Answer {
        let place = self.places.acquire().await.map_err(|_| ErrorCode::StoreRefused)?;
        let (answer, answered) = oneshot::channel();
        self.line().asks.push_back(Ask { query, answer });
        // Whoever takes the question gives its place back.
        place.forget();
        self.is_there.notify_one();
        answered.await.unwrap_or(Err(ErrorCode::StoreRefused))
    }

    /// The next question; `None` once the desk is closed. For threads of their own.
    pub(super) fn next(&self) -> Option<Ask> {
        let mut line = self.line();
        loop {
            if line.is_closed {
                return None;
            }
            if let Some(ask) = line.asks.pop_front() {
                self.places.add_permits(1);
                // Nobody waits for it any more.
                if ask.answer.is_closed() {
                    continue;
                }
                return Some(ask);
            }
            line = self.is_there.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses what waits and what comes.
    pub(super) fn close(&self) {
        self.places.close();
        let mut line = self.line();
        line.is_closed = true;
        line.asks.clear();
        self.is_there.notify_all();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
