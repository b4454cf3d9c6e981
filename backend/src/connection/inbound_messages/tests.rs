use super::*;
use crate::connection::address_limits::AddressLimits;
use crate::limits::{HELD_BYTES_PER_ADDRESS_MAX, HELD_BYTES_SPARED};
use futures_util::{FutureExt as _, stream};
use shared::limits::PLAIN_BYTES_MAX;
use std::net::{IpAddr, Ipv4Addr};

/// Bytes of the header of a longer frame, with its mask.
const HEADER: usize = 8;

/// The messages of a client that sends this and nothing more.
fn messages(held: HeldBytes, sent: Bytes) -> InboundMessages {
    let payload =
        Payload::Stream { payload: stream::iter([Ok(sent)]).chain(stream::pending()).boxed_local() };
    let messages =
        InboundMessages::new(payload, PLAIN_BYTES_MAX, Duration::from_secs(30), Rc::default(), None);
    messages.count_held(held)
}

/// The beginning of the longest message: its header, and this many bytes of its payload.
fn beginning(bytes: usize) -> Bytes {
    let length = u16::try_from(PLAIN_BYTES_MAX - 1).unwrap().to_be_bytes();
    let mut frame = vec![0x82, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
    assert_eq!(frame.len(), HEADER);
    frame.resize(HEADER + bytes, b'x');
    frame.into()
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_message_is_closed_for_its_address_beyond_some_bytes() {
    for (bytes, is_closed) in
        [(HELD_BYTES_SPARED - 1, false), (HELD_BYTES_SPARED, false), (HELD_BYTES_SPARED + 1, true)]
    {
        let (limits, ip) = (AddressLimits::new(1_000, true), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let other = limits.held_bytes(ip);
        other.set(HELD_BYTES_PER_ADDRESS_MAX);
        let mut messages = messages(limits.held_bytes(ip), beginning(bytes));
        let closed = is_closed.then_some(Err(CloseCode::MessageTimeout));
        assert_eq!(messages.next().now_or_never(), closed, "{bytes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_stands_still_goes_when_its_address_holds_too_much() {
    let (limits, ip) = (AddressLimits::new(1_000, true), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let other = limits.held_bytes(ip);
    let mut messages = messages(limits.held_bytes(ip), beginning(HELD_BYTES_SPARED + 1));
    let mut next = Box::pin(messages.next());
    assert_eq!((&mut next).now_or_never(), None);
    tokio::time::advance(2 * PEER_CHECK_EVERY).await;
    assert_eq!((&mut next).now_or_never(), None, "the address holds little");
    other.set(HELD_BYTES_PER_ADDRESS_MAX);
    tokio::time::advance(PEER_CHECK_EVERY).await;
    assert_eq!(next.now_or_never(), Some(Err(CloseCode::MessageTimeout)));
    drop(messages);
    assert!(!other.is_over_limit());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_never_finished_ends_at_its_deadline() {
    for bytes in [1, HELD_BYTES_SPARED + 1] {
        let mut messages = messages(HeldBytes::default(), beginning(bytes));
        let began = Instant::now();
        assert_eq!(messages.next().await, Err(CloseCode::MessageTimeout));
        assert_eq!(began.elapsed().as_secs(), 30, "{bytes}");
    }
}
