//! `cargo xtask test`: runs the tiers in order, prints the time and result of each and the whole output of
//! failures.

use std::process::ExitCode;
use std::time::Instant;

use crate::browser::{self, Browser};
use crate::failure::Outcome;
use crate::progress::{Step, format_duration, note};
use crate::tally::Tally;
use crate::tier::{Check, Need, Tier};
use crate::tree::Tree;
use crate::version::Wanted;
use crate::{run, rust, size, structure, tool};

/// Sets up what each tier needs, runs the tiers and ends with the line `N passed, M failed`.
///
/// A tier that cannot run counts as one failure; the other tiers still run.
pub(crate) fn test(tree: &Tree, tiers: &[Tier]) -> ExitCode {
    let mut ready = Ready::default();
    let mut total = Tally::default();
    for &tier in tiers {
        let prepared = ready.meet_all(tree, tier);
        let began = Instant::now();
        let tally =
            prepared.and_then(|()| run_tier(tree, tier, ready.browser.as_ref())).unwrap_or_else(|failure| {
                note(&format!("Cannot run {}: {failure}", tier.name()));
                Tally::one(false)
            });
        println!("{:8} {tally} ({})", tier.name(), format_duration(began.elapsed()));
        total += tally;
    }
    println!("\n{total}");
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_tier(tree: &Tree, tier: Tier, browser: Option<&Browser>) -> Outcome<Tally> {
    if tier == Tier::Size {
        return size::weigh(tree);
    }
    let mut tally = Tally::default();
    for check in tier.checks(tree, browser)? {
        tally += check.run()?;
    }
    if tier == Tier::Style {
        tally += structure::check(tree)?;
    }
    Ok(tally)
}

/// Needs of the tiers. Each is set up once, and its outcome is remembered whether it succeeded or not.
#[derive(Debug, Default)]
struct Ready {
    met: Vec<(Need, Outcome)>,
    browser: Option<Browser>,
}

impl Ready {
    fn meet_all(&mut self, tree: &Tree, tier: Tier) -> Outcome {
        tier.needs().iter().try_for_each(|&need| self.meet(tree, need))
    }

    fn meet(&mut self, tree: &Tree, need: Need) -> Outcome {
        if let Some((_, before)) = self.met.iter().find(|it| it.0 == need) {
            return before.clone();
        }
        let outcome = match need {
            Need::Components => rust::ensure_components(tree),
            Need::Target => rust::ensure_target(tree),
            Need::Runner => {
                Wanted::read(tree).and_then(|it| tool::wasm_bindgen(&it.wasm_bindgen).ensure(tree))
            }
            Need::Browser => browser::ensure(tree).map(|found| self.browser = Some(found)),
            Need::Build => run::build(tree),
        };
        self.met.push((need, outcome.clone()));
        outcome
    }
}

impl Check {
    fn run(self) -> Outcome<Tally> {
        let mut step = Step::new(self.title, self.guess);
        let ended = step.run(self.command)?;
        step.done();
        let tally = if self.counts {
            Tally::of_run(&ended.transcript, ended.success)
        } else {
            Tally::one(ended.success)
        };
        if tally.failed > 0 {
            println!("--- {}:\n{}\n---", self.title, ended.transcript.without_status_lines());
        }
        Ok(tally)
    }
}
