//! The limits of the shell, each with what happens past it. The hub's are in
//! [`hub::limits`], those that clients know in [`shared::limits`].

use std::time::Duration;

/// Bytes that wait for one connection. Past it the queue is freed and the connection closed 4008.
pub const QUEUE_BYTES_MAX: usize = 1 << 20;

/// Bytes of one chunk that a connection hands to the HTTP dispatcher. Longer frames leave in several.
pub const CHUNK_BYTES_MAX: usize = 16 << 10;

/// Frames that leave in one write past the HTTP dispatcher. More leave in several.
pub const SLICES_MAX: usize = 16;

/// Inputs that wait for the registry. At it connections wait, so sockets are not read.
pub const INBOX_MAX: usize = 1024;

/// Inputs that the registry takes in one turn: their frames leave together.
pub const TURN_MAX: usize = 128;

/// Bytes of text after which a turn ends early, so that connections write before more is queued on them.
pub const TURN_BYTES_MAX: usize = 128 << 10;

/// Batches that wait for one worker's fan-out. At it the registry waits.
pub const BATCHES_MAX: usize = 64;

/// Bytes read from one connection before another gets its turn.
pub const READ_TURN_BYTES_MAX: usize = 64 << 10;

/// Connections of one worker. Past it new ones wait in the kernel's backlog.
pub const CONNECTIONS_PER_WORKER_MAX: usize = 250_000;

/// Connections that the kernel keeps until a worker takes them. Past it they are told to try again.
pub const BACKLOG: i32 = 4096;

/// File descriptors kept for what is not a WebSocket. Past the rest a new one is answered with 503.
pub const DESCRIPTORS_KEPT: u64 = 64;

/// Bytes of a request body under `/api`. Past it: 413.
pub const BODY_BYTES_MAX: usize = 4 << 10;

/// Between two comments in a stream of events.
pub const COMMENT_EVERY: Duration = Duration::from_secs(15);

/// The longest that a poll waits for something to tell. Who asks for more gets this.
pub const POLL_WAIT_MAX: Duration = Duration::from_secs(25);

/// How long a poll that has only words without a position to tell waits for more.
pub const POLL_GATHER: Duration = Duration::from_secs(5);

/// When a client that does not wait is asked to come back, in milliseconds.
pub const POLL_AGAIN_MS: u64 = 2_000;

/// How long a request body may take. Past it: 408.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request head may take. Past it: 408.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle HTTP connection is kept.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a peer may take to close its side once the server has closed its own.
pub const LINGER: Duration = Duration::from_secs(1);

/// How long sent bytes may go unacknowledged, or find the peer's window shut. Past it the
/// kernel ends the connection (RFC 5482).
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Joins and renamings that one address may ask for at once, and how many a second after that. Past it: 429.
pub const NAMINGS: hub::rate::Rate = hub::rate::Rate { per_s: 1, burst: 60 };

/// Addresses whose rate is remembered. Past it those with a full bucket are forgotten.
pub const ADDRESSES_MAX: usize = 10_000;

/// How long the server takes to end, at the most.
pub const SHUTDOWN: Duration = Duration::from_secs(4);

/// The span over which clients are asked to come back after a restart, in milliseconds.
pub const RETRY_MS: std::ops::Range<u64> = 250..3_000;
