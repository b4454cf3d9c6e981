//! The limits that both sides know, each with what happens past it.

/// Bytes of one member's message. Past it: error `text_too_long`; the page
/// keeps the text and says so before it sends.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Bytes of one frame from a v1 client. Six times [`TEXT_BYTES_MAX`], the worst
/// that JSON escapes make of a text, and room for the rest. Past it: close 1009.
pub const FRAME_BYTES_MAX: usize = 6 * TEXT_BYTES_MAX + 4 * 1024;

/// Bytes of one message, text or binary, from a plain client, its fragments
/// joined. Past it: close 1009.
pub const PLAIN_BYTES_MAX: usize = 64 * 1024;

/// Characters of a member's name, after normalisation. Past it: error `name_too_long`.
pub const NAME_CHARS_MAX: usize = 32;

/// Messages of the open room that come with `welcome`. Older ones are not sent.
pub const SNAPSHOT_MESSAGES: usize = 100;

/// Bytes of text that come with `welcome`. Older messages are not sent, so that the frame,
/// however its texts are escaped, fits into a connection's queue.
pub const SNAPSHOT_BYTES: usize = 128 * 1024;

/// Characters of a room's description. Past it: error `description_refused`.
pub const DESCRIPTION_CHARS_MAX: usize = 300;

/// Messages of one page of history. Past it: `older` or `newer` tells.
pub const HISTORY_MESSAGES: usize = 50;

/// Rooms of one page of the rooms of the house. Past it: `more` tells.
pub const ROOMS_PAGE: usize = 50;

/// Events of one room that are replayed to who comes back. Past it: `reset`.
pub const REPLAY_EVENTS_MAX: usize = 500;

/// Bytes of events of one room that are replayed to who comes back. Past it: `reset`.
pub const REPLAY_BYTES_MAX: usize = 1 << 20;

/// Present members that come with `welcome`. Above it: the count tells.
pub const WELCOME_PRESENT_MAX: usize = 50;

/// Present members up to whom `here`, `away` and `gone` name each one. Above it: counts only.
pub const PRESENCE_NAMED_MAX: usize = 200;

/// Milliseconds between two pings of the server.
pub const PING_MS: u64 = 25_000;

/// Milliseconds without a word from the other side after which a connection is given up.
pub const SILENCE_MS: u64 = 60_000;

/// Bytes of a frame's payload that a traced connection is told. The rest is counted.
pub const TRACE_PAYLOAD_BYTES_MAX: usize = 64;

/// Bytes of itself that a traced connection is told in all: names and values of headers, headers of
/// frames and what is told of their payloads, and 8 for the time of each. Past it: frames are counted.
pub const TRACE_BYTES_MAX: usize = 64 * 1024;
