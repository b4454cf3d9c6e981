use super::figures::percentile;
use super::*;

const SECOND: u64 = 1_000_000;

fn id(number: u8) -> ClientId {
    ClientId([number; 16])
}

/// A comparison whose first message may leave at 0.
fn going() -> Comparison {
    let mut comparison = Comparison::default();
    assert!(comparison.start());
    comparison.begin_reading(0);
    Transport::ALL.into_iter().for_each(|transport| comparison.record_reading(transport));
    assert_eq!(comparison.next_step(0), ComparisonStep::Send);
    comparison
}

/// Records the arrival of a message at every entry.
fn arrive(comparison: &mut Comparison, number: u8, now: u64) {
    ComparedTransport::ALL.into_iter().for_each(|entry| comparison.record_arrival(entry, id(number), now));
}

#[test]
fn entries_have_their_index() {
    for (index, entry) in ComparedTransport::ALL.into_iter().enumerate() {
        assert_eq!(entry.index(), index);
    }
    assert_eq!(Comparison::default().interval_ms(), 1_000);
}

#[test]
fn an_interval_is_chosen_only_between_comparisons() {
    let mut comparison = Comparison::default();
    for (chosen, interval) in [(0, 10), (8, 5_000), (9, 5_000)] {
        comparison.choose_interval(chosen);
        assert_eq!(comparison.interval_ms(), interval);
    }
    assert!(comparison.start());
    comparison.choose_interval(0);
    assert_eq!(comparison.interval_ms(), 5_000);
    assert!(!comparison.start(), "one goes on");
    comparison.finish();
    assert!(comparison.start());
    assert_eq!(comparison.interval_ms(), 5_000, "the choice stays");
}

#[test]
fn a_comparison_begins_when_all_read_or_the_wait_ends() {
    let mut comparison = Comparison::default();
    comparison.start();
    comparison.begin_reading(7);
    for transport in &Transport::ALL[..3] {
        comparison.record_reading(*transport);
    }
    let last = 7 + COMPARE_READY_MS * 1_000;
    assert_eq!(comparison.clone().next_step(last - 1), ComparisonStep::Wait(WAIT_MS_MAX));
    assert_eq!(comparison.clone().next_step(last), ComparisonStep::Send, "without the last one");
    comparison.record_reading(Transport::ALL[3]);
    assert_eq!(comparison.next_step(8), ComparisonStep::Send);
    assert_eq!(comparison.stage, ComparisonStage::Going);
}

#[test]
fn a_message_leaves_each_second_for_a_minute() {
    let mut comparison = going();
    for number in 0..COMPARE_S {
        let due = due(number);
        if number > 0 {
            assert_eq!(comparison.next_step(due - 1), ComparisonStep::Wait(1), "{number}");
            assert_eq!(comparison.next_step(due - SECOND / 2), ComparisonStep::Wait(WAIT_MS_MAX), "{number}");
        }
        assert_eq!(comparison.next_step(due), ComparisonStep::Send, "{number}");
        assert_eq!(comparison.second(due), number);
        comparison.record_sent(id(number as u8), due);
        arrive(&mut comparison, number as u8, due + 1_500);
    }
    assert_eq!(comparison.next_step(due(COMPARE_S - 1) + 2_000), ComparisonStep::Finish, "all has arrived");
    assert_eq!(comparison.sent_count() as u64, COMPARE_S);
    comparison.finish();
    assert_eq!(comparison.second(0), COMPARE_S);
    assert_eq!(comparison.next_step(0), ComparisonStep::Finish);
}

#[test]
fn messages_are_spread_over_every_interval() {
    assert_eq!([0, 1, 2].map(due), [0, 1_618_034, 2_236_068]);
    for interval in INTERVALS_MS.iter().map(|ms| ms * 1_000).filter(|interval| *interval >= SECOND / 2) {
        let mut quarters = [0; 4];
        (0..COMPARE_S).for_each(|number| quarters[(due(number) % interval * 4 / interval) as usize] += 1);
        assert!(quarters.iter().all(|count| (13..=17).contains(count)), "{interval}: {quarters:?}");
    }
}

