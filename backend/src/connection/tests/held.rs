//! What is held for one connection counts for its IP address, and stops its requests.

use super::*;
use crate::connection::address_limits::AddressLimits;
use crate::limits::{ANSWER_BYTES_MAX, HELD_BYTES_PER_ADDRESS_MAX};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;

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
        connection.send_replay(answer_frame(1_000));
        other.set(last - 2_000);
        connection.enqueue(answer_frame(1_000));
        connection.enqueue_own(answer_frame(1_000));
        assert_eq!(connection.close_code(), is_closed.then_some(4008), "{last}");
        other.set(HELD_BYTES_PER_ADDRESS_MAX);
        assert_eq!(other.is_over_limit(), !is_closed, "a connection that was cut off holds nothing");
    }
}

#[test]
fn an_answer_that_is_buffered_during_a_replay_counts_for_its_address() {
    let (limits, ip) = address_limits();
    let other = limits.held_bytes(ip);
    other.set(HELD_BYTES_PER_ADDRESS_MAX);
    let (connection, _body) = connection();
    connection.count_held(limits.held_bytes(ip));
    connection.buffer();
    connection.send(Box::new(Event::Error(Refusal::new(None, ErrorCode::BinaryRefused))));
    assert_eq!(connection.close_code(), Some(4008));
    assert!(!other.is_over_limit(), "nothing is buffered");
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
