//! The limits of the log on disk, each with what happens past it.

use std::time::Duration;

/// Threads that answer questions, each with a connection of its own.
pub const READERS: usize = 3;

/// Questions that wait for a reader. At it whoever asks waits for a place.
pub const READS_WAITING_MAX: usize = 1024;

/// Positions of each shelf that a replay looks up at a time. Past them it looks again.
pub const MERGE_AHEAD: usize = 16;

/// Kilobytes of pages that the writer holds. Past it the least used leave.
pub const WRITER_CACHE_KIB: i64 = 64 << 10;

/// Kilobytes of pages that each reader holds. Past it the least used leave.
pub const READER_CACHE_KIB: i64 = 16 << 10;

/// Pages in the write-ahead log that were not moved into the database yet. At it they are, beside the
/// writer.
pub const WAL_PAGES: i64 = 4_000;

/// Pages that the writer moves itself, between two batches, once the write-ahead log has twice
/// [`WAL_PAGES`]. Past it they are moved beside it.
pub const WAL_TAIL: i64 = 500;

/// Pages in the write-ahead log. Past it the writer waits for the readers, so that it can begin anew.
pub const WAL_PAGES_MAX: i64 = 8 * WAL_PAGES;

/// How long it waits for them, each time.
pub const BUSY_READERS: Duration = Duration::from_millis(20);

/// Bytes of the write-ahead log that are kept on disk once all of it was moved. Past it the file is cut.
pub const WAL_KEPT_BYTES: i64 = 64 << 20;

/// How long a connection waits for another program that has the log locked. Past it: an error.
pub const BUSY: Duration = Duration::from_secs(5);

/// How long the writer waits before it tries a log again that it could not write; doubled each time.
pub const PAUSE_FIRST: Duration = Duration::from_millis(250);

/// The longest of these waits.
pub const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Bytes that must find a place on disk before the writer takes changes again.
pub const TRIAL_BYTES: u32 = 256 << 10;

/// Differences that a check tells one by one. Past it only how many more there are.
pub const DIFFERENCES_MAX: usize = 100;
