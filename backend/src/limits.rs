//! The limits of the server's shell, each with the effect beyond it. The hub's limits are in
//! [`hub::limits`], those that clients know in [`shared::limits`].

use std::time::Duration;

/// Bytes that wait for one connection. Beyond: the queue is freed, and the connection is closed with 4008.
pub const QUEUE_BYTES_MAX: usize = 1 << 20;

/// Bytes of one chunk that a connection hands to the HTTP dispatcher. Longer frames leave in several chunks.
pub const CHUNK_BYTES_MAX: usize = 16 << 10;

/// Frames that the direct writer hands to the kernel in one write. More leave in several writes.
pub const SLICES_MAX: usize = 16;

/// Bytes of the request line, and of the header names, that are recorded of a traced handshake. Each name
/// counts one byte more. Beyond: the trace lists the headers by name.
pub const HEADER_NAMES_BYTES_MAX: usize = 4 << 10;

/// Inputs that wait for the registry. Beyond: connections wait, so sockets are not read.
pub const INBOX_MAX: usize = 1024;

/// Inputs that the registry takes in one turn. Their frames leave together.
pub const TURN_MAX: usize = 128;

/// Bytes of text after which a turn ends early, so that connections can write before more is queued.
pub const TURN_BYTES_MAX: usize = 128 << 10;

/// Batches that wait for the fan-out task of one worker. Beyond: the registry waits.
pub const BATCHES_MAX: usize = 64;

/// Bytes of a WebSocket that are read before its task has decoded them. Beyond: the socket is not read. One
/// read may exceed the limit.
pub const READ_AHEAD_BYTES_MAX: usize = 32 << 10;

/// Connections of one worker. Beyond: new ones wait in the kernel's backlog.
pub const CONNECTIONS_PER_WORKER_MAX: usize = 250_000;

/// Connections that the kernel keeps until a worker accepts them. Beyond: the kernel refuses them.
pub const BACKLOG: i32 = 4096;

/// File descriptors that are kept for everything except connections. Beyond the rest: 503.
pub const DESCRIPTORS_KEPT: u64 = 64;

/// Bytes of a request body under `/api`. Beyond: 413.
pub const BODY_BYTES_MAX: usize = 4 << 10;

/// Time between two comments in an event stream.
pub const COMMENT_EVERY: Duration = Duration::from_secs(15);

/// Longest wait of a poll for events. A longer `wait` is cut to this.
pub const POLL_WAIT_MAX: Duration = Duration::from_secs(25);

/// Time for which a poll that has only ephemeral events waits for more.
pub const POLL_GATHER: Duration = Duration::from_secs(5);

/// Pause before the next poll of a client that does not wait, in milliseconds.
pub const POLL_AGAIN_MS: u64 = 2_000;

/// Time for a request's body. Beyond: 408.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a request's head: for the first of a connection from the accept on, for later ones from the first
/// byte. Beyond: 408, and the connection is closed.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a WebSocket message or control frame, from its first to its last byte. Beyond: close 4408.
pub const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Time between two checks whether the peer of a paused WebSocket is still there. Its end waits behind the
/// bytes that are not read.
pub const PEER_CHECK_EVERY: Duration = Duration::from_secs(1);

/// Time for which an idle HTTP connection stays open. Beyond: closed.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Time in which a peer closes its side after the server has closed its own.
pub const LINGER: Duration = Duration::from_secs(1);

/// Time for which sent bytes may stay unacknowledged, or the peer's window shut. Beyond: the kernel ends the
/// connection (RFC 5482).
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Joins and renames of one IP address: at once, and a second after that. Beyond: 429.
pub const NAMINGS: hub::rate::Rate = hub::rate::Rate { per_s: 1, burst: 60 };

/// IP addresses whose rate is remembered. Beyond: those with a full bucket are forgotten.
pub const IPS_MAX: usize = 10_000;

/// Longest time that a shutdown takes.
pub const SHUTDOWN: Duration = Duration::from_secs(4);
