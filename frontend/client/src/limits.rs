//! The client's own limits, each with what happens past it. Those that the
//! server knows too are in [`shared::limits`]. Times are milliseconds.

/// Commands that are not settled yet: on their way, waiting or refused. Past
/// it: `View::can_send` is false and the composer keeps the text.
pub const OUTBOX_ROWS_MAX: usize = 500;

/// Messages of the open room that are shown, settled or not. Past it: those at the far end leave the
/// screen, and `View::older` or `View::newer` says so.
pub const WINDOW_ROWS_MAX: usize = 300;

/// Messages that are shown at first when a room is opened, if they are held.
pub const WINDOW_FIRST_ROWS: usize = 100;

/// Messages by which the window grows when the reader comes to its edge.
pub const WINDOW_STEP_ROWS: usize = 50;

/// Messages that are held of one room. Past it: those farthest from the window are let go, and
/// can be paged in again.
pub const ROOM_ROWS_MAX: usize = 5_000;

/// Messages that are held in all. Past it: the rooms that were open longest ago let go of theirs.
pub const HELD_ROWS_MAX: usize = 20_000;

/// Rooms that are held. Past it: the rest are passed over.
pub const ROOMS_MAX: usize = 2_000;

/// Events of one address that are held beyond a hole. Past it: the newest is dropped. It is a hole
/// itself once the first is closed, and until that is too the cursor stays where it is.
pub const BUFFERED_EVENTS_MAX: usize = 200;

/// Questions about holes that are in flight at once. Past it: the next waits.
pub const GAP_REQUESTS_MAX: usize = 4;

/// Rooms of the house that are listed while browsing. Past it: no more are asked for.
pub const DIRECTORY_ROOMS_MAX: usize = 1_000;

/// How long a stored row belongs to the page that keeps it, unless it says so again.
pub const LEASE_MS: u64 = 15_000;

/// How long before its end a lease is renewed.
pub const LEASE_RENEW_MS: u64 = 10_000;

/// From a change of a draft to its storing.
pub const DRAFT_MS: u64 = 300;

/// Bytes of a draft that is stored. Past it: it stays in the composer and is not stored.
pub const DRAFT_BYTES_MAX: usize = 4 * shared::limits::TEXT_BYTES_MAX;

/// Drafts that are held. Past it: one that is empty, or was typed longest ago, makes way for what
/// is being typed. It stays stored, for the next life of the page.
pub const DRAFTS_MAX: usize = 500;

/// Stored rows that are looked at and are not this page's to send. Past it: the rest stay stored.
pub const FOREIGN_ROWS_MAX: usize = 500;

/// Rows of ours that a reply settled and that stand ahead of the room. Past it: the oldest is let
/// go until its event comes.
pub const ACKED_ROWS_MAX: usize = OUTBOX_ROWS_MAX;

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
pub const LIVENESS_MS: u64 = 5_000;

/// How long a connection that is only read may have been silent when the page is shown again. Past
/// it: begun anew.
pub const STALE_MS: u64 = 30_000;

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
pub const RETRY_HINT_MAX_MS: u64 = 60_000;

/// From the start of an attempt to `welcome`, while there is another transport to be tried. Past
/// it: the next starts.
pub const FALL_BACK_MS: u64 = 2_500;

/// A transport that was welcome for so long works here.
pub const GOOD_AFTER_MS: u64 = 60_000;

/// How long what works is remembered.
pub const LAST_GOOD_MS: u64 = 24 * 3_600_000;

/// How often, in a row, a transport may break before it worked. At it: left alone.
pub const SHORT_CONNECTIONS_MAX: u32 = 3;

/// How long a transport is left alone.
pub const AVOIDED_MS: u64 = 10 * 60_000;

/// How often what works may be refused in a row. Past it: the next transport is tried.
pub const LAST_GOOD_FAILURES_MAX: u32 = 2;

