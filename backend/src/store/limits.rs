//! The limits of the log on disk, each with the effect beyond it.

use std::time::Duration;

/// Threads that read from the log, each with a database connection of its own.
pub const READERS: usize = 3;

/// Reads that wait for a reader. Beyond: the caller waits for a permit.
pub const READS_WAITING_MAX: usize = 1024;

/// Groups of commits that wait for the reader of the tail. Beyond: the writer waits.
pub const TAIL_GROUPS_MAX: usize = 2;

/// Events that the tail reads from the database at once, while it catches up. Beyond: it reads again.
pub const TAIL_PART_EVENTS: usize = 256;

/// Positions of each partition that a replay looks up at once. Beyond: it looks up more.
pub const MERGE_AHEAD: usize = 16;

/// Damaged messages in a row whose neighbours are read to find a message's number. Beyond: the messages of the
/// room are counted.
pub const NEIGHBOURS_MAX: u32 = 64;

/// Kilobytes of pages in the writer's cache. Beyond: the least recently used pages leave.
pub const WRITER_CACHE_KIB: i64 = 64 << 10;

/// Kilobytes of pages in each reader's cache. Beyond: the least recently used pages leave.
pub const READER_CACHE_KIB: i64 = 16 << 10;

/// Pages of the write-ahead log that are not in the database yet. Beyond: the checkpointer copies them,
/// while the writer goes on.
pub const WAL_PAGES: i64 = 4_000;

/// Pages that the writer checkpoints itself, between two groups, once the write-ahead log has twice
/// [`WAL_PAGES`]. Beyond: the checkpointer copies them.
pub const WAL_TAIL: i64 = 500;

/// Pages of the write-ahead log. Beyond: the writer waits for the readers, so that the log can restart from
/// its beginning.
pub const WAL_PAGES_MAX: i64 = 8 * WAL_PAGES;

/// Time for which the writer waits for the readers, each time.
pub const BUSY_READERS: Duration = Duration::from_millis(20);

/// Bytes of the write-ahead log that stay on disk after a checkpoint of all of it. Beyond: the file is
/// truncated.
pub const WAL_KEPT_BYTES: i64 = 64 << 20;

/// Time for which a database connection waits for another program that has locked the log. Beyond: an error.
pub const BUSY: Duration = Duration::from_secs(5);

/// Pause before the writer opens a log again that it could not write. Each further pause is twice as long.
pub const PAUSE_FIRST: Duration = Duration::from_millis(250);

/// The longest of these pauses.
pub const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Bytes that the disk must take in a test write before changes are taken again.
pub const TRIAL_BYTES: u32 = 256 << 10;

/// Differences that a check lists. Beyond: only their number.
pub const DIFFERENCES_MAX: usize = 100;
