//! The limits of the server's shell, each with the effect beyond it. The hub's limits are in
//! [`hub::limits`], those that clients know in [`shared::limits`].

use hub::rate::Rate;
use std::time::Duration;

/// Bytes that wait for one connection, and the entries of their frames in the queue: 32 bytes for each frame. The
/// frames of a replay do not count: the hub sends them in small parts, or as one `welcome`. Beyond: the queue is
/// freed, and the connection is closed with 4008.
pub const QUEUE_BYTES_MAX: usize = 1 << 20;

/// Bytes of answers, pongs and replays that wait for one WebSocket. Beyond: the socket is not read until they have left.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Bytes that wait for all WebSockets of one IP address, events that others get too not counted, and bytes of their
/// unfinished messages. A frame counts whole until its last byte has left. Beyond: each WebSocket of which more than
/// [`HELD_BYTES_SPARED`] are held is closed, with 4008 for answers and with 4408 for a message, until the address holds
/// no more than this.
pub const HELD_BYTES_PER_ADDRESS_MAX: usize = 32 << 20;

/// Bytes of answers that wait for one WebSocket, and bytes of its unfinished message, for which it is not closed
/// however much its IP address holds: others behind the address must not cost it the connection. The sockets of one
/// address, [`SOCKETS_PER_ADDRESS_MAX`], bound the sum.
pub const HELD_BYTES_SPARED: usize = 16 << 10;

/// Bytes that wait for one connection while a worker queues a round of batches. Beyond: they are written before
/// the round ends.
pub const FLUSH_BYTES: usize = 64 << 10;

/// Entries that an empty queue keeps for the next frames. Beyond: they are freed.
pub const QUEUE_FRAMES_KEPT: usize = 64;

/// Bytes of one chunk of a stream or a poll, and of joined frames of a burst. Longer frames are not joined.
pub const CHUNK_BYTES_MAX: usize = 16 << 10;

/// Bytes in the buffer of an HTTP dispatcher with which it takes no further chunk. Beyond: the chunk waits until the
/// kernel has taken the buffer.
pub const DISPATCHER_BYTES_MAX: usize = 1 << 10;

/// Bytes of one chunk that a WebSocket hands to its HTTP dispatcher. Longer frames leave in several chunks. With
/// [`DISPATCHER_BYTES_MAX`] more, it fits into the 8 KiB that the dispatcher allocates at first.
pub const SOCKET_CHUNK_BYTES_MAX: usize = 7 << 10;

/// Frames that the direct writer hands to the kernel in one write. More leave in several writes.
pub const SLICES_MAX: usize = 64;

/// Bytes of the request line, and of the header names, that are recorded of a traced handshake. Each name
/// counts one byte more. Beyond: the trace lists the headers by name.
pub const HEADER_NAMES_BYTES_MAX: usize = 4 << 10;

/// Envelopes that wait for the registry. Beyond: workers and requests wait, so sockets are not read.
pub const INBOX_MAX: usize = 1024;

/// Bytes of the inputs of one worker's WebSockets that the registry has not handled. Beyond: the sockets are not
/// read. A longer input waits until it is the only one.
pub const INPUTS_BYTES_MAX: usize = 1 << 20;

/// Inputs after which the registry takes no more envelopes in a turn. The frames of a turn leave together.
pub const TURN_MAX: usize = 128;

/// Finished reads that the registry handles in a turn. Beyond: the inbox goes first.
pub const READS_TURN_MAX: usize = 32;

/// Bytes of text in the finished reads of a turn. Beyond: the inbox goes first. The last read may exceed it.
pub const READS_TURN_BYTES_MAX: usize = 256 << 10;

/// Bytes of text after which a turn ends early, so that connections can write before more is queued.
pub const TURN_BYTES_MAX: usize = 128 << 10;

/// Bytes of the batches that wait for the fan-out task of one worker. Beyond: the registry waits.
pub const BATCHES_BYTES_MAX: usize = 4 << 20;

/// Bytes of the batches that a worker queues on its connections before it flushes them. Beyond: the next batch
/// waits for the next round, and everything else on the worker goes first. A single batch may be longer.
pub const ROUND_BYTES_MAX: usize = 128 << 10;

