//! The server's limits, each with what happens past it. Those that clients
//! know too are in [`shared::limits`].

/// Events that a log in memory holds. Past it the oldest are forgotten.
pub const LOG_EVENTS_MAX: usize = 100_000;

/// Bytes of text that a log in memory holds. Past it the oldest events are forgotten.
pub const LOG_BYTES_MAX: usize = 64 << 20;

/// Members of the house. Past it: error `house_full`.
pub const MEMBERS_MAX: usize = 100_000;

/// Rooms of the house. Past it: error `rooms_full`.
pub const ROOMS_MAX: usize = 10_000;

/// Rooms that one member is in. Past it: error `too_many_rooms`.
pub const ROOMS_PER_MEMBER_MAX: usize = 500;

/// Events of one part of a replay. The next part is read when this one has left.
pub const REPLAY_PART_EVENTS: usize = 256;

/// Bytes of text of one part of a replay; one event is always in it. The next part is read when
/// this one has left.
pub const REPLAY_PART_BYTES: usize = 128 * 1024;

/// Questions of one session that wait for the store. Past it: error `too_many_requests`.
pub const READS_PER_SESSION_MAX: u32 = 4;

/// Sessions of one member at a time. Past it: close 4429.
pub const SESSIONS_PER_MEMBER_MAX: usize = 64;

/// Appends that wait for the store. At it the registry takes no more input, so
/// sockets are not read.
pub const APPENDS_WAITING_MAX: usize = 4096;

/// Milliseconds from the opening of a v1 connection to its `hello`. Past it: close 4402.
pub const HELLO_MS: u64 = 10_000;

/// Milliseconds for which who polls stays present after a request. Past it: gone, until the next.
pub const POLL_LINGER_MS: u64 = 30_000;

/// The same where the person is away, as the request said. Past it: gone, until the next.
pub const POLL_LINGER_AWAY_MS: u64 = 75_000;

/// Milliseconds between two tellings of presence.
pub const PRESENCE_MS: u64 = 1_000;

/// Messages a second that one member may post (v1). Past it the sockets they
/// came from are not read for a while; nothing is dropped.
pub const POSTS_PER_S: u32 = 20;

/// How many seconds' worth of posts may come at once.
pub const POST_BURST_S: u32 = 3;

/// Messages of any kind a second on one connection, for each post a second that a
/// member may make. Past it that socket is not read for a while.
pub const PLAIN_POSTS_PER_POST: u32 = 10;

/// Bytes a second on one connection. Past it that socket is not read for a while.
pub const PLAIN_BYTES_PER_S: u32 = 1 << 20;
