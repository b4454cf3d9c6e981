//! Plays many stories. One that fails is named, with how to hear it alone.
//!
//! `SIM_SEED=7` plays the story of one seed and prints it; `SIM_SEEDS=1000000`
//! plays more of them, `SIM_FROM=2000` from another seed than 0. A name tells of which kind:
//! `every_story`, `a_minute`, `many_tabs`.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use sim::{Broken, Story};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stories in a plain `cargo test`.
const SEEDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value}")))
}

/// Plays a kind of story for all seeds, or tells the one that is asked for: then there are no sums.
fn hear(test: &str, play: fn(u64, bool) -> Result<Story, Broken>) -> Option<(u64, Story)> {
    if let Some(seed) = number("SIM_SEED") {
        let told = play(seed, true);
        println!("{told:#?}");
        assert!(told.is_ok(), "seed {seed}: {}", told.unwrap_err());
        return None;
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let from = number("SIM_FROM").unwrap_or(0);
    let (next, sum) = (AtomicU64::new(from), Mutex::new(Story::default()));
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
                    match std::panic::catch_unwind(|| play(seed, false)) {
                        Ok(Ok(story)) => add(&mut sum.lock().unwrap(), story),
                        Ok(Err(broken)) => *failed.lock().unwrap() = Some((seed, broken.to_string())),
                        Err(_) => *failed.lock().unwrap() = Some((seed, "panicked".to_owned())),
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    println!("{seeds} stories: {sum:?}");
    if let Some((seed, broken)) = failed.into_inner().unwrap() {
        panic!(
            "seed {seed}: {broken}\nto hear it alone: \
             SIM_SEED={seed} cargo test -p sim --test promises {test} -- --nocapture"
        );
    }
    Some((seeds, sum))
}

#[test]
fn the_promises_hold_in_every_story() {
    let Some((seeds, sum)) = hear("every_story", sim::play) else { return };
    // A storm in which nothing happens shows nothing.
    assert!(sum.committed > seeds * 3, "{sum:?}");
    assert!(sum.again > seeds / 100, "{sum:?}");
    assert!(sum.welcomes > seeds * 4 && sum.restarts > seeds / 10, "{sum:?}");
    assert!(sum.resumed > seeds / 2 && sum.adopted > seeds / 10, "{sum:?}");
    // A session falls behind only where much is said while it is being caught up.
    assert!(sum.forgotten > seeds / 100 && sum.behind > seeds / 200, "{sum:?}");
    assert!(sum.paged > seeds * 10, "{sum:?}");
    // Pages of one browser share what one of them reads.
    assert!(sum.follows > seeds / 4 && sum.shared > seeds, "{sum:?}");
}

#[test]
fn a_minute_of_switching_loses_nothing() {
    let Some((seeds, sum)) = hear("a_minute", sim::play_minute) else { return };
    // Two pages, at the least, each second.
    assert!(sum.switches >= seeds * 2 * 59, "{sum:?}");
    assert!(sum.committed > seeds * 60 && sum.welcomes > seeds * 30, "{sum:?}");
    assert!(sum.follows > seeds * 5 && sum.shared > seeds * 10, "{sum:?}");
}

#[test]
fn many_tabs_of_one_browser_share_what_one_reads() {
    let Some((seeds, sum)) = hear("many_tabs", sim::play_tabs) else { return };
    assert!(sum.committed > seeds * 10 && sum.welcomes > seeds * 20, "{sum:?}");
    assert!(sum.follows > seeds * 10 && sum.shared > seeds * 50, "{sum:?}");
}

/// The sums of all stories, and the longest healing.
fn add(sum: &mut Story, story: Story) {
    sum.steps += story.steps;
    sum.sent += story.sent;
    sum.committed += story.committed;
    sum.again += story.again;
    sum.welcomes += story.welcomes;
    sum.switches += story.switches;
    sum.follows += story.follows;
    sum.shared += story.shared;
    sum.restarts += story.restarts;
    sum.forgotten += story.forgotten;
    sum.resumed += story.resumed;
    sum.behind += story.behind;
    sum.adopted += story.adopted;
    sum.paged += story.paged;
    sum.healed_ms = sum.healed_ms.max(story.healed_ms);
}

#[test]
fn one_seed_is_one_story() {
    for seed in 0..20 {
        assert_eq!(sim::play(seed, false), sim::play(seed, false));
        assert_eq!(sim::play_minute(seed, false), sim::play_minute(seed, false));
        assert_eq!(sim::play_tabs(seed, false), sim::play_tabs(seed, false));
    }
}
