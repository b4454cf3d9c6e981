//! The client's own limits, each with what happens past it. Those that the
//! server knows too are in [`shared::limits`]. Times are milliseconds.

/// Messages that are not settled yet: on their way, waiting or refused. Past
/// it: `View::can_send` is false and the composer keeps the text.
pub const OUTBOX_ROWS_MAX: usize = 500;

/// Settled messages that are held. Past it: the oldest is let go, and
/// `View::older` says that there are older ones.
pub const TIMELINE_ROWS_MAX: usize = 300;

/// Present members that are held by name. Past it: the count tells.
pub const PEOPLE_MAX: usize = shared::limits::PRESENCE_NAMED_MAX;

/// Names of members that are held, present or not. Past it: those who are
/// neither present nor the author of a row that is held are forgotten.
pub const NAMES_MAX: usize = 2_000;

/// From the start of an attempt to the open WebSocket. Past it: given up.
pub const CONNECT_MS: u64 = 10_000;

/// From the open WebSocket to `welcome`. Past it: given up.
pub const WELCOME_MS: u64 = 10_000;

/// From a `ping` of ours to any frame. Past it: the connection is given up.
pub const PROBE_MS: u64 = 5_000;

/// From a post to its settlement, while the connection is otherwise alive.
/// Past it: the connection is given up and the post is sent again on the next.
pub const SETTLE_MS: u64 = 30_000;

/// From our own close to the WebSocket's end, before it is taken as ended.
pub const CLOSING_MS: u64 = 3_000;

/// A connection that was welcome for so long ends a row of failures: the next
/// loss starts with a short wait again.
pub const STEADY_MS: u64 = 10_000;

/// Ceiling of the first wait; it doubles with each failure.
pub const BACKOFF_FIRST_MS: u64 = 250;

/// Ceiling of a wait in the first minute of a row of failures.
pub const BACKOFF_EARLY_CEILING_MS: u64 = 5_000;

/// How long the early ceiling holds.
pub const BACKOFF_EARLY_MS: u64 = 60_000;

/// Ceiling of a wait later.
pub const BACKOFF_CEILING_MS: u64 = 30_000;

/// The longest reconnect hint of a server that is honoured. Past it: this is taken.
pub const HINT_MAX_MS: u64 = 60_000;
