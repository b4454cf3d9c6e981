//! The limits in PROTOCOL.md equal those of the hub and of the server.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what is wrong by panicking")]

#[path = "../../shared/tests/protocol/document.rs"]
mod document;

use std::time::Duration;

fn ms(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap()
}

#[test]
fn protocol_md_lists_the_limits_of_the_hub() {
    macro_rules! values {
        ($($name:ident),* $(,)?) => {
            [$((stringify!($name).to_owned(), u64::try_from(hub::limits::$name).unwrap())),*]
        };
    }
    let values = values![
        CURSOR_WAIT_MS,
        HELLO_MS,
        SESSIONS_PER_MEMBER_MAX,
        POSTS_PER_S,
        POST_BURST_S,
        CONNECTION_MESSAGES_PER_POST,
        CONNECTION_BYTES_PER_S,
        PRESENCE_MS,
        POLL_LINGER_MS,
        POLL_LINGER_AWAY_MS,
        CLOCK_JUMP_MS,
        CLOCK_TRUST_MS,
        ROOMS_MAX,
        ROOMS_PER_MEMBER_MAX,
        READS_PER_SESSION_MAX,
        REPLAY_PART_EVENTS,
        REPLAY_PART_BYTES,
        MEMBERS_MAX,
        NAME_REST_MS,
        RESTING_NAMES_MAX,
        LOG_EVENTS_MAX,
        LOG_BYTES_MAX,
    ];
    assert_eq!(document::limits("hub::limits"), values);
}

#[test]
fn protocol_md_lists_the_limits_of_the_server() {
    use backend::limits::{
        ADDRESS_CONNECTIONS_MIN, ADDRESS_SHARE, ADDRESSES_MAX, BODY_BYTES_MAX, BODY_TIMEOUT, COMMENT_EVERY,
        CONNECTIONS_PER_ADDRESS_MAX, HANDSHAKES, HEAD_BYTES_MAX, HEAD_TIMEOUT, HEADER_NAMES_BYTES_MAX, JOINS,
        KEEP_ALIVE, MESSAGE_TIMEOUT, NAME_ATTEMPTS, PIPELINED_BYTES_MAX, POLL_AGAIN_MS, POLL_GATHER,
        POLL_WAIT_MAX, POLLS_PER_ADDRESS_MAX, QUEUE_BYTES_MAX, READ_AHEAD_BYTES_MAX, RENAMES,
        RETRY_AFTER_MS_MAX, SERVED_BODY_BYTES_MAX, SOCKETS_PER_ADDRESS_MAX, STREAMS_PER_ADDRESS_MAX,
        TEXTS_PER_ADDRESS, TEXTS_PER_CONNECTION, UNACKNOWLEDGED,
    };
    use shared::close::RETRY_MS;
    let values = [
        ("QUEUE_BYTES_MAX", u64::try_from(QUEUE_BYTES_MAX).unwrap()),
        ("UNACKNOWLEDGED", ms(UNACKNOWLEDGED)),
        ("HEADER_NAMES_BYTES_MAX", u64::try_from(HEADER_NAMES_BYTES_MAX).unwrap()),
        ("BODY_BYTES_MAX", u64::try_from(BODY_BYTES_MAX).unwrap()),
        ("COMMENT_EVERY", ms(COMMENT_EVERY)),
        ("POLL_WAIT_MAX", ms(POLL_WAIT_MAX)),
        ("POLL_GATHER", ms(POLL_GATHER)),
        ("POLL_AGAIN_MS", POLL_AGAIN_MS),
        ("BODY_TIMEOUT", ms(BODY_TIMEOUT)),
        ("HEAD_TIMEOUT", ms(HEAD_TIMEOUT)),
        ("HEAD_BYTES_MAX", u64::try_from(HEAD_BYTES_MAX).unwrap()),
        ("KEEP_ALIVE", ms(KEEP_ALIVE)),
        ("MESSAGE_TIMEOUT", ms(MESSAGE_TIMEOUT)),
        ("READ_AHEAD_BYTES_MAX", u64::try_from(READ_AHEAD_BYTES_MAX).unwrap()),
        ("PIPELINED_BYTES_MAX", u64::try_from(PIPELINED_BYTES_MAX).unwrap()),
        ("SERVED_BODY_BYTES_MAX", u64::try_from(SERVED_BODY_BYTES_MAX).unwrap()),
        ("ADDRESS_SHARE", u64::try_from(ADDRESS_SHARE).unwrap()),
        ("ADDRESS_CONNECTIONS_MIN", u64::try_from(ADDRESS_CONNECTIONS_MIN).unwrap()),
        ("CONNECTIONS_PER_ADDRESS_MAX", u64::try_from(CONNECTIONS_PER_ADDRESS_MAX).unwrap()),
        ("SOCKETS_PER_ADDRESS_MAX", u64::try_from(SOCKETS_PER_ADDRESS_MAX).unwrap()),
        ("STREAMS_PER_ADDRESS_MAX", u64::try_from(STREAMS_PER_ADDRESS_MAX).unwrap()),
        ("POLLS_PER_ADDRESS_MAX", u64::try_from(POLLS_PER_ADDRESS_MAX).unwrap()),
        ("HANDSHAKES.per_s", HANDSHAKES.per_s.into()),
        ("HANDSHAKES.burst", HANDSHAKES.burst.into()),
        ("JOINS.per_s", JOINS.per_s.into()),
        ("JOINS.burst", JOINS.burst.into()),
        ("RENAMES.per_s", RENAMES.per_s.into()),
        ("RENAMES.burst", RENAMES.burst.into()),
        ("NAME_ATTEMPTS.per_s", NAME_ATTEMPTS.per_s.into()),
        ("NAME_ATTEMPTS.burst", NAME_ATTEMPTS.burst.into()),
        ("RETRY_AFTER_MS_MAX", RETRY_AFTER_MS_MAX),
        ("TEXTS_PER_CONNECTION.per_s", TEXTS_PER_CONNECTION.per_s.into()),
        ("TEXTS_PER_CONNECTION.burst", TEXTS_PER_CONNECTION.burst.into()),
        ("TEXTS_PER_ADDRESS.per_s", TEXTS_PER_ADDRESS.per_s.into()),
        ("TEXTS_PER_ADDRESS.burst", TEXTS_PER_ADDRESS.burst.into()),
        ("ADDRESSES_MAX", u64::try_from(ADDRESSES_MAX).unwrap()),
        ("RETRY_MS.start", RETRY_MS.start),
        ("RETRY_MS.end", RETRY_MS.end),
    ];
    assert_eq!(document::limits("backend::limits"), values.map(|(name, value)| (name.to_owned(), value)));
}