#[test]
fn a_comparison_is_quiet_between_messages() {
    let mut comparison = going();
    comparison.record_sent(id(1), 10);
    let (from, to) = (10 + QUIET_US.0, due(1) - QUIET_US.1);
    for (now, is_quiet) in [(10, false), (from - 1, false), (from, true), (to, true), (to + 1, false)] {
        assert_eq!(comparison.is_quiet(now), is_quiet, "{now}");
    }
    comparison.finish();
    assert!(comparison.is_quiet(10));
}

#[test]
fn late_messages_do_not_prolong_a_comparison() {
    let mut comparison = going();
    comparison.record_sent(id(1), 0);
    arrive(&mut comparison, 1, 5);
    assert_eq!(comparison.next_step(COMPARE_S * SECOND - 1), ComparisonStep::Send);
    assert_eq!(comparison.next_step(COMPARE_S * SECOND), ComparisonStep::Finish);
    assert_eq!(comparison.stage, ComparisonStage::Ending);
}

#[test]
fn a_stopped_comparison_waits_for_the_last_messages() {
    let mut comparison = going();
    comparison.record_sent(id(1), 0);
    comparison.stop();
    assert_eq!(comparison.next_step(10), ComparisonStep::Wait(WAIT_MS_MAX));
    assert_eq!(comparison.stage, ComparisonStage::Ending);
    for entry in &ComparedTransport::ALL[..4] {
        comparison.record_arrival(*entry, id(1), 20);
    }
    let last = 10 + COMPARE_LAST_MS * 1_000;
    assert_eq!(comparison.clone().next_step(last - 1), ComparisonStep::Wait(WAIT_MS_MAX));
    assert_eq!(
        comparison.clone().next_step(last),
        ComparisonStep::Finish,
        "the last message does not arrive"
    );
    comparison.record_arrival(ComparedTransport::ALL[4], id(1), 30);
    assert_eq!(comparison.next_step(40), ComparisonStep::Finish);
    // Stop before the first message.
    let mut comparison = Comparison::default();
    comparison.start();
    comparison.begin_reading(0);
    comparison.stop();
    assert_eq!(comparison.next_step(0), ComparisonStep::Finish);
}

#[test]
fn the_last_messages_get_more_time_than_any_interval() {
    assert!(INTERVALS_MS.iter().all(|interval| *interval < COMPARE_LAST_MS));
    assert!(INTERVALS_MS.is_sorted());
}

#[test]
fn latency_ends_at_the_first_arrival() {
    let mut comparison = going();
    let entry = ComparedTransport::Reading(Transport::Poll);
    comparison.record_sent(id(1), 100);
    comparison.record_arrival(entry, id(2), 200);
    assert_eq!(comparison.figures(entry), Figures::default(), "the close code is not of this protocol");
    comparison.record_arrival(entry, id(1), 350);
    comparison.record_arrival(entry, id(1), 900);
    let figures = comparison.figures(entry);
    assert_eq!((figures.received, figures.p50, figures.p99), (1, Some(250), Some(250)));
    assert_eq!(comparison.figures(ComparedTransport::Sending), Figures::default(), "each for itself");
    assert_eq!(comparison.lines(entry).len(), 1);
    comparison.finish();
    comparison.record_arrival(ComparedTransport::Sending, id(1), 950);
    comparison.add_cost(entry, TransferCost::request(1, 1));
    comparison.record_break(entry);
    comparison.fail(ComparisonFault::SignedOut);
    assert_eq!(comparison.figures(ComparedTransport::Sending), Figures::default(), "too late");
    assert_eq!((comparison.figures(entry), comparison.fault), (figures, None));
}

