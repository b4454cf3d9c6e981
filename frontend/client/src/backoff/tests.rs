use super::*;

/// The longest of many waits after `failures` failures, the first at 0 and the last at `now`.
fn longest(failures: u32, now: u64) -> u64 {
    let draw = |seed| {
        let mut jitter = Jitter::new(seed);
        let mut backoff = Backoff::default();
        for _ in 0..failures {
            backoff.next_wait(0, &mut jitter);
        }
        backoff.next_wait(now, &mut jitter)
    };
    (0..2_000).map(draw).max().unwrap()
}

#[test]
fn the_ceiling_doubles_from_a_quarter_of_a_second_to_five() {
    for (failures, ceiling) in
        [(0, 250), (1, 500), (2, 1_000), (3, 2_000), (4, 4_000), (5, 5_000), (60, 5_000)]
    {
        let longest = longest(failures, 0);
        assert!(longest <= ceiling && longest > ceiling * 9 / 10, "{failures}: {longest}");
    }
}

#[test]
fn after_the_first_minute_the_ceiling_is_half_a_minute() {
    assert!(longest(20, BACKOFF_EARLY_MS - 1) <= BACKOFF_EARLY_CEILING_MS);
    let late = longest(20, BACKOFF_EARLY_MS);
    assert!(late <= BACKOFF_CEILING_MS && late > BACKOFF_CEILING_MS * 9 / 10, "{late}");
}

#[test]
fn waits_are_spread_from_nothing_to_the_ceiling() {
    let mut jitter = Jitter::new(1);
    let waits: Vec<u64> = (0..1_000).map(|_| Backoff::default().next_wait(0, &mut jitter)).collect();
    let below = waits.iter().filter(|wait| **wait < BACKOFF_FIRST_MS / 2).count();
    assert!((400..600).contains(&below), "{below}");
}

#[test]
fn only_a_lasting_success_ends_a_series_of_failures() {
    let mut jitter = Jitter::new(1);
    for (lasted, anew) in [(STEADY_MS - 1, false), (STEADY_MS, true)] {
        let mut backoff = Backoff::default();
        for _ in 0..9 {
            backoff.next_wait(0, &mut jitter);
        }
        backoff.mark_success(100);
        let wait = (0..50).map(|_| backoff.clone().next_wait(100 + lasted, &mut jitter)).max().unwrap();
        assert_eq!(wait <= BACKOFF_FIRST_MS, anew, "{wait}");
    }
}

#[test]
fn waits_have_the_early_ceiling_after_any_success() {
    let mut jitter = Jitter::new(1);
    let mut backoff = Backoff::default();
    for _ in 0..20 {
        backoff.next_wait(0, &mut jitter);
    }
    let longest = |backoff: &Backoff, now, jitter: &mut Jitter| {
        (0..500).map(|_| backoff.clone().next_wait(now, jitter)).max().unwrap()
    };
    let late = 2 * BACKOFF_EARLY_MS;
    assert!(longest(&backoff, late, &mut jitter) > BACKOFF_EARLY_CEILING_MS);
    backoff.mark_success(late);
    let behind = longest(&backoff, late + STEADY_MS - 1, &mut jitter);
    assert!((BACKOFF_EARLY_CEILING_MS * 9 / 10..=BACKOFF_EARLY_CEILING_MS).contains(&behind), "{behind}");
    backoff.next_wait(late + 1, &mut jitter);
    for (ms, is_early) in [(0, true), (BACKOFF_EARLY_MS - 1, true), (BACKOFF_EARLY_MS, false)] {
        let longest = longest(&backoff, late + 1 + ms, &mut jitter);
        assert_eq!(longest <= BACKOFF_EARLY_CEILING_MS, is_early, "{ms}: {longest}");
    }
}

#[test]
fn failures_and_clocks_at_their_greatest_value_do_not_overflow() {
    let mut jitter = Jitter::new(1);
    let mut backoff =
        Backoff { failures: u32::MAX, first_failure_at: Some(u64::MAX), succeeded_at: Some(u64::MAX) };
    assert!(backoff.next_wait(0, &mut jitter) <= BACKOFF_EARLY_CEILING_MS);
    assert!(backoff.next_wait(u64::MAX, &mut jitter) <= BACKOFF_CEILING_MS);
}
