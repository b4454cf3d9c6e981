//! The writer: one thread that owns the log.
//!
//! It takes one batch after the other; what gathers while one is being synced
//! is the next, so one sync serves many. If a batch cannot be kept, all of it is
//! refused, the connection is thrown away (a sync that has failed is never tried
//! again: the system may have dropped what it could not write and say nothing of
//! it the second time), and from then on the writer refuses at once, and tries
//! by itself whether the log can be written again.

use super::{
    Files,
    checkpointer::{self, Tidier},
    fault::Fault,
    log::Log,
    tail,
};
use crate::store::{
    health::Condition,
    limits::{PAUSE_FIRST, PAUSE_MAX},
};
use hub::change::{Change, Outcome};
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

/// Changes to commit together.
pub(super) struct Batch {
    pub(super) changes: Vec<Change>,
    /// Milliseconds since 1970.
    pub(super) now: u64,
    pub(super) outcomes: oneshot::Sender<Vec<Outcome>>,
}

/// The writer.
pub(super) struct Writer {
    files: Files,
    batches: Receiver<Batch>,
    condition: Condition,
    tidier: Tidier,
    /// When the write-ahead log could not be moved; it is tried again a little later.
    untidy_since: Option<Instant>,
    /// The last position that was acknowledged.
    head: u64,
    line: Line,
    /// Dropped after the line's connection.
    _file: Arc<File>,
}

enum Line {
    Open(Box<Log>),
    Refusing {
        since_last: Instant,
        pause: Duration,
        /// A page was bad: all are looked at before changes are taken again.
        is_damaged: bool,
    },
}

impl Writer {
    pub(super) fn new(
        files: Files,
        log: Log,
        batches: Receiver<Batch>,
        condition: Condition,
    ) -> Result<Self, Fault> {
        let (head, tidier) = (log.house().head(), Tidier::start(&files)?);
        let (line, file) = (Line::Open(Box::new(log)), tidier.file());
        Ok(Writer { files, batches, condition, tidier, untidy_since: None, head, line, _file: file })
    }

    /// Runs until the store is dropped.
    pub(super) fn run(mut self) {
        loop {
            let batch = match &self.line {
                Line::Open(_) => self.batches.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Line::Refusing { since_last, pause, .. } => {
                    match pause.saturating_sub(since_last.elapsed()) {
                        // Even if batches come without a break.
                        Duration::ZERO => Err(RecvTimeoutError::Timeout),
                        rest => self.batches.recv_timeout(rest),
                    }
                }
            };
            match batch {
                Ok(Batch { changes, now, outcomes }) => {
                    let found = self.append(changes, now);
                    // Whoever asked may be gone; what is committed stays so.
                    let _ = outcomes.send(found);
                    self.tidy();
                }
                Err(RecvTimeoutError::Timeout) => self.try_again(),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> Vec<Outcome> {
        let count = changes.len();
        if let Line::Open(log) = &mut self.line {
            match log.commit(changes, now) {
                Ok(outcomes) => {
                    self.head = log.house().head();
                    return outcomes;
                }
                Err(fault) => self.give_up(&fault),
            }
        }
        vec![Err(ErrorCode::StoreRefused); count]
    }

    fn tidy(&mut self) {
        if let Line::Open(log) = &self.line
            && self.untidy_since.is_none_or(|since| since.elapsed() >= PAUSE_FIRST)
        {
            self.untidy_since = None;
            if let Err(fault) = self.tidier.tidy(log.db()) {
                checkpointer::complain(&fault);
                self.untidy_since = Some(Instant::now());
            }
        }
    }

    fn end(&mut self) {
        let db = match &self.line {
            Line::Open(log) => Some(log.db()),
            Line::Refusing { .. } => None,
        };
        if let Err(fault) = self.tidier.end(db) {
            checkpointer::complain(&fault);
        }
    }

    fn give_up(&mut self, fault: &Fault) {
        tracing::error!("cannot write to the database, posts are refused until it works again: {fault}");
        self.condition.refuse(fault.reason());
        let (since_last, pause) = (Instant::now(), PAUSE_FIRST);
        self.line = Line::Refusing { since_last, pause, is_damaged: fault.is_damage() };
        if let Err(fault) = tail::cut(&self.files) {
            // It is tried again before anything else is written.
            tracing::error!("cannot remove unfinished writes from the database, will try again: {fault}");
        }
    }

    fn try_again(&mut self) {
        let Line::Refusing { since_last, pause, is_damaged } = &mut self.line else { return };
        let found = Log::reopen(&self.files, self.head).and_then(|log| {
            if *is_damaged {
                log.look_through()?;
            }
            Ok(log)
        });
        match found {
            Ok(log) => {
                tracing::info!("the database can be written to again, posts are accepted");
                self.line = Line::Open(Box::new(log));
                self.condition.mend();
            }
            Err(fault) => {
                self.condition.refuse(fault.reason());
                *is_damaged |= fault.is_damage();
                *pause = (*pause * 2).min(PAUSE_MAX);
                *since_last = Instant::now();
            }
        }
    }
}
