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
        READ_BURST_S,
        MARKS_PER_S,
        MARKS_BURST,
        MARKS_GATHER_MS,
        DEBT_MAX_MS,
        CONNECTION_MESSAGES_PER_POST,
        CONNECTION_BYTES_PER_S,
        PRESENCE_MS,
        PRESENCE_COUNT_MS,
        POLL_LINGER_MS,
        POLL_LINGER_AWAY_MS,
        CLOCK_JUMP_MS,
        CLOCK_TRUST_MS,
        ROOMS_MAX,
        ARCHIVED_ROOMS_MAX,
        ROOMS_MADE_MAX,
        ROOMS_PER_MEMBER_MAX,
        ROOMS_MADE_PER_HOUR,
        READS_PER_SESSION_MAX,
        PAGE_READS_MAX,
        APPENDS_WAITING_MAX,
        APPEND_BYTES_WAITING_MAX,
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
        ADDRESS_CONNECTIONS_MIN, ADDRESS_SHARE, ADDRESSES_MAX, ANSWER_BYTES_MAX, BODY_BYTES_MAX,
        BODY_TIMEOUT, COMMENT_EVERY, CONNECTIONS_PER_ADDRESS_MAX, DEVICES_PER_REQUEST_MAX, HANDSHAKES,
        HEAD_BYTES_MAX, HEAD_TIMEOUT, HEADER_NAMES_BYTES_MAX, HELD_BYTES_PER_ADDRESS_MAX, HELD_BYTES_SPARED,
        JOINS, KEEP_ALIVE, LINGER, MESSAGE_TIMEOUT, NAME_ATTEMPTS, OPEN_RETRY_AFTER_S, PIPELINED_BYTES_MAX,
        POLL_AGAIN_MS, POLL_GATHER, POLL_WAIT_MAX, POLLS_PER_ADDRESS_MAX, QUEUE_BYTES_MAX,
        READ_AHEAD_BYTES_MAX, REFUSAL_DELAY, REFUSALS, REFUSALS_WAITING_MAX,
        REFUSALS_WAITING_PER_ADDRESS_MAX, REFUSED_PER_ADDRESS_MAX, RENAMES, RETRY_AFTER_MS_MAX,
        ROOMS_PER_ADDRESS_PER_HOUR, SERVED_BODY_BYTES_MAX, SHUTDOWN, SOCKETS_PER_ADDRESS_MAX, STALL_AFTER,
        STREAMS_PER_ADDRESS_MAX, TEXTS_PER_ADDRESS, TEXTS_PER_CONNECTION, UNACKNOWLEDGED,
    };
    use shared::close::RETRY_MS;
    let values = [
        ("QUEUE_BYTES_MAX", u64::try_from(QUEUE_BYTES_MAX).unwrap()),
        ("ANSWER_BYTES_MAX", u64::try_from(ANSWER_BYTES_MAX).unwrap()),
        ("HELD_BYTES_PER_ADDRESS_MAX", u64::try_from(HELD_BYTES_PER_ADDRESS_MAX).unwrap()),
        ("HELD_BYTES_SPARED", u64::try_from(HELD_BYTES_SPARED).unwrap()),
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
        ("LINGER", ms(LINGER)),
        ("SHUTDOWN", ms(SHUTDOWN)),
        ("STALL_AFTER", ms(STALL_AFTER)),
        ("MESSAGE_TIMEOUT", ms(MESSAGE_TIMEOUT)),
        ("READ_AHEAD_BYTES_MAX", u64::try_from(READ_AHEAD_BYTES_MAX).unwrap()),
        ("PIPELINED_BYTES_MAX", u64::try_from(PIPELINED_BYTES_MAX).unwrap()),
        ("SERVED_BODY_BYTES_MAX", u64::try_from(SERVED_BODY_BYTES_MAX).unwrap()),
        ("ADDRESS_SHARE", u64::try_from(ADDRESS_SHARE).unwrap()),
        ("ADDRESS_CONNECTIONS_MIN", u64::try_from(ADDRESS_CONNECTIONS_MIN).unwrap()),
        ("CONNECTIONS_PER_ADDRESS_MAX", u64::try_from(CONNECTIONS_PER_ADDRESS_MAX).unwrap()),
        ("REFUSED_PER_ADDRESS_MAX", u64::try_from(REFUSED_PER_ADDRESS_MAX).unwrap()),
        ("SOCKETS_PER_ADDRESS_MAX", u64::try_from(SOCKETS_PER_ADDRESS_MAX).unwrap()),
        ("STREAMS_PER_ADDRESS_MAX", u64::try_from(STREAMS_PER_ADDRESS_MAX).unwrap()),
        ("POLLS_PER_ADDRESS_MAX", u64::try_from(POLLS_PER_ADDRESS_MAX).unwrap()),
        ("OPEN_RETRY_AFTER_S", OPEN_RETRY_AFTER_S),
        ("HANDSHAKES.per_s", HANDSHAKES.per_s.into()),
        ("HANDSHAKES.burst", HANDSHAKES.burst.into()),
        ("JOINS.per_s", JOINS.per_s.into()),
        ("JOINS.burst", JOINS.burst.into()),
        ("RENAMES.per_s", RENAMES.per_s.into()),
        ("RENAMES.burst", RENAMES.burst.into()),
        ("ROOMS_PER_ADDRESS_PER_HOUR", ROOMS_PER_ADDRESS_PER_HOUR.into()),
        ("NAME_ATTEMPTS.per_s", NAME_ATTEMPTS.per_s.into()),
        ("NAME_ATTEMPTS.burst", NAME_ATTEMPTS.burst.into()),
        ("REFUSALS.per_s", REFUSALS.per_s.into()),
        ("REFUSALS.burst", REFUSALS.burst.into()),
        ("REFUSAL_DELAY", ms(REFUSAL_DELAY)),
        ("REFUSALS_WAITING_PER_ADDRESS_MAX", u64::try_from(REFUSALS_WAITING_PER_ADDRESS_MAX).unwrap()),
        ("REFUSALS_WAITING_MAX", u64::try_from(REFUSALS_WAITING_MAX).unwrap()),
        ("RETRY_AFTER_MS_MAX", RETRY_AFTER_MS_MAX),
        ("TEXTS_PER_CONNECTION.per_s", TEXTS_PER_CONNECTION.per_s.into()),
        ("TEXTS_PER_CONNECTION.burst", TEXTS_PER_CONNECTION.burst.into()),
        ("TEXTS_PER_ADDRESS.per_s", TEXTS_PER_ADDRESS.per_s.into()),
        ("TEXTS_PER_ADDRESS.burst", TEXTS_PER_ADDRESS.burst.into()),
        ("ADDRESSES_MAX", u64::try_from(ADDRESSES_MAX).unwrap()),
        ("DEVICES_PER_REQUEST_MAX", u64::try_from(DEVICES_PER_REQUEST_MAX).unwrap()),
        ("RETRY_MS.start", RETRY_MS.start),
        ("RETRY_MS.end", RETRY_MS.end),
    ];
    assert_eq!(document::limits("backend::limits"), values.map(|(name, value)| (name.to_owned(), value)));
}

