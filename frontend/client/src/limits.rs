//! The client's own limits, each with the effect past it.
//!
//! Limits that the server knows too are in [`shared::limits`]. Times are in milliseconds.

/// Commands that are not settled yet. Past it: `View::can_send` is false and the composer keeps the
/// text.
pub const OUTBOX_ROWS_MAX: usize = 500;

/// Rows that are shown of the open room, settled or not. Past it: rows at the far end leave the
/// window, and `View::older` or `View::newer` is `Edge::More`.
pub const WINDOW_ROWS_MAX: usize = 300;

/// Messages that are shown when a room opens, if they are held.
pub const WINDOW_FIRST_ROWS: usize = 100;

/// Messages by which the window grows when the person reaches its edge.
pub const WINDOW_STEP_ROWS: usize = 50;

/// Messages that are held of one room. Past it: those farthest from the window are evicted and can
/// be paged in again.
pub const ROOM_ROWS_MAX: usize = 5_000;

/// Messages that are held in all. Past it: the rooms that were open longest ago are evicted.
pub const HELD_ROWS_MAX: usize = 20_000;

/// Rooms that are held. Past it: the rest are ignored.
pub const ROOMS_MAX: usize = 2_000;

/// Events of one address that are buffered behind a gap. Past it: the newest is dropped.
///
/// A dropped event is a new gap once the first is filled. The cursor stays in place until both are.
pub const BUFFERED_EVENTS_MAX: usize = 200;

/// Requests for missing events that are in flight at once. Past it: the next waits.
pub const GAP_REQUESTS_MAX: usize = 4;

/// Rooms that are listed of the room directory. Past it: no more are requested.
pub const DIRECTORY_ROOMS_MAX: usize = 1_000;

/// The time for which a stored row belongs to the tab that holds it, unless the tab renews the
/// lease.
pub const LEASE_MS: u64 = 15_000;

/// The time before its end at which a lease is renewed.
pub const LEASE_RENEW_MS: u64 = 12_000;

/// Milliseconds between two reads of the stored rows while another tab holds some. Beyond it the tab reads again,
/// so it notices within this time that the clock was set and a lease is no longer to be believed.
pub const LEASE_LOOK_MS: u64 = 5_000;

/// Milliseconds for which a tab watches a lease that has passed, or is not believed, before it takes the row. The
/// clock may have stepped, and a living tab renews its lease within 3 seconds. Beyond it the lease counts as ended.
pub const LEASE_WATCH_MS: u64 = 4_000;

/// Milliseconds by which a lease may end later than a new one would, because the clock was set back a little.
/// Beyond it the lease is not believed.
pub const LEASE_SLACK_MS: u64 = 1_000;

/// The wait after the storage could not be read, before the next read. Each further wait is twice as long.
pub const LOAD_RETRY_MS: u64 = 5_000;

/// Reads of the storage that are repeated because they failed. Beyond it: the next read comes with a
/// connection, or when the page is shown.
pub const LOAD_RETRIES_MAX: u32 = 6;

/// The time from a change of a draft to its saving.
pub const DRAFT_MS: u64 = 300;

/// Bytes of a stored draft. Past it: the draft stays in the composer and is not stored.
pub const DRAFT_BYTES_MAX: usize = 4 * shared::limits::TEXT_BYTES_MAX;

/// The time for which a row must be in sight to count as read.
pub const SEEN_MS: u64 = 500;

/// The time between two reports of read markers. The last one is sent at once when the page is hidden or left.
pub const MARK_EVERY_MS: u64 = 1_000;

/// Read markers that are reported or asked for at once. Past it: the next wait.
pub const MARKER_REQUESTS_MAX: usize = 4;

/// The time for which the line above new messages stays after the person marked them as read.
pub const LINE_MS: u64 = 1_000;

/// Drafts that are held. Past it: an empty draft, or the one typed longest ago, gives way to the
/// newest. It stays stored for the next visit.
pub const DRAFTS_MAX: usize = 500;

