use super::Transport::{EventStream, LongPoll, Poll, WebSocket};
use super::*;

const NOW: u64 = 1_000_000;

#[test]
fn names_are_read_back() {
    for transport in Transport::ALL {
        assert_eq!(transport.name().parse(), Ok(transport));
    }
    assert_eq!("carrier pigeon".parse::<Transport>(), Err(()));
}

#[test]
fn one_after_the_other_is_tried_and_then_the_row_is_over() {
    let mut choice = TransportSelector::new();
    assert_eq!(choice.first(NOW), WebSocket);
    for next in [EventStream, LongPoll, Poll] {
        assert!(choice.has_next(NOW));
        assert_eq!(choice.fall_back(true, NOW), Some(next));
    }
    assert!(!choice.has_next(NOW));
    assert_eq!(choice.fall_back(true, NOW), None);
    assert_eq!(choice.first(NOW), WebSocket);
}

#[test]
fn what_ends_soon_three_times_is_left_alone_for_ten_minutes() {
    let mut choice = TransportSelector::new();
    for end in 1..=SHORT_ENDS_MAX {
        assert_eq!(choice.first(NOW), WebSocket, "after {} short ends", end - 1);
        choice.welcomed(WebSocket, NOW);
        choice.ended(true, NOW + WORKS_MS - 1);
    }
    let until = NOW + WORKS_MS - 1 + AVOIDED_MS;
    assert_eq!(choice.first(until - 1), EventStream);
    assert_eq!(choice.first(until), WebSocket);
    assert_eq!(choice.first(NOW - AVOIDED_MS), WebSocket, "whatever the clock says meanwhile");
}

#[test]
fn what_lasts_or_is_ended_by_a_word_is_not_left_alone() {
    let mut choice = TransportSelector::new();
    for _ in 0..9 {
        choice.first(NOW);
        choice.welcomed(WebSocket, NOW);
        choice.ended(false, NOW + 1);
    }
    assert_eq!(choice.first(NOW + 1), WebSocket);
    for _ in 0..9 {
        for lasted in [1, WORKS_MS, 1] {
            choice.first(NOW);
            choice.welcomed(WebSocket, NOW);
            choice.ended(true, NOW + lasted);
        }
        // One that lasts ends the row of two.
        choice.first(NOW);
        choice.welcomed(WebSocket, NOW);
        choice.ended(true, NOW + WORKS_MS);
    }
    assert_eq!(choice.first(NOW), WebSocket);
}

#[test]
fn what_lasted_is_remembered_for_a_day_and_comes_first() {
    let mut choice = TransportSelector::new();
    choice.first(NOW);
    choice.fall_back(false, NOW);
    choice.welcomed(EventStream, NOW);
    assert_eq!(choice.lasted(NOW + WORKS_MS - 1), None);
    let worked = LastGood { transport: EventStream, until: NOW + WORKS_MS + REMEMBERED_MS };
    assert_eq!(choice.lasted(NOW + WORKS_MS), Some(worked));
    assert_eq!(choice.lasted(NOW + WORKS_MS), None, "once");
    choice.ended(true, NOW + WORKS_MS);
    let mut next_visit = TransportSelector::new();
    next_visit.remember(Some(worked));
    assert_eq!(next_visit.first(worked.until - 1), EventStream);
    assert_eq!(next_visit.first(worked.until), WebSocket);
    assert_eq!(next_visit.first(NOW + WORKS_MS), EventStream);
    assert_eq!(next_visit.first(NOW), WebSocket, "by a clock that was set back");
    assert!(next_visit.forget());
    assert_eq!(next_visit.first(NOW + WORKS_MS), WebSocket, "on another network");
}

#[test]
fn what_worked_and_is_refused_is_tried_again_before_the_next() {
    let mut choice = TransportSelector::new();
    choice.remember(Some(LastGood { transport: WebSocket, until: NOW + 1 }));
    for _ in 0..TRUSTED_FAILURES_MAX {
        assert_eq!(choice.first(NOW), WebSocket);
        assert_eq!(choice.fall_back(true, NOW), None);
    }
    choice.first(NOW);
    assert_eq!(choice.fall_back(true, NOW), Some(EventStream));
    let mut choice = TransportSelector::new();
    choice.remember(Some(LastGood { transport: WebSocket, until: NOW + 1 }));
    choice.first(NOW);
    assert_eq!(choice.fall_back(false, NOW), Some(EventStream), "silence is no server that is away");
}

#[test]
fn what_is_pinned_is_all_there_is() {
    for transport in Transport::ALL {
        let mut choice = TransportSelector::new();
        choice.pin(Some(transport));
        assert_eq!(choice.first(NOW), transport);
        assert!(!choice.has_next(NOW));
        assert_eq!(choice.fall_back(true, NOW), None);
        choice.welcomed(transport, NOW);
        assert_eq!(choice.upgrade_from(), None);
        assert_eq!(choice.lasted(NOW + WORKS_MS), None, "nothing is learnt from it");
    }
}

#[test]
fn the_last_is_never_left_alone() {
    let mut choice = TransportSelector::new();
    for _ in 0..3 {
        for transport in Transport::ALL {
            choice.welcomed(transport, NOW);
            choice.ended(true, NOW);
        }
    }
    assert_eq!(choice.first(NOW), Poll);
    choice.welcomed(Poll, NOW);
    assert_eq!(choice.upgrade_from(), Some(NOW + AVOIDED_MS));
}