/// Connections of one worker that are written in one turn only because of presence, pings or comments. Beyond: they
/// wait for a later turn, so that messages go between.
pub const LATER_WRITES_PER_TURN: usize = 32;

/// Pause between two such turns while there is no round. With this and [`LATER_WRITES_PER_TURN`], presence reaches the
/// 10,000 connections of one worker in half a second.
pub const LATER_PAUSE: Duration = Duration::from_millis(1);

/// Bytes of a WebSocket that are read before its task has decoded them. Beyond: the socket is not read. One
/// read may exceed the limit.
pub const READ_AHEAD_BYTES_MAX: usize = 32 << 10;

/// Bytes behind a request that are read before its response has left. Beyond: the socket is not read. One read may
/// exceed the limit.
pub const PIPELINED_BYTES_MAX: usize = 16 << 10;

/// Bytes of a body that are read while its request is served, chunk lengths included. No route reads so long a body.
/// Beyond: the socket is not read until the response has ended.
pub const SERVED_BODY_BYTES_MAX: usize = 512 << 10;

/// Sockets of one worker that report their end in one turn, and at once in one millisecond. Beyond: an end waits for a
/// later turn, so that deliveries go between.
pub const ENDS_PER_TURN: usize = 8;

/// Pause between two such turns. With this and [`ENDS_PER_TURN`], 10,000 sockets of one worker end in about two
/// seconds.
pub const END_PAUSE: Duration = Duration::from_millis(1);

/// Connections of one worker. Beyond: new ones wait in the kernel's backlog.
pub const CONNECTIONS_PER_WORKER_MAX: usize = 250_000;

/// Connections that the kernel keeps until a worker accepts them. Beyond: the kernel refuses them.
pub const BACKLOG: i32 = 4096;

/// File descriptors that are kept for everything except connections and workers. Beyond the rest: 503.
pub const DESCRIPTORS_KEPT: usize = 64;

/// File descriptors that are kept for the runtime of each worker.
pub const DESCRIPTORS_PER_WORKER: usize = 8;

/// Fewest connections that a server is started for. With fewer file descriptors: it does not start.
pub const CONNECTIONS_LEAST: usize = 32;

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

/// Bytes of a request's head. Beyond: 431 with a page about cookies, and closed. actix-http itself would answer
/// with an empty 431 from 128 KiB on.
pub const HEAD_BYTES_MAX: usize = 96 << 10;

/// Time for a WebSocket message or control frame, from its first to its last byte. Beyond: close 4408.
pub const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Time between two checks of a WebSocket that is paused, or whose message is unfinished: whether its peer is still
/// there, since the end waits behind the bytes that are not read, and whether its IP address holds too much.
pub const PEER_CHECK_EVERY: Duration = Duration::from_secs(1);

/// Time for which an idle HTTP connection stays open. Beyond: closed.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Time in which a peer closes its side after the server has closed its own.
pub const LINGER: Duration = Duration::from_secs(1);

/// Time for which sent bytes may stay unacknowledged, or the peer's window shut. Beyond: the kernel ends the
/// connection (RFC 5482).
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Notes to the owner about refused hosts and origins, each of which is logged once. Beyond: not logged.
pub const POLICY_NOTES_MAX: usize = 64;

/// Devices that the cookies of one request may name. Beyond: the rest are ignored.
pub const DEVICES_PER_REQUEST_MAX: usize = 4;

/// Trusted proxies between a client and the server.
pub const PROXY_HOPS_MAX: usize = 16;

/// Part of all connections that one IP address may have: one in so many. Beyond: 429. An IPv6 address counts
/// as its /64 here and below.
pub const ADDRESS_SHARE: usize = 2;

/// Connections that one IP address may have, however few there are in all.
pub const ADDRESS_CONNECTIONS_MIN: usize = 8;

/// TCP connections of one IP address, unless a proxy is trusted. Beyond: 429 to each request, and closed.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 4_096;

/// TCP connections of one IP address beyond the limit that are open to be refused. Beyond: closed at once.
pub const REFUSED_PER_ADDRESS_MAX: usize = 64;

/// WebSockets of one IP address. Beyond: 429.
pub const SOCKETS_PER_ADDRESS_MAX: usize = 2_048;