#[test]
fn requests_and_bytes_are_summed() {
    let mut comparison = going();
    let entry = ComparedTransport::Reading(Transport::LongPoll);
    comparison.add_cost(entry, TransferCost::request(10, 20));
    comparison.add_cost(entry, TransferCost { requests: 0, up: 1, down: 2 });
    comparison.record_break(entry);
    let figures = comparison.figures(entry);
    assert_eq!((figures.cost, figures.breaks), (TransferCost { requests: 1, up: 11, down: 22 }, 1));
    assert_eq!(
        TransferCost::request(3, 9).since(TransferCost::request(1, 10)),
        TransferCost { requests: 0, up: 2, down: 0 }
    );
    comparison.fail(ComparisonFault::Unreachable);
    assert_eq!(
        (comparison.stage, comparison.fault),
        (ComparisonStage::Over, Some(ComparisonFault::Unreachable))
    );
    assert!(comparison.start());
    assert_eq!((comparison.figures(entry), comparison.fault), (Figures::default(), None));
}

#[test]
fn a_line_ends_when_a_message_is_missing_or_the_connection_broke() {
    let mut comparison = going();
    let (entry, other) =
        (ComparedTransport::Reading(Transport::WebSocket), ComparedTransport::Reading(Transport::Poll));
    comparison.record_break(entry);
    for number in 0..8_u8 {
        let at = u64::from(number) * SECOND;
        comparison.record_sent(id(number), at);
        comparison.record_arrival(other, id(number), at + 10);
        // The connection breaks twice before this message arrives, which still arrives.
        if number == 5 {
            comparison.record_break(entry);
            comparison.record_break(entry);
        }
        if ![2, 3].contains(&number) {
            comparison.record_arrival(entry, id(number), at + 10);
        }
    }
    // Nothing arrives after this break.
    comparison.record_break(entry);
    let lengths = |entry| comparison.lines(entry).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!((lengths(entry), lengths(other)), (vec![2, 1, 3], vec![8]));
    assert_eq!(comparison.figures(entry).breaks, 4);
    assert_eq!(comparison.lines(entry)[1], [chart::point(4 * SECOND, 10)]);
    assert_eq!(comparison.lines(ComparedTransport::Sending), Vec::<Vec<_>>::new());
}

#[test]
fn acknowledged_messages_are_counted_separately() {
    let mut comparison = going();
    for number in 0..3 {
        comparison.record_sent(id(number), 0);
        ComparedTransport::ALL[..4].iter().for_each(|entry| comparison.record_arrival(*entry, id(number), 1));
    }
    assert_eq!((comparison.sent_count(), comparison.kept_count()), (3, 0));
    comparison.record_arrival(ComparedTransport::Sending, id(1), 1);
    assert_eq!((comparison.sent_count(), comparison.kept_count()), (3, 1));
}

#[test]
fn a_percentile_is_the_nearest_rank() {
    let to = |last: u64| (1..=last).collect::<Vec<_>>();
    assert_eq!(percentile(&[], 50), None);
    for (count, p50, p99) in [
        (1, 1, 1),
        (2, 1, 2),
        (3, 2, 3),
        (4, 2, 4),
        (60, 30, 60),
        (99, 50, 99),
        (100, 50, 99),
        (101, 51, 100),
        (200, 100, 198),
    ] {
        let all = to(count);
        assert_eq!((percentile(&all, 50), percentile(&all, 99)), (Some(p50), Some(p99)), "{count}");
    }
    assert_eq!((percentile(&to(5), 0), percentile(&to(5), 100)), (Some(1), Some(5)));
    // The usual example of the nearest-rank method.
    assert_eq!(
        [5, 30, 40, 50, 100].map(|percent| percentile(&[15, 20, 35, 40, 50], percent).unwrap()),
        [15, 20, 20, 35, 50]
    );
}

#[test]
fn latencies_have_one_decimal() {
    for (us, text) in
        [(0, "0.0"), (49, "0.0"), (50, "0.1"), (1_249, "1.2"), (512_300, "512.3"), (999_960, "1000.0")]
    {
        assert_eq!(milliseconds(us), text);
    }
}