/// From the `welcome` of a lesser transport to the first attempt at a WebSocket beside it; doubled
/// with each that fails.
pub const UPGRADE_FIRST_MS: u64 = 30_000;

/// The longest between two of these attempts.
pub const UPGRADE_CEILING_MS: u64 = 10 * 60_000;

/// Frames that are held back while a WebSocket is greeted beside what there is. Past it: that is
/// given up.
pub const UPGRADE_EVENTS_MAX: usize = 200;

/// Seconds that a poll may wait at the server.
pub const POLL_WAIT_S: u64 = 25;

/// The shortest wait of a poll that is cut again and again.
pub const POLL_WAIT_LEAST_S: u64 = 2;

/// Polls in a row that may be cut. At it: the transport is given up.
pub const POLL_CUTS_MAX: u32 = 3;

/// A poll that failed after so long was cut while it waited; sooner, it was refused.
pub const PARKED_MS: u64 = 1_000;

/// From a poll to its answer, beside its wait at the server. Past it: the poll has failed.
pub const POLL_ANSWER_MS: u64 = 10_000;

/// From a command in a request of its own to its answer. Past it: the request has failed, and the session breaks.
pub const COMMAND_MS: u64 = 20_000;

/// Bytes of a line or an event of an event stream. Past it: the session breaks.
pub const EVENT_BYTES_MAX: usize = 8 << 20;

/// Between two looks at the lease by which a tab reads for the others.
pub const ELECTION_TICK_MS: u64 = 500;

/// How long a page reads for the others unless it says so again.
pub const LEADER_LEASE_MS: u64 = 2_500;

/// How often it says so.
pub const LEADER_RENEW_MS: u64 = 1_000;

/// How often a page that is told by another says that the person is at it.
pub const HERE_EVERY_MS: u64 = 5_000;

/// How long that counts.
pub const HERE_MS: u64 = 12_000;

/// How long a leader that has said whether the person is here, and is told otherwise, waits until it
/// says so again. Each time it waits twice as long as before.
pub const SAY_AGAIN_MS: u64 = 2_000;

/// Frames that a page holds back that another tells, before it has begun itself. Past it: it begins anew.
pub const SHARED_FRAMES_MAX: usize = 200;

/// Moments of a connection's life that the inspector holds. Past it: the oldest is dropped, and counted.
pub const INSPECT_ENTRIES_MAX: usize = 200;

/// Frames that the inspector holds. Past it: the oldest is dropped, and counted.
pub const INSPECT_FRAMES_MAX: usize = 500;

/// Characters of a message that the inspector's time line shows. Past it: they are cut off.
pub const INSPECT_TEXT_CHARS_MAX: usize = 200;

/// Bytes of a text that the inspector sends: more than the server takes, so that its refusal can be seen.
/// Past it: it is not sent.
pub const INSPECT_SEND_BYTES_MAX: usize = 128 * 1024;

/// Characters of a key that is tried. Past it: they are cut off.
pub const INSPECT_KEY_CHARS_MAX: usize = 200;

/// Bytes in the inspector's editor. Past it: they are not read.
pub const INSPECT_EDIT_BYTES_MAX: usize = 1024;

/// How long the inspector compares transports, in seconds, at the most: one message is sent in each.
pub const COMPARE_S: u64 = 60;

/// How long it waits for its readers before it begins without some.
pub const COMPARE_READY_MS: u64 = 3_000;

/// How long it waits for what was sent last, longer than the longest interval. Past it: it ends without.
pub const COMPARE_LAST_MS: u64 = 8_000;

/// Pages of rooms that it searches for its own. Past it: it makes one, and is told if that is there already.
pub const COMPARE_PAGES_MAX: usize = 10;

/// Characters of the name of a room of its own, those of a member's name included. Past it: they are cut off.
pub const COMPARE_NAME_CHARS_MAX: usize = shared::limits::NAME_CHARS_MAX;
