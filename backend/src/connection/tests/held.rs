//! What is held for one connection counts for its IP address, and stops its requests.

use super::*;
use crate::connection::address_limits::AddressLimits;
use crate::connection::server_socket::tests::{flush, pair};
use crate::limits::{ANSWER_BYTES_MAX, HELD_BYTES_PER_ADDRESS_MAX, HELD_BYTES_SPARED};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use tokio::io::AsyncReadExt as _;

/// The counts of one address.
fn address_limits() -> (Arc<AddressLimits>, IpAddr) {
    (AddressLimits::new(1_000, true), IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// An answer whose frame takes this many bytes of a queue.
fn answer_frame(bytes: usize) -> Bytes {
    Bytes::from(vec![0; bytes - ENTRY_BYTES])
}

#[test]
fn requests_wait_while_more_than_some_bytes_of_answers_wait() {
    for (bytes, waits) in
        [(ANSWER_BYTES_MAX - 1, false), (ANSWER_BYTES_MAX, false), (ANSWER_BYTES_MAX + 1, true)]
    {
        let (connection, mut body) = connection();
        // What others get too does not count.
        connection.enqueue(answer_frame(ANSWER_BYTES_MAX));
        connection.enqueue_own(answer_frame(1_000));
        connection.send_replay(answer_frame(bytes - 1_000));
        assert_eq!(connection.holds_many_answers(), waits, "{bytes}");
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut left = Box::pin(connection.answers_left());
        assert_eq!(left.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(), waits);
        connection.enqueue(answer_frame(ANSWER_BYTES_MAX));
        while connection.queue.borrow().bytes() > ANSWER_BYTES_MAX {
            assert!(next(&mut body).is_ready());
        }
        assert!(!connection.holds_many_answers());
        assert!(pin!(connection.answers_left()).poll(&mut Context::from_waker(&waker)).is_ready());
        assert_eq!(count.0.load(Ordering::Relaxed), usize::from(waits), "the reader is woken");
    }
}

#[test]
fn an_answer_beyond_the_bytes_of_its_address_closes_with_4008() {
    for (last, is_closed) in [
        (HELD_BYTES_PER_ADDRESS_MAX - 1, false),
        (HELD_BYTES_PER_ADDRESS_MAX, false),
        (HELD_BYTES_PER_ADDRESS_MAX + 1, true),
    ] {
        let (limits, ip) = address_limits();
        let other = limits.held_bytes(ip);
        let (connection, _body) = connection();
        connection.count_held(limits.held_bytes(ip));
        connection.send_replay(answer_frame(HELD_BYTES_SPARED));
        other.set(last - HELD_BYTES_SPARED - 1_000);
        connection.enqueue(answer_frame(1_000));
        connection.enqueue_own(answer_frame(1_000));
        assert_eq!(connection.close_code(), is_closed.then_some(4008), "{last}");
        other.set(HELD_BYTES_PER_ADDRESS_MAX);
        assert_eq!(other.is_over_limit(), !is_closed, "a connection that was cut off holds nothing");
    }
}

#[test]
fn a_neighbour_of_greedy_connections_is_not_closed_for_them() {
    for (own, is_closed) in
        [(HELD_BYTES_SPARED - 1, false), (HELD_BYTES_SPARED, false), (HELD_BYTES_SPARED + 1, true)]
    {
        for is_replaying in [false, true] {
            let (limits, ip) = address_limits();
            let greedy = limits.held_bytes(ip);
            greedy.set(2 * HELD_BYTES_PER_ADDRESS_MAX);
            let (connection, _body) = connection();
            connection.count_held(limits.held_bytes(ip));
            if is_replaying {
                connection.buffer();
            }
            connection.enqueue_own(answer_frame(1_000));
            connection.enqueue_own(answer_frame(own - 1_000));
            assert_eq!(connection.close_code(), is_closed.then_some(4008), "{own}, {is_replaying}");
        }
    }
}

#[tokio::test]
async fn a_client_that_reads_at_once_is_not_closed_for_its_neighbours() {
    let (limits, ip) = address_limits();
    let greedy = limits.held_bytes(ip);
    greedy.set(2 * HELD_BYTES_PER_ADDRESS_MAX);
    let (mut socket, mut peer) = pair().await;
    let (session, kind, writer) = (SessionId(1), SessionKind::WebSocket, socket.direct_writer());
    let connection = Connection::new(session, Dialect::V1, kind, 0, Rc::default(), writer);
    connection.count_held(limits.held_bytes(ip));
    assert!(next(&mut OutboundBody::new(Rc::clone(&connection))).is_pending());
    flush(&mut socket);
    let mut page = vec![0; 2 * HELD_BYTES_SPARED];
    connection.enqueue_own(Bytes::from(page.clone()));
    assert_eq!(connection.close_code(), None);
    peer.read_exact(&mut page).await.unwrap();
}

#[test]
fn a_connection_that_waits_for_its_client_goes_when_its_address_holds_too_much() {
    let (limits, ip) = address_limits();
    let (connection, _body) = connection();
    connection.count_held(limits.held_bytes(ip));
    connection.enqueue_own(answer_frame(ANSWER_BYTES_MAX + 1));
    connection.bound_held();
    assert_eq!(connection.close_code(), None);
    let other = limits.held_bytes(ip);
    other.set(HELD_BYTES_PER_ADDRESS_MAX);
    connection.bound_held();
    assert_eq!(connection.close_code(), Some(4008));
    assert!(!other.is_over_limit());
}

#[test]
fn an_answer_that_is_buffered_during_a_replay_counts_for_its_address() {
    let (limits, ip) = address_limits();
    let other = limits.held_bytes(ip);
    other.set(HELD_BYTES_PER_ADDRESS_MAX - HELD_BYTES_SPARED);
    let (connection, _body) = connection();
    connection.count_held(limits.held_bytes(ip));
    connection.buffer();
    connection.enqueue_own(answer_frame(HELD_BYTES_SPARED));
    assert_eq!(connection.close_code(), None);
    connection.send(Box::new(Event::Error(Refusal::new(None, ErrorCode::BinaryRefused))));
    assert_eq!(connection.close_code(), Some(4008));
    other.set(HELD_BYTES_PER_ADDRESS_MAX);
    assert!(!other.is_over_limit(), "nothing is buffered");
}

#[test]
fn a_pong_during_a_replay_counts_and_outlasts_an_overflow() {
    let (limits, ip) = address_limits();
    let other = limits.held_bytes(ip);
    other.set(HELD_BYTES_PER_ADDRESS_MAX - 1_000);
    let (connection, mut body) = connection();
    connection.count_held(limits.held_bytes(ip));
    connection.buffer();
    connection.enqueue_own(answer_frame(1_000));
    assert!(!other.is_over_limit());
    other.set(HELD_BYTES_PER_ADDRESS_MAX - 999);
    assert!(other.is_over_limit(), "the pong counts");
    // The events come again with the next part of the replay, but nothing holds the pong.
    connection.enqueue(Bytes::from(vec![0; QUEUE_BYTES_MAX]));
    connection.release();
    assert!(connection.is_buffering());
    connection.buffer();
    connection.release();
    assert_eq!(next(&mut body), Poll::Ready(Some(answer_frame(1_000))));
    assert_eq!(connection.close_code(), None);
}

#[test]
fn events_that_others_get_too_do_not_count_during_a_replay() {
    let (limits, ip) = address_limits();
    let other = limits.held_bytes(ip);
    other.set(HELD_BYTES_PER_ADDRESS_MAX);
    let (connection, _body) = connection();
    connection.count_held(limits.held_bytes(ip));
    connection.buffer();
    connection.send_ephemeral(answer_frame(ANSWER_BYTES_MAX + 1));
    for _ in 0..2 {
        assert!(!other.is_over_limit() && !connection.holds_many_answers());
        connection.release();
    }
    connection.send_ephemeral(answer_frame(1_000));
    assert!(!other.is_over_limit());
}

#[test]
fn requests_wait_while_many_answers_are_buffered_during_a_replay() {
    for (bytes, waits) in
        [(ANSWER_BYTES_MAX - 1, false), (ANSWER_BYTES_MAX, false), (ANSWER_BYTES_MAX + 1, true)]
    {
        let (connection, mut body) = connection();
        connection.buffer();
        connection.enqueue_own(answer_frame(bytes));
        assert_eq!(connection.holds_many_answers(), waits, "{bytes}");
        connection.release();
        assert_eq!(connection.holds_many_answers(), waits, "{bytes}");
        while next(&mut body).is_ready() {}
        assert!(!connection.holds_many_answers());
    }
}

#[test]
fn pongs_beyond_the_queue_close_with_4008_during_a_replay() {
    let pong = 1_000;
    for (last, is_closed) in [(pong - 1, false), (pong, false), (pong + 1, true)] {
        let (connection, _body) = connection();
        connection.buffer();
        connection.enqueue_own(answer_frame(QUEUE_BYTES_MAX - pong));
        connection.enqueue_own(answer_frame(last));
        assert_eq!(connection.close_code(), is_closed.then_some(4008), "{last}");
    }
}

#[test]
fn answers_count_until_their_last_byte_has_left() {
    let (limits, ip) = address_limits();
    let other = limits.held_bytes(ip);
    let holds = |bytes: usize| {
        other.set(HELD_BYTES_PER_ADDRESS_MAX - bytes);
        let is_within = !other.is_over_limit();
        other.set(HELD_BYTES_PER_ADDRESS_MAX - bytes + 1);
        is_within && other.is_over_limit()
    };
    let (connection, mut body) = connection();
    connection.count_held(limits.held_bytes(ip));
    connection.enqueue(Bytes::from(vec![0; 100]));
    connection.enqueue_own(Bytes::from(vec![0; SOCKET_CHUNK_BYTES_MAX + 10]));
    connection.enqueue(Bytes::from(vec![0; 100]));
    connection.enqueue_own(Bytes::from(vec![0; 100]));
    assert!(holds(SOCKET_CHUNK_BYTES_MAX + 110 + 2 * ENTRY_BYTES));
    assert!(next(&mut body).is_ready());
    assert!(holds(SOCKET_CHUNK_BYTES_MAX + 110 + 2 * ENTRY_BYTES), "a shared frame has left");
    assert!(next(&mut body).is_ready());
    let whole = SOCKET_CHUNK_BYTES_MAX + 110 + 2 * ENTRY_BYTES;
    assert!(holds(whole), "a part has left, and the memory stays");
    connection.cut_off_slow_reader();
    assert!(holds(10 + ENTRY_BYTES), "the rest of the frame must leave");
    assert!(next(&mut body).is_ready());
    assert!(holds(0), "the close counts nowhere");
    drop((connection, body));
    assert!(holds(0));
}

#[test]
fn a_welcome_closes_the_connection_when_its_address_holds_too_much() {
    let welcome = Bytes::from(vec![0; 100_000]);
    for (others, is_closed) in [
        (HELD_BYTES_PER_ADDRESS_MAX - welcome.len() - ENTRY_BYTES - 1, false),
        (HELD_BYTES_PER_ADDRESS_MAX - welcome.len() - ENTRY_BYTES, false),
        (HELD_BYTES_PER_ADDRESS_MAX - welcome.len() - ENTRY_BYTES + 1, true),
    ] {
        let (limits, ip) = address_limits();
        let other = limits.held_bytes(ip);
        other.set(others);
        let (connection, _body) = connection();
        connection.count_held(limits.held_bytes(ip));
        connection.send_replay(welcome.clone());
        assert_eq!(connection.close_code() == Some(CloseCode::Slow.number()), is_closed, "{others}");
        assert_eq!(connection.queued_bytes() < welcome.len(), is_closed, "the welcome is dropped");
    }
}