/// Streams of events of one IP address. Beyond: 429.
pub const STREAMS_PER_ADDRESS_MAX: usize = 1_024;

/// Polls and commands of one IP address that are served at the same time. Beyond: 429.
pub const POLLS_PER_ADDRESS_MAX: usize = 1_024;

/// Seconds after which a client tries again that was refused because its address has too much open.
pub const OPEN_RETRY_AFTER_S: u64 = 5;

/// Handshakes of one IP address: a second, and at once. Beyond: 429.
pub const HANDSHAKES: Rate = Rate { per_s: 50, burst: 500 };

/// New members from one IP address: a second, and at once. Beyond: 429, and each refused caller gets a later
/// time than the one before.
pub const JOINS: Rate = Rate { per_s: 1, burst: 60 };

/// New names of members from one IP address: a second, and at once. Beyond: 429.
pub const RENAMES: Rate = Rate { per_s: 1, burst: 60 };

/// New rooms from one IP address in an hour, and at once. Beyond: 429, or the error `too_many_requests`.
pub const ROOMS_PER_ADDRESS_PER_HOUR: u32 = 100;

/// Requests for a name from one IP address, refused names included: a second, and at once. Beyond: 429.
pub const NAME_ATTEMPTS: Rate = Rate { per_s: 10, burst: 300 };

/// Requests of one IP address that are refused with 429 at once: a second, and in a burst. Beyond: the refusal waits for
/// [`REFUSAL_DELAY`]. A client with many connections sends no more refused requests than it has connections in that
/// time.
pub const REFUSALS: Rate = Rate { per_s: 10, burst: 200 };

/// Time for which a refusal beyond [`REFUSALS`] waits before it is sent.
pub const REFUSAL_DELAY: Duration = Duration::from_secs(2);

/// Refusals of one IP address that wait, if a proxy is trusted. Beyond: the refusal is sent at once.
pub const REFUSALS_WAITING_PER_ADDRESS_MAX: usize = 64;

/// Refusals that wait, if a proxy is trusted: each keeps a connection of the proxy. Beyond: the refusal is sent at once.
pub const REFUSALS_WAITING_MAX: usize = 1_024;

/// Longest time after which a refused caller is told to try again, in milliseconds. Beyond: the times begin
/// again.
pub const RETRY_AFTER_MS_MAX: u64 = 60_000;

/// Messages of one connection of the text dialect: a second, and at once. Beyond: the socket is not read for a
/// while.
pub const TEXTS_PER_CONNECTION: Rate = Rate { per_s: 10, burst: 20 };

/// Messages of the text dialect from one IP address: a second, and at once. Beyond: the socket that sent the
/// last one is not read for a while.
pub const TEXTS_PER_ADDRESS: Rate = Rate { per_s: 30, burst: 60 };

/// IP addresses that are remembered. Beyond: idle ones are forgotten, and further ones count together.
pub const ADDRESSES_MAX: usize = 10_000;

/// Time in which a shutdown closes the connections. Beyond: the rest is dropped.
pub const SHUTDOWN: Duration = Duration::from_secs(4);

/// Time from a signal to the end of the process, the database included. Beyond: the process ends at once; the
/// next start recovers the database.
pub const SHUTDOWN_LIMIT: Duration = Duration::from_millis(4_500);

/// Time after which a commit without an outcome counts as a fault of the disk, and an outcome that waits as one of the
/// registry. Beyond: `/readyz` answers 503.
pub const STALL_AFTER: Duration = Duration::from_secs(5);

/// Time between two additions of a worker's counts to the totals.
pub const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// Connections to the listener for metrics. Beyond: new ones wait in the kernel's backlog.
pub const METRICS_CONNECTIONS_MAX: usize = 8;

/// Time for which an idle connection to the listener for metrics stays open. Beyond: closed, so that another one has
/// its place.
pub const METRICS_KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Time after which a failure to accept connections, or a refusal for one reason, is logged again. Sooner: it is not
/// logged.
pub const REPEAT_EVERY: Duration = Duration::from_secs(60);

/// Lines that wait for the log's output. Beyond: they are dropped.
pub const LOG_LINES_MAX: usize = 1024;

/// Time for the last lines of the log when the process ends. Beyond: they are dropped.
pub const LOG_FLUSH: Duration = Duration::from_millis(200);