/// Foreign rows that are held. Past it: the rest stay stored.
pub const FOREIGN_ROWS_MAX: usize = 500;

/// Acked rows of a room. Past it: the oldest is dropped until its event arrives.
pub const ACKED_ROWS_MAX: usize = OUTBOX_ROWS_MAX;

/// Present members that are held by name. Past it: only their number is known.
pub const PEOPLE_MAX: usize = shared::limits::PRESENCE_NAMED_MAX;

/// Names of members that are held. Past it: names of members who are neither present nor the author
/// of a held row are forgotten. If more names are needed, up to twice as many are held.
pub const NAMES_MAX: usize = 2_000;

/// The time from the start of an attempt to the open WebSocket. Past it: the attempt is given up.
pub const CONNECT_MS: u64 = 10_000;

/// The time from the open WebSocket to `welcome`. Past it: the attempt is given up.
pub const WELCOME_MS: u64 = 10_000;

/// The time from a `ping` to any frame. Past it: the connection is given up.
pub const LIVENESS_MS: u64 = 5_000;

/// The time from a command or request to a `ping`, if no answer came. Past it: the client asks whether the
/// connection still carries frames both ways.
pub const PROBE_AFTER_MS: u64 = 4_000;

/// The time from that `ping` to any answer. Past it: the page says that the server does not answer.
pub const PROBE_NOTICE_MS: u64 = 4_000;

/// The time from that `ping` to any answer on a WebSocket. Past it: the connection is given up. If it was young,
/// its transport is avoided for a while.
pub const PROBE_MS: u64 = 10_000;

/// The time for which a connection over plain HTTP may have been silent when the page is shown
/// again. Past it: the client reconnects.
pub const STALE_MS: u64 = 30_000;

/// The time from a command to its reply on a connection that lives. Past it: the connection is
/// given up and the command is sent again on the next.
pub const SETTLE_MS: u64 = 30_000;

/// The time for which a WebSocket that the client closed is shown as closing.
pub const CLOSING_MS: u64 = 3_000;

/// The time after which a session ends a series of failures, so that the next loss starts with a
/// short wait.
pub const STEADY_MS: u64 = 10_000;

/// Ceiling of the first wait; it doubles with each failure.
pub const BACKOFF_FIRST_MS: u64 = 250;

/// Ceiling of a wait in the first minute of a series of failures.
pub const BACKOFF_EARLY_CEILING_MS: u64 = 5_000;

/// The time for which the early ceiling holds.
pub const BACKOFF_EARLY_MS: u64 = 60_000;

/// Ceiling of a wait after that.
pub const BACKOFF_CEILING_MS: u64 = 30_000;

/// The longest retry hint of a server. Past it: this value is used.
pub const RETRY_HINT_MAX_MS: u64 = 60_000;

/// The time from the start of an attempt to `welcome` while another transport may follow. Past it:
/// the next transport is tried.
pub const FALL_BACK_MS: u64 = 2_500;

/// The time after `welcome` at which a transport counts as good.
pub const GOOD_AFTER_MS: u64 = 60_000;

/// The time for which the last good transport is remembered.
pub const LAST_GOOD_MS: u64 = 24 * 3_600_000;

/// Sessions in a row that end before the transport counts as good. At it: the transport is avoided.
pub const SHORT_CONNECTIONS_MAX: u32 = 3;

/// The time for which a transport is avoided.
pub const AVOIDED_MS: u64 = 10 * 60_000;

/// Refusals in a row of the last good transport. Past it: the next transport is tried.
pub const LAST_GOOD_FAILURES_MAX: u32 = 2;

/// The time from the `welcome` of a lesser transport to the first upgrade; doubled with each that
/// fails.
pub const UPGRADE_FIRST_MS: u64 = 30_000;

/// The longest time between two upgrades.
pub const UPGRADE_CEILING_MS: u64 = 10 * 60_000;

/// Events that are buffered while an upgrade awaits its `welcome`. Past it: the upgrade is given
/// up.
pub const UPGRADE_EVENTS_MAX: usize = 200;

