//! `cargo xtask measure`: measures the page in Chromium against its budgets.

use std::process::ExitCode;

use crate::failure::{Failure, Outcome};
use crate::tree::Tree;
use crate::{browser, run};

/// Builds page and server, ensures a browser, and runs the program that measures and prints the table.
///
/// # Errors
/// When something is missing or cannot be built.
pub(crate) fn measure(tree: &Tree) -> Outcome<ExitCode> {
    run::build(tree)?;
    let browser = browser::ensure(tree)?;
    let mut command = tree.cargo();
    command.args(["run", "--quiet", "--package", "e2e", "--bin", "measure"]);
    command.env("TEAHOUSE_BIN", tree.server("release"));
    browser.set_test_variables(&mut command);
    let status = command.status().map_err(|error| Failure::start("cargo", &error))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
