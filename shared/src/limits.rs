//! Limits that server and client both know. Each says what happens beyond it.

/// Bytes of a member's message. Beyond it: error `text_too_long`; the page keeps the text and tells the
/// person before sending.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a frame from a v1 client: six times [`TEXT_BYTES_MAX`], the most that JSON escapes make of a
/// text, and 4 KiB for the other fields. Beyond it: close 1009.
pub const FRAME_BYTES_MAX: usize = 6 * TEXT_BYTES_MAX + 4 * 1024;

/// Bytes of a message in the text dialect, text or binary, with its fragments joined. Beyond it: close
/// 1009.
pub const PLAIN_BYTES_MAX: usize = 64 * 1024;

/// Characters of a name, after normalisation: extended grapheme clusters (UAX 29). Beyond it: error
/// `name_too_long`.
pub const NAME_CHARS_MAX: usize = 32;

/// Bytes of a name, after normalisation, because one grapheme cluster can have any number of code points.
/// Beyond it: error `name_too_long`.
pub const NAME_BYTES_MAX: usize = 256;

/// Messages of a room in `welcome` and `reset`. Beyond it: older messages are left out.
pub const SNAPSHOT_MESSAGES: usize = 100;

/// Bytes of text in the messages of `welcome`, `reset` and a page of history. Beyond it: messages are left
/// out, except one. So the frame fits into a connection's queue, however JSON escapes its texts.
pub const SNAPSHOT_BYTES: usize = 128 * 1024;

/// Characters of a room's description. Beyond it: error `description_refused`.
pub const DESCRIPTION_CHARS_MAX: usize = 300;

/// Messages of a page of history. Beyond it: `older` or `newer` is true.
pub const HISTORY_MESSAGES: usize = 50;

/// Rooms of a page of the room directory. Beyond it: `more` is true.
pub const ROOMS_PAGE: usize = 50;

/// Events of one room in a replay. Beyond it: `reset`.
pub const REPLAY_EVENTS_MAX: usize = 500;

/// Bytes of one room's events in a replay. Beyond it: `reset`.
pub const REPLAY_BYTES_MAX: usize = 1 << 20;

/// Messages after a read marker that the server looks at, and the greatest `unread`. Beyond it: `unread` is this
/// number, whoever wrote the messages.
pub const UNREAD_MAX: u32 = 1_000;

/// Positions in `held` of `hello`. Beyond it: the rest are ignored.
pub const HELD_MAX: usize = 16;

/// Present members that `welcome` names. Beyond it: `present_count` only.
pub const WELCOME_PRESENT_MAX: usize = 50;

/// Present members up to which `here`, `away` and `gone` name members. Beyond it: counts only.
pub const PRESENCE_NAMED_MAX: usize = 200;

/// Milliseconds between two pings of the server.
pub const PING_MS: u64 = 25_000;

/// Milliseconds without a frame from the peer. Beyond it: the connection is closed.
pub const SILENCE_MS: u64 = 60_000;

/// Bytes of a frame's payload in a trace. Beyond it: bytes are counted.
pub const TRACE_PAYLOAD_BYTES_MAX: usize = 64;

/// Bytes of one connection's trace: names and values of headers, headers of frames, the traced part of
/// payloads, and 8 for the time of each item. Beyond it: frames are counted.
pub const TRACE_BYTES_MAX: usize = 64 * 1024;
