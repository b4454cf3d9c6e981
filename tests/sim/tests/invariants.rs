//! Checks the invariants in many runs. A violation names its seed and the command that repeats the run.
//!
//! `SIM_SEED=7` runs one seed and prints each step. `SIM_SEEDS=1000000` runs more seeds, and
//! `SIM_FROM=2000` starts at another seed than 0. The test's name selects the kind of run: `any_run`,
//! `transport_switching`, `many_tabs` or `roll_backs`.

#![expect(clippy::unwrap_used, reason = "a test reports its failure by a panic")]

use sim::{RunStats, Violation};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of seeds in a plain `cargo test`.
const SEEDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {value}")))
}

/// Runs all seeds of one kind and returns their number and summed counts. With `SIM_SEED` it runs only that
/// seed, prints each step and returns none.
fn run_seeds(test: &str, run: fn(u64, bool) -> Result<RunStats, Violation>) -> Option<(u64, RunStats)> {
    if let Some(seed) = number("SIM_SEED") {
        let result = run(seed, true);
        println!("{result:#?}");
        assert!(result.is_ok(), "seed {seed}: {}", result.unwrap_err());
        return None;
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let from = number("SIM_FROM").unwrap_or(0);
    let (next, sum) = (AtomicU64::new(from), Mutex::new(RunStats::default()));
    let failed = Mutex::new(None::<(u64, String)>);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds || failed.lock().unwrap().is_some() {
                        return;
                    }
                    match std::panic::catch_unwind(|| run(seed, false)) {
                        Ok(Ok(stats)) => add(&mut sum.lock().unwrap(), stats),
                        Ok(Err(violation)) => *failed.lock().unwrap() = Some((seed, violation.to_string())),
                        Err(_) => *failed.lock().unwrap() = Some((seed, "panicked".to_owned())),
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    println!("{seeds} runs: {sum:?}");
    if let Some((seed, violation)) = failed.into_inner().unwrap() {
        panic!(
            "seed {seed}: {violation}\nrepeat the run: \
             SIM_SEED={seed} cargo test -p sim --test invariants {test} -- --nocapture"
        );
    }
    Some((seeds, sum))
}

#[test]
fn the_invariants_hold_in_any_run() {
    let Some((seeds, sum)) = run_seeds("any_run", sim::run_any) else { return };
    // Runs in which little happens would prove nothing.
    assert!(sum.committed > seeds * 3, "{sum:?}");
    assert!(sum.retries > seeds / 100, "{sum:?}");
    assert!(sum.welcomes > seeds * 4 && sum.restarts > seeds / 10, "{sum:?}");
    assert!(sum.resumed > seeds / 2 && sum.loaded_rows > seeds / 10, "{sum:?}");
    // A session passes its limit only if many messages are posted during its replay.
    assert!(sum.lost_changes > seeds / 100 && sum.overflows > seeds / 200, "{sum:?}");
    assert!(sum.shown_messages > seeds * 10 && sum.clock_steps > seeds, "{sum:?}");
    // A run is short: in most, nobody has made a room yet that could be archived.
    assert!(sum.archives > seeds / 200, "{sum:?}");
    assert!(sum.marks > seeds, "{sum:?}");
    // Tabs of one browser share the leader's reading.
    assert!(sum.follows > seeds / 4 && sum.relayed > seeds, "{sum:?}");
}

#[test]
fn the_invariants_hold_in_transport_switching() {
    let Some((seeds, sum)) = run_seeds("transport_switching", sim::run_transport_switching) else { return };
    // At least two pages switch each second.
    assert!(sum.switches >= seeds * 2 * 59, "{sum:?}");
    assert!(sum.committed > seeds * 60 && sum.welcomes > seeds * 30, "{sum:?}");
    assert!(sum.follows > seeds * 5 && sum.relayed > seeds * 10, "{sum:?}");
}

#[test]
fn the_invariants_hold_with_many_tabs() {
    let Some((seeds, sum)) = run_seeds("many_tabs", sim::run_many_tabs) else { return };
    assert!(sum.committed > seeds * 10 && sum.welcomes > seeds * 20, "{sum:?}");
    assert!(sum.follows > seeds * 10 && sum.relayed > seeds * 50, "{sum:?}");
}

#[test]
fn the_invariants_hold_with_roll_backs() {
    let Some((seeds, sum)) = run_seeds("roll_backs", sim::run_roll_backs) else { return };
    assert!(sum.committed > seeds * 10 && sum.roll_backs > seeds / 2, "{sum:?}");
    // Pages that hold nothing of what the log has lost may resume.
    assert!(sum.rolled_back > seeds / 2 && sum.resumed > seeds, "{sum:?}");
    assert!(sum.follows > seeds / 4 && sum.relayed > seeds, "{sum:?}");
}

/// Adds the counts of a run, and keeps the longest recovery.
fn add(sum: &mut RunStats, stats: RunStats) {
    sum.steps += stats.steps;
    sum.sent += stats.sent;
    sum.committed += stats.committed;
    sum.retries += stats.retries;
    sum.welcomes += stats.welcomes;
    sum.switches += stats.switches;
    sum.follows += stats.follows;
    sum.relayed += stats.relayed;
    sum.restarts += stats.restarts;
    sum.clock_steps += stats.clock_steps;
    sum.roll_backs += stats.roll_backs;
    sum.rolled_back += stats.rolled_back;
    sum.archives += stats.archives;
    sum.marks += stats.marks;
    sum.lost_changes += stats.lost_changes;
    sum.resumed += stats.resumed;
    sum.overflows += stats.overflows;
    sum.loaded_rows += stats.loaded_rows;
    sum.shown_messages += stats.shown_messages;
    sum.recovery_ms = sum.recovery_ms.max(stats.recovery_ms);
}

#[test]
fn one_seed_repeats_one_run() {
    for seed in 0..20 {
        assert_eq!(sim::run_any(seed, false), sim::run_any(seed, false));
        assert_eq!(sim::run_transport_switching(seed, false), sim::run_transport_switching(seed, false));
        assert_eq!(sim::run_many_tabs(seed, false), sim::run_many_tabs(seed, false));
        assert_eq!(sim::run_roll_backs(seed, false), sim::run_roll_backs(seed, false));
    }
}
