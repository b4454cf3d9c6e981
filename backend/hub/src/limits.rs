//! The server's limits. Each says what happens beyond it. [`shared::limits`] has the limits that clients know
//! too.

/// Events of a log in memory. Beyond it the oldest are forgotten.
pub const LOG_EVENTS_MAX: usize = 100_000;

/// Bytes of text of a log in memory. Beyond it the oldest events are forgotten.
pub const LOG_BYTES_MAX: usize = 64 << 20;

/// Members of the house. Beyond it: error `house_full`.
pub const MEMBERS_MAX: usize = 100_000;

/// Milliseconds for which nobody else can take a name that a member gave up. Beyond it: the name is free.
pub const NAME_REST_MS: u64 = 24 * 60 * 60 * 1000;

/// Names that rest. Beyond it the name that has rested longest becomes free early. One IP address can give up
/// fewer names within [`NAME_REST_MS`].
pub const RESTING_NAMES_MAX: usize = 200_000;

/// Rooms of the house that are not archived. Beyond it: error `rooms_full`.
pub const ROOMS_MAX: usize = 10_000;

/// Archived rooms of the house. Beyond it: error `rooms_full`.
pub const ARCHIVED_ROOMS_MAX: usize = 50_000;

/// Rooms that one member made and that are not archived. Beyond it: error `too_many_rooms_made`.
pub const ROOMS_MADE_MAX: usize = 200;

/// Rooms of one member. Beyond it: error `too_many_rooms`.
pub const ROOMS_PER_MEMBER_MAX: usize = 500;

/// Events of one part of a replay. The hub reads the next part after this part was sent.
pub const REPLAY_PART_EVENTS: usize = 256;

/// Bytes of text of one part of a replay, which has at least one event. The hub reads the next part after
/// this part was sent.
pub const REPLAY_PART_BYTES: usize = 128 * 1024;

/// Rooms that one member makes in an hour, and at once. Beyond it: error `too_many_requests`.
pub const ROOMS_MADE_PER_HOUR: u32 = 30;

/// Reads of one session that wait for the store. Beyond it: error `too_many_requests`.
pub const READS_PER_SESSION_MAX: usize = 4;

/// Reads of `history` and `events` that the store holds at a time. Beyond it they wait, and members take turns.
pub const PAGE_READS_MAX: usize = 8;

/// Sessions of one member at a time. Beyond it: close 4429.
pub const SESSIONS_PER_MEMBER_MAX: usize = 64;

/// Appends that wait for the store. At this number the registry takes no more input, so no socket is read.
pub const APPENDS_WAITING_MAX: usize = 4096;

/// Bytes of text in the appends that wait for the store. At this number the registry takes no more input, so no
/// socket is read.
pub const APPEND_BYTES_WAITING_MAX: usize = 16 << 20;

/// Commits whose marks the hub holds. A cursor that is older is compared with the mark in the store.
pub const RECENT_MARKS_MAX: usize = 4096;

/// Milliseconds for which a session waits for the log to reach its cursor. Beyond it the session starts fresh.
pub const CURSOR_WAIT_MS: u64 = 2_000;

/// Milliseconds from the opening of a v1 connection to its `hello`. Beyond it: close 4402.
pub const HELLO_MS: u64 = 10_000;

/// Milliseconds by which the wall clock may step ahead at once. Beyond it, the step has no effect on the times
/// of events until it has lasted for [`CLOCK_TRUST_MS`].
pub const CLOCK_JUMP_MS: u64 = 10_000;

/// Milliseconds for which a greater step ahead of the wall clock must last. Then events follow the clock again.
pub const CLOCK_TRUST_MS: u64 = 5 * 60_000;

/// Milliseconds between two readings of the clocks while no input comes. A step is seen no later.
pub const CLOCK_CHECK_MS: u64 = 60_000;

/// Milliseconds for which a polling member stays present after a poll. Beyond it: gone until the next.
pub const POLL_LINGER_MS: u64 = 30_000;

/// Milliseconds for which an away member stays present after a poll. Beyond it: gone until the next.
pub const POLL_LINGER_AWAY_MS: u64 = 75_000;

/// Milliseconds between two publications of presence.
pub const PRESENCE_MS: u64 = 1_000;

/// Milliseconds from a change of presence to its publication while more than
/// [`shared::limits::PRESENCE_NAMED_MAX`] members are present, and only their number is published.
pub const PRESENCE_COUNT_MS: u64 = 3_000;

/// Posts of one member per second. Beyond it the member's sockets are not read for a while; nothing is
/// dropped.
pub const POSTS_PER_S: u32 = 20;

/// Seconds of [`POSTS_PER_S`] that may come in one burst.
pub const POST_BURST_S: u32 = 3;

/// Seconds' worth of reads (`history`, `events`) of a member that may come in one burst. A member reads as often as
/// the member may post, but at least [`POSTS_PER_S`] times a second. Beyond it the sockets are not read for a while.
pub const READ_BURST_S: u32 = 5;

/// Commands `mark_read` of one member per second. Beyond it: error `too_many_requests`.
pub const MARKS_PER_S: u32 = 10;

/// Commands `mark_read` of one member at once. Beyond it: error `too_many_requests`.
pub const MARKS_BURST: u32 = 100;

/// Milliseconds for which read markers are gathered before they are saved together.
pub const MARKS_GATHER_MS: u64 = 200;

/// Milliseconds for which a member's posts or reads may be ahead of their rate. Beyond it: error
/// `too_many_requests`.
pub const DEBT_MAX_MS: u64 = 10_000;

/// Messages per second of one connection, of any kind and in any dialect, as a multiple of [`POSTS_PER_S`].
/// Beyond it the socket is not read for a while.
pub const CONNECTION_MESSAGES_PER_POST: u32 = 10;

/// Bytes per second of one connection, in any dialect. Beyond it the socket is not read for a while.
pub const CONNECTION_BYTES_PER_S: u32 = 1 << 20;
