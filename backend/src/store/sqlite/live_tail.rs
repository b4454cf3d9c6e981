//! The tail of the log: what the database holds after a position, and then the commits of the writer.

use super::{event_reader, log_error::LogError, read_queue::ReadQueue, row};
use crate::store::limits::{TAIL_GROUPS_MAX, TAIL_PART_EVENTS};
use futures_util::stream::{self, BoxStream, StreamExt};
use hub::house::commit::{Commit, LogEntry};
use rusqlite::Connection as Database;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;

/// Pause before the tail reads again after a failed read.
const RETRY: Duration = Duration::from_millis(250);

/// The writer's end of the tail. It is cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct TailSender(Arc<Mutex<Option<mpsc::Sender<Vec<Commit>>>>>);

impl TailSender {
    /// Gives the commits of one group to the tail, if there is one. Waits while [`TAIL_GROUPS_MAX`] groups
    /// have not been read.
    pub(super) fn send(&self, commits: Vec<Commit>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(sender), false) = (sender, commits.is_empty()) {
            // The reader of the tail may be gone.
            let _ = sender.blocking_send(commits);
        }
    }

    /// Begins a tail after this position. It replaces an earlier one.
    pub(super) fn begin(&self, after: u64, read_queue: Arc<ReadQueue>) -> BoxStream<'static, Vec<Commit>> {
        let (sender, live) = mpsc::channel(TAIL_GROUPS_MAX);
        // Subscribe first. A commit between this moment and the last read comes twice, and is left out once.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        let state = LiveTail { after, live, read_queue, is_caught_up: false };
        stream::unfold(state, async |mut tail| Some((tail.next().await?, tail))).boxed()
    }
}

struct LiveTail {
    /// Position of the last event that was given.
    after: u64,
    live: mpsc::Receiver<Vec<Commit>>,
    read_queue: Arc<ReadQueue>,
    is_caught_up: bool,
}

impl LiveTail {
    async fn next(&mut self) -> Option<Vec<Commit>> {
        loop {
            let commits = if self.is_caught_up {
                let mut commits = self.live.recv().await?;
                commits.retain(|commit| commit.last() > self.after);
                commits
            } else {
                // The database holds every commit that the writer has sent. Make space for the next ones:
                // otherwise the writer would wait for a reader that only reads the database.
                while self.live.try_recv().is_ok() {}
                match self.read_queue.read_tail(self.after).await {
                    Ok(commits) => {
                        self.is_caught_up = commits.is_empty();
                        commits
                    }
                    Err(_) if self.read_queue.is_closed() => return None,
                    Err(_) => {
                        tokio::time::sleep(RETRY).await;
                        continue;
                    }
                }
            };
            if let Some(last) = commits.last() {
                self.after = last.last();
                return Some(commits);
            }
        }
    }
}

/// Reads the commits after a position: at least one if there is one, and at most about
/// [`TAIL_PART_EVENTS`] events.
pub(super) fn read(db: &Database, after: u64) -> Result<Vec<Commit>, LogError> {
    let columns = row::COLUMNS;
    let mut select =
        db.prepare_cached(&format!("SELECT {columns}, e.mark FROM events e WHERE e.n > ?1 ORDER BY e.n"))?;
    let mut rows = select.query([row::to_sql(after)])?;
    let (mut reader, mut commits, mut events) = (CommitReader::default(), Vec::new(), 0);
    while let Some(row) = rows.next()? {
        events += 1;
        commits.extend(reader.add(event_reader::read_entry(db, row)?, row.get(9)?));
        if events >= TAIL_PART_EVENTS && !commits.is_empty() {
            break;
        }
    }
    Ok(commits)
}

/// Gathers entries into commits. Rows come in the order of their positions.
#[derive(Debug, Default)]
struct CommitReader {
    entries: Vec<LogEntry>,
}

impl CommitReader {
    /// Adds the next event, with its column `mark`. Returns the commit that it completes.
    fn add(&mut self, entry: LogEntry, mark: i64) -> Option<Commit> {
        self.entries.push(entry);
        let mark = u32::try_from(mark).ok()?;
        Some(Commit { entries: std::mem::take(&mut self.entries), mark })
    }
}
