//! The writer: one thread that owns the log.
//!
//! It commits one group after another. Changes that come while one group is synced form the next, so one
//! sync serves many changes. If a commit fails, the whole group is refused and the connection is dropped. A
//! failed sync is never tried again: the system may have dropped the pages, and the second sync would report
//! success. From then on the store refuses changes before they reach this thread, which tries from time to time to
//! open the log again. So no change waits for an attempt, however long it takes.

use super::{
    LogFiles,
    checkpointer::{self, Checkpointer},
    live_tail::TailSender,
    log_error::LogError,
    open_log::{self, CommittedGroup, OpenLog},
    wal_end,
};
use crate::store::{
    health::StoreHealth,
    limits::{PAUSE_FIRST, PAUSE_MAX},
};
use hub::{
    House,
    house::change::{Change, Outcome},
    read_markers::MarkerMove,
};
use shared::ErrorCode;
use std::{
    fs::File,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Order to the writer.
pub(super) enum Order {
    Append(AppendGroup),
    /// Moves of read markers, in a transaction of their own.
    MoveMarkers(Vec<MarkerMove>, oneshot::Sender<Result<(), ErrorCode>>),
}

/// Changes to commit together.
pub(super) struct AppendGroup {
    pub(super) changes: Vec<Change>,
    /// Time of the changes, in milliseconds since 1970.
    pub(super) now: u64,
    pub(super) outcomes: oneshot::Sender<Vec<Outcome>>,
}

/// State of the writer's thread.
pub(super) struct Writer {
    files: LogFiles,
    orders: Receiver<Order>,
    health: StoreHealth,
    tail: TailSender,
    checkpointer: Checkpointer,
    /// Time of the last failed checkpoint. It is tried again a little later.
    checkpoint_failed_at: Option<Instant>,
    state: WriterState,
    /// Dropped after the state's connection.
    _file: Arc<File>,
}

enum WriterState {
    Open(Box<OpenLog>),
    Refusing {
        /// State of the house at the last acknowledged event.
        house: Arc<House>,
        since_last: Instant,
        pause: Duration,
        /// A page was bad: check all pages before changes are taken again.
        is_damaged: bool,
    },
}

impl Writer {
    pub(super) fn new(
        files: LogFiles,
        log: OpenLog,
        orders: Receiver<Order>,
        health: StoreHealth,
        tail: TailSender,
    ) -> Result<Self, LogError> {
        let checkpointer = Checkpointer::start(&files, &health)?;
        let (state, file) = (WriterState::Open(Box::new(log)), checkpointer.file());
        Ok(Writer {
            files,
            orders,
            health,
            tail,
            checkpointer,
            checkpoint_failed_at: None,
            state,
            _file: file,
        })
    }

    /// Runs until the store is dropped.
    pub(super) fn run(mut self) {
        if let WriterState::Open(log) = &mut self.state {
            log.unshare_house();
        }
        loop {
            let order = match &self.state {
                WriterState::Open(_) => self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                WriterState::Refusing { since_last, pause, .. } => {
                    match pause.saturating_sub(since_last.elapsed()) {
                        // Retry even if orders come without a pause.
                        Duration::ZERO => Err(RecvTimeoutError::Timeout),
                        rest => self.orders.recv_timeout(rest),
                    }
                }
            };
            match order {
                Ok(Order::Append(AppendGroup { changes, now, outcomes })) => {
                    let CommittedGroup { outcomes: found, commits } = self.append(changes, now);
                    self.health.commits().note_outcomes();
                    // The caller may be gone; the commit stays. The outcomes go before the commits.
                    let _ = outcomes.send(found);
                    self.tail.send(commits);
                    self.checkpoint();
                }
                Ok(Order::MoveMarkers(moves, outcome)) => {
                    // The caller may be gone.
                    let _ = outcome.send(self.move_markers(&moves));
                    self.checkpoint();
                }
                Err(RecvTimeoutError::Timeout) => self.try_reopen(),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> CommittedGroup {
        let count = changes.len();
        if let WriterState::Open(log) = &mut self.state {
            match log.commit(changes, now) {
                Ok(group) => return group,
                Err(error) => {
                    let house = log.end();
                    self.start_refusing(house, &error);
                }
            }
        }
        CommittedGroup { outcomes: vec![Err(ErrorCode::StoreRefused); count], commits: Vec::new() }
    }

    fn move_markers(&mut self, moves: &[MarkerMove]) -> Result<(), ErrorCode> {
        if let WriterState::Open(log) = &mut self.state {
            match log.move_markers(moves) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let house = log.end();
                    self.start_refusing(house, &error);
                }
            }
        }
        Err(ErrorCode::StoreRefused)
    }

    fn checkpoint(&mut self) {
        if let WriterState::Open(log) = &mut self.state
            && self.checkpoint_failed_at.is_none_or(|since| since.elapsed() >= PAUSE_FIRST)
        {
            self.checkpoint_failed_at = None;
            if let Err(error) = self.checkpointer.checkpoint(log) {
                checkpointer::log_failure(&error);
                self.checkpoint_failed_at = Some(Instant::now());
            }
        }
    }

    fn end(&mut self) {
        let log = match &self.state {
            WriterState::Open(log) => Some(log),
            WriterState::Refusing { .. } => None,
        };
        if let Err(error) = self.checkpointer.end(log.map(|log| log.db())) {
            checkpointer::log_failure(&error);
        }
        // If a sync of the database file has failed, the file alone is not the whole log.
        if let Some(log) = log.filter(|_| !self.checkpointer.has_failed())
            && let Err(error) = log.release()
        {
            tracing::warn!("cannot note that the database is closed: {error}. The next start checks it.");
        }
    }

    fn start_refusing(&mut self, house: Arc<House>, error: &LogError) {
        tracing::error!(
            "cannot write to the database: {error}. Posts are refused until writing works again."
        );
        self.health.set_refusing(error.reason());
        let (since_last, pause) = (Instant::now(), PAUSE_FIRST);
        self.state = WriterState::Refusing { house, since_last, pause, is_damaged: error.is_damage() };
        if let Err(error) = wal_end::cut(&self.files) {
            // The tail is cut again before anything else is written.
            tracing::error!(
                "cannot remove unfinished writes from the database: {error}. The server will try again."
            );
        }
    }

    fn try_reopen(&mut self) {
        let WriterState::Refusing { house, since_last, pause, is_damaged } = &mut self.state else { return };
        let found = open_log::reopen(&self.files, house, *is_damaged);
        match found {
            Ok(db) => {
                tracing::info!("the database can be written to again, posts are accepted");
                let log = OpenLog::new(&self.files, db, Arc::clone(house));
                self.state = WriterState::Open(Box::new(log));
                self.health.set_writable();
            }
            Err(error) => {
                self.health.set_refusing(error.reason());
                *is_damaged |= error.is_damage();
                *pause = (*pause * 2).min(PAUSE_MAX);
                *since_last = Instant::now();
            }
        }
    }
}
