//! Counts of tests passed and failed, as the test programs print them.

use std::fmt;
use std::ops::AddAssign;

use crate::transcript::Transcript;

/// Counts of tests passed and of tests failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Counts one check.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed) }
    }

    /// Adds up the `test result:` lines of a run, which libtest and wasm-bindgen's runner both print.
    ///
    /// A run that failed without a failed test did not compile, or crashed. A run without any test proves
    /// nothing. Each counts as one failure.
    pub(crate) fn of_run(transcript: &Transcript, success: bool) -> Self {
        let mut tally = Self::default();
        transcript.plain_lines().filter_map(|line| result_line(&line)).for_each(|it| tally += it);
        if tally.failed == 0 && (!success || tally.passed == 0) {
            tally.failed = 1;
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Parses `test result: ok. 3 passed; 1 failed; 0 ignored; …`.
fn result_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let count =
        |word: &str| counts.split(';').find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok());
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &[&str], success: bool) -> Tally {
        let mut transcript = Transcript::default();
        lines.iter().for_each(|line| transcript.push((*line).to_owned()));
        Tally::of_run(&transcript, success)
    }

    const GOOD: &str =
        "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
    const BAD: &str =
        "test result: \u{1b}[31mFAILED\u{1b}[0m. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";

    #[test]
    fn result_lines_are_added_up() {
        let tally = run(&["running 12 tests", GOOD, "", BAD], false);
        assert_eq!(tally, Tally { passed: 15, failed: 2 });
        assert_eq!(tally.to_string(), "15 passed, 2 failed");
    }

    #[test]
    fn a_run_that_died_or_ran_nothing_is_one_failure() {
        assert_eq!(run(&[GOOD], true), Tally { passed: 12, failed: 0 });
        assert_eq!(run(&[GOOD, "error: test failed"], false), Tally { passed: 12, failed: 1 });
        assert_eq!(run(&["error[E0308]: mismatched types"], false), Tally { passed: 0, failed: 1 });
        assert_eq!(run(&["no tests to run!"], true), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn other_lines_are_ignored() {
        assert_eq!(result_line("the test result: ok. 1 passed; 0 failed"), None);
        assert_eq!(result_line("test result: ok."), None);
        assert_eq!(
            result_line("  test result: ok. 1 passed; 0 failed"),
            Some(Tally { passed: 1, failed: 0 })
        );
    }
}