/// Limits that no client can notice, or only as a delay of all clients, each with the reason. PROTOCOL.md does not
/// list them.
const INTERNAL: &[(&str, &str)] = &[
    ("FLUSH_BYTES", "only orders the writes of a round"),
    ("QUEUE_FRAMES_KEPT", "memory of an empty queue"),
    ("DISPATCHER_BYTES_MAX", "more leaves with the next write"),
    ("SOCKET_CHUNK_BYTES_MAX", "how a body is cut into chunks means nothing (RFC 9112 §7.1)"),
    ("CHUNK_BYTES_MAX", "how a body is cut into chunks means nothing (RFC 9112 §7.1)"),
    ("SLICES_MAX", "more frames leave with the next write"),
    ("INBOX_MAX", "load of all clients"),
    ("INPUTS_BYTES_MAX", "load of all clients of a worker"),
    ("TURN_MAX", "only orders the work of the registry"),
    ("TURN_BYTES_MAX", "only orders the work of the registry"),
    ("READS_TURN_MAX", "only orders the work of the registry"),
    ("READS_TURN_BYTES_MAX", "only orders the work of the registry"),
    ("RECENT_MARKS_MAX", "an older mark is read from the store"),
    ("BATCHES_BYTES_MAX", "load of all clients of a worker"),
    ("ROUND_BYTES_MAX", "only orders the work of a worker"),
    ("LATER_WRITES_PER_TURN", "only orders the work of a worker"),
    ("LATER_PAUSE", "only orders the work of a worker"),
    ("ENDS_PER_TURN", "only orders the work of a worker"),
    ("END_PAUSE", "only orders the work of a worker"),
    ("CONNECTIONS_PER_WORKER_MAX", "the file descriptors end sooner"),
    ("BACKLOG", "the kernel keeps the connections"),
    ("DESCRIPTORS_KEPT", "a setting of the system, told at the start"),
    ("DESCRIPTORS_PER_WORKER", "a setting of the system, told at the start"),
    ("CONNECTIONS_LEAST", "a setting of the system, told at the start"),
    ("PEER_CHECK_EVERY", "the client has gone, or its connection ends"),
    ("POLICY_NOTES_MAX", "lines of the log"),
    ("PROXY_HOPS_MAX", "a setting of the operator"),
    ("SHUTDOWN_LIMIT", "every connection has ended before"),
    ("REPEAT_EVERY", "lines of the log"),
    ("MEASURE_EVERY", "only the operator reads the metrics"),
    ("METRICS_CONNECTIONS_MAX", "only the operator reads the metrics"),
    ("METRICS_KEEP_ALIVE", "only the operator reads the metrics"),
    ("LOG_LINES_MAX", "lines of the log"),
    ("LOG_FLUSH", "lines of the log"),
    ("CLOCK_CHECK_MS", "a step of the clock is noticed with the next input"),
];

/// Names of the limits that a source file declares.
fn declared(source: &str) -> Vec<&str> {
    let names = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    names.collect()
}

#[test]
fn each_limit_is_listed_or_internal() {
    let (server, hub) = (include_str!("../src/limits.rs"), include_str!("../hub/src/limits.rs"));
    let declared: Vec<&str> = [server, hub].into_iter().flat_map(declared).collect();
    let listed = [document::limits("backend::limits"), document::limits("hub::limits")].concat();
    let listed: Vec<&str> = listed.iter().filter_map(|(name, _)| name.split('.').next()).collect();
    for name in &declared {
        let internal = INTERNAL.iter().filter(|(other, _)| other == name).count();
        let is_listed = listed.contains(name);
        assert_eq!(
            internal + usize::from(is_listed),
            1,
            "list {name} in PROTOCOL.md, or say why it is internal"
        );
    }
    for (name, _) in INTERNAL {
        assert!(declared.contains(name), "there is no limit {name}");
    }
}
