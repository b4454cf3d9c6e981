use super::Transport::{EventStream, LongPoll, Poll, WebSocket};
use super::*;
use crate::test_clock::at;

const NOW: u64 = 1_000_000;

#[test]
fn a_transport_is_parsed_from_its_name() {
    for transport in Transport::ALL {
        assert_eq!(transport.name().parse(), Ok(transport));
    }
    assert_eq!("carrier pigeon".parse::<Transport>(), Err(()));
}

#[test]
fn transports_are_tried_in_order_until_the_series_ends() {
    let mut selector = TransportSelector::new();
    assert_eq!(selector.choose_first(NOW), WebSocket);
    for next in [EventStream, LongPoll, Poll] {
        assert!(selector.has_fallback(NOW));
        assert_eq!(selector.fall_back(true, NOW), Some(next));
    }
    assert!(!selector.has_fallback(NOW));
    assert_eq!(selector.fall_back(true, NOW), None);
    assert_eq!(selector.choose_first(NOW), WebSocket);
}

#[test]
fn a_transport_is_avoided_for_ten_minutes_after_three_short_sessions() {
    let mut selector = TransportSelector::new();
    for end in 1..=SHORT_CONNECTIONS_MAX {
        assert_eq!(selector.choose_first(NOW), WebSocket, "after {} short ends", end - 1);
        selector.mark_welcomed(WebSocket, NOW);
        selector.mark_ended(true, NOW + GOOD_AFTER_MS - 1);
    }
    let until = NOW + GOOD_AFTER_MS - 1 + AVOIDED_MS;
    assert_eq!(selector.choose_first(until - 1), EventStream);
    assert_eq!(selector.choose_first(until), WebSocket);
}

#[test]
fn a_transport_is_not_avoided_when_it_lasts_or_is_closed_by_the_protocol() {
    let mut selector = TransportSelector::new();
    for _ in 0..9 {
        selector.choose_first(NOW);
        selector.mark_welcomed(WebSocket, NOW);
        selector.mark_ended(false, NOW + 1);
    }
    assert_eq!(selector.choose_first(NOW + 1), WebSocket);
    for _ in 0..9 {
        for lasted in [1, GOOD_AFTER_MS, 1] {
            selector.choose_first(NOW);
            selector.mark_welcomed(WebSocket, NOW);
            selector.mark_ended(true, NOW + lasted);
        }
        // A session that lasts ends the series of two.
        selector.choose_first(NOW);
        selector.mark_welcomed(WebSocket, NOW);
        selector.mark_ended(true, NOW + GOOD_AFTER_MS);
    }
    assert_eq!(selector.choose_first(NOW), WebSocket);
}

#[test]
fn a_transport_that_lasted_comes_first_for_a_day() {
    let mut selector = TransportSelector::new();
    selector.choose_first(NOW);
    selector.fall_back(false, NOW);
    selector.mark_welcomed(EventStream, NOW);
    assert_eq!(selector.take_last_good(at(NOW + GOOD_AFTER_MS - 1)), None);
    let last_good = LastGood { transport: EventStream, until: at(NOW + GOOD_AFTER_MS + LAST_GOOD_MS).wall };
    assert_eq!(selector.take_last_good(at(NOW + GOOD_AFTER_MS)), Some(last_good));
    assert_eq!(selector.take_last_good(at(NOW + GOOD_AFTER_MS)), None, "once");
    selector.mark_ended(true, NOW + GOOD_AFTER_MS);
    let mut next_visit = TransportSelector::new();
    // The monotonic clock of the next page begins again.
    let next_page = |wall| Now { mono: 5, wall };
    next_visit.set_last_good(Some(last_good), next_page(last_good.until - LAST_GOOD_MS));
    assert_eq!(next_visit.choose_first(5 + LAST_GOOD_MS - 1), EventStream);
    assert_eq!(next_visit.choose_first(5 + LAST_GOOD_MS), WebSocket);
    next_visit.set_last_good(Some(last_good), next_page(last_good.until - LAST_GOOD_MS - 1));
    assert_eq!(next_visit.choose_first(5), WebSocket, "with a clock that was set back");
    next_visit.set_last_good(Some(last_good), next_page(last_good.until));
    assert_eq!(next_visit.choose_first(5), WebSocket, "a day later");
    next_visit.set_last_good(Some(last_good), next_page(last_good.until - 1));
    assert_eq!(next_visit.choose_first(5), EventStream);
    assert!(next_visit.forget_network());
    assert_eq!(next_visit.choose_first(5), WebSocket, "on another network");
}

#[test]
fn the_last_good_transport_is_retried_before_the_next() {
    let mut selector = TransportSelector::new();
    let last_good = LastGood { transport: WebSocket, until: at(NOW + 1).wall };
    selector.set_last_good(Some(last_good), at(NOW));
    for _ in 0..LAST_GOOD_FAILURES_MAX {
        assert_eq!(selector.choose_first(NOW), WebSocket);
        assert_eq!(selector.fall_back(true, NOW), None);
    }
    selector.choose_first(NOW);
    assert_eq!(selector.fall_back(true, NOW), Some(EventStream));
    let mut selector = TransportSelector::new();
    selector.set_last_good(Some(last_good), at(NOW));
    selector.choose_first(NOW);
    assert_eq!(
        selector.fall_back(false, NOW),
        Some(EventStream),
        "silence does not mean that the server is away"
    );
}

#[test]
fn only_the_pinned_transport_is_tried() {
    for transport in Transport::ALL {
        let mut selector = TransportSelector::new();
        selector.pin(Some(transport));
        assert_eq!(selector.choose_first(NOW), transport);
        assert!(!selector.has_fallback(NOW));
        assert_eq!(selector.fall_back(true, NOW), None);
        selector.mark_welcomed(transport, NOW);
        assert_eq!(selector.upgrade_allowed_at(), None);
        assert_eq!(
            selector.take_last_good(at(NOW + GOOD_AFTER_MS)),
            None,
            "a pinned transport is not remembered"
        );
    }
}

#[test]
fn the_last_transport_is_never_avoided() {
    let mut selector = TransportSelector::new();
    for _ in 0..3 {
        for transport in Transport::ALL {
            selector.mark_welcomed(transport, NOW);
            selector.mark_ended(true, NOW);
        }
    }
    assert_eq!(selector.choose_first(NOW), Poll);
    selector.mark_welcomed(Poll, NOW);
    assert_eq!(selector.upgrade_allowed_at(), Some(NOW + AVOIDED_MS));
}