/// Seconds that a poll may wait at the server.
pub const POLL_WAIT_S: u64 = 25;

/// The shortest wait of polls that the network cuts repeatedly, in seconds.
pub const POLL_WAIT_LEAST_S: u64 = 2;

/// Polls in a row that the network may cut. At it: the session ends.
pub const POLL_CUTS_MAX: u32 = 3;

/// The time from which a failed poll counts as cut by the network while it waited. Before it, the
/// poll counts as refused.
pub const POLL_CUT_AFTER_MS: u64 = 1_000;

/// The time from a poll to its answer, in addition to the poll's wait. Past it: the poll has
/// failed.
pub const POLL_ANSWER_MS: u64 = 10_000;

/// The time from a command in a request of its own to its answer. Past it: the request has failed
/// and the session ends.
pub const COMMAND_MS: u64 = 15_000;

/// The time from a request about the identity to its answer. Past it: the server counts as
/// unreachable.
pub const IDENTITY_MS: u64 = 10_000;

/// The time after which a join is sent again that was refused because too many people join, in seconds. A
/// server that says less or more is asked within this range.
pub const JOIN_WAIT_S: std::ops::RangeInclusive<u64> = 1..=120;

/// Bytes of a line or an event of an event stream. Past it: the session ends.
pub const EVENT_BYTES_MAX: usize = 8 << 20;

/// The time between two checks of the leader's lease.
pub const ELECTION_TICK_MS: u64 = 500;

/// The time for which a tab stays the leader, unless it renews its lease.
pub const LEADER_LEASE_MS: u64 = 2_500;

/// The time between two renewals of the leader's lease.
pub const LEADER_RENEW_MS: u64 = 1_000;

/// The time between two reports of a follower that the person is at its tab.
pub const HERE_EVERY_MS: u64 = 5_000;

/// The time for which such a report counts.
pub const HERE_MS: u64 = 12_000;

/// The time after which a leader repeats a presence report that the server contradicts; doubled
/// with each repetition.
pub const PRESENCE_REPEAT_MS: u64 = 2_000;

/// Frames that a follower buffers before its own session has begun. Past it: the follower
/// reconnects.
pub const RELAYED_FRAMES_MAX: usize = 200;

/// Entries in the life of a connection that the inspector holds. Past it: the oldest is dropped and
/// counted.
pub const INSPECT_ENTRIES_MAX: usize = 200;

/// Frames that the inspector holds. Past it: the oldest is dropped and counted.
pub const INSPECT_FRAMES_MAX: usize = 500;

/// Characters of a message on the inspector's time line. Past it: they are cut off.
pub const INSPECT_TEXT_CHARS_MAX: usize = 200;

/// Bytes of a text that the inspector sends: more than the server accepts, so that the refusal can
/// be seen. Past it: the text is not sent.
pub const INSPECT_SEND_BYTES_MAX: usize = 128 * 1024;

/// Characters of a `Sec-WebSocket-Key` that the person tries. Past it: they are cut off.
pub const INSPECT_KEY_CHARS_MAX: usize = 200;

/// Bytes in the inspector's editor. Past it: they are not read.
pub const INSPECT_EDIT_BYTES_MAX: usize = 1024;

/// The length of a comparison of transports, in seconds; one message is sent in each.
pub const COMPARE_S: u64 = 60;

/// The time that a comparison waits for its connections. Past it: it begins without the missing ones.
pub const COMPARE_READY_MS: u64 = 3_000;

/// The time that a comparison waits for the last messages, longer than the longest interval. Past
/// it: it ends without them.
pub const COMPARE_LAST_MS: u64 = 8_000;

/// Pages of the room directory that a comparison searches for its room. Past it: it creates the
/// room.
pub const COMPARE_PAGES_MAX: usize = 10;

/// Characters of the name of a comparison's room, with the member's name. Past it: they are cut
/// off.
pub const COMPARE_NAME_CHARS_MAX: usize = shared::limits::NAME_CHARS_MAX;
