//! `cargo xtask test`: every tier in order, each with its time and result, failing output whole, and one closing line.

use std::process::ExitCode;

use crate::browser::{self, Browser};
use crate::failure::{Failure, Outcome};
use crate::progress::{Step, note, spoken};
use crate::tally::Tally;
use crate::tier::{Check, Need, Tier};
use crate::tree::Tree;
use crate::{run, rust, setup, size};

/// Sets up what the tiers need, runs them and closes with `N passed, M failed`.
///
/// A tier that cannot run counts as one failure; the others run all the same.
///
/// # Errors
/// When the page's tools cannot be had: then nothing can run.
pub(crate) fn test(tree: &Tree, tiers: &[Tier]) -> Outcome<ExitCode> {
    setup::for_development(tree)?;
    let mut ready = Ready::default();
    let mut total = Tally::default();
    for &tier in tiers {
        let mut step = Step::new(tier.name(), "");
        let tally = match ready.run(tree, tier) {
            Ok(tally) => tally,
            Err(failure) => {
                note(&format!("{} could not run: {failure}", tier.name()));
                Tally::one(false)
            }
        };
        step.clear();
        println!("{:8} {tally} ({})", tier.name(), spoken(step.took()));
        total += tally;
    }
    println!("\n{total}");
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the tiers need, seen to once and remembered either way.
#[derive(Debug, Default)]
struct Ready {
    components: Option<Outcome>,
    browser: Option<Outcome<Browser>>,
    build: Option<Outcome>,
}

impl Ready {
    fn run(&mut self, tree: &Tree, tier: Tier) -> Outcome<Tally> {
        for &need in tier.needs() {
            self.see_to(tree, need)?;
        }
        if tier == Tier::Size {
            return size::weigh(tree);
        }
        let browser = self.browser.as_ref().and_then(|it| it.as_ref().ok());
        let mut tally = Tally::default();
        for check in tier.checks(tree, browser)? {
            tally += check.run()?;
        }
        Ok(tally)
    }

    fn see_to(&mut self, tree: &Tree, need: Need) -> Outcome {
        fn told<T>(kept: &Outcome<T>) -> Outcome {
            kept.as_ref().map(|_| ()).map_err(Failure::clone)
        }
        match need {
            Need::Components => told(self.components.get_or_insert_with(|| rust::ensure_components(tree))),
            Need::Browser => told(self.browser.get_or_insert_with(|| browser::ensure(tree))),
            Need::Build => told(self.build.get_or_insert_with(|| run::build(tree))),
        }
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
            println!("--- {}:\n{}\n---", self.title, ended.transcript.text());
        }
        Ok(tally)
    }
}
