//! Tiers of tests: the programs that each runs, and its needs. [`crate::size`] runs the tier of that name,
//! and [`crate::structure`] checks the sources in the style tier.

use std::{env, num::NonZero, process::Command, thread};

use crate::axe;
use crate::browser::{self, Browser};
use crate::failure::Outcome;
use crate::progress::note;
use crate::tree::{Tree, WASM};

/// A tier of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Formatting, clippy for the host and for the page, and the structure of the sources.
    Style,
    /// Unit, property, simulation, server and documentation tests on this machine.
    Native,
    /// Tests of the page in a browser.
    Browser,
    /// Browsers against the release server.
    E2e,
    /// Real clients over cut sockets and a killed server, and a trace that shows that the server syncs before
    /// it sends.
    Fault,
    /// Size of the first load, next to its budget.
    Size,
}

/// One program of a tier, and how to read its result.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) title: &'static str,
    pub(crate) guess: &'static str,
    pub(crate) command: Command,
    /// Whether the program prints `test result:` lines. Otherwise it counts as one check.
    pub(crate) counts: bool,
}

/// A need of a tier beyond the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The components rustfmt and clippy.
    Components,
    /// The compiler's wasm target.
    Target,
    /// The runner of wasm-bindgen's tests.
    Runner,
    /// Chromium with its driver.
    Browser,
    /// The release build of the page and of the server that embeds it, and with them the page's tools.
    Build,
}

impl Tier {
    /// All tiers, in the order in which they run.
    pub(crate) const ALL: [Self; 6] =
        [Self::Style, Self::Native, Self::Browser, Self::E2e, Self::Fault, Self::Size];

    /// Name of the tier on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::Native => "native",
            Self::Browser => "browser",
            Self::E2e => "e2e",
            Self::Fault => "fault",
            Self::Size => "size",
        }
    }

    /// Needs that must be met before the tier runs.
    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Self::Style => &[Need::Components, Need::Target],
            Self::Native => &[],
            Self::Browser => &[Need::Target, Need::Runner, Need::Browser],
            Self::E2e => &[Need::Build, Need::Browser],
            Self::Fault | Self::Size => &[Need::Build],
        }
    }

    /// Programs of the tier, in their order. `size`, and the structure of `style`, are checked without a
    /// program.
    ///
    /// # Errors
    /// When the browser's settings cannot be written.
    pub(crate) fn checks(self, tree: &Tree, browser: Option<&Browser>) -> Outcome<Vec<Check>> {
        let cargo = |arguments: &[&str]| {
            let mut command = tree.cargo();
            command.args(arguments);
            command
        };
        let tests = |title, guess, command| vec![Check { title, guess, command, counts: true }];
        Ok(match self {
            Self::Style => style(cargo),
            Self::Native => {
                let mut command = cargo(&["test", "--no-fail-fast"]);
                // Most tests of the server wait for time to pass, so more of them than CPU cores can run at once.
                if env::var_os("RUST_TEST_THREADS").is_none() {
                    let cores = thread::available_parallelism().map_or(1, NonZero::get);
                    command.env("RUST_TEST_THREADS", (4 * cores).to_string());
                }
                if cfg!(target_os = "linux") && !browser::try_for(tree, "nginx") {
                    note("nginx is not installed: the test of the settings for nginx does nothing.");
                }
                tests("Running the native tests", "the first time about 3 min", command)
            }
            Self::Browser => {
                let mut command =
                    cargo(&["test", "--package", "frontend", "--target", WASM, "--no-fail-fast"]);
                if let Some(browser) = browser {
                    browser.set_wasm_test_variables(tree, &mut command)?;
                }
                tests("Running the page tests in a browser", "the first time about 2 min", command)
            }
            Self::E2e => {
                let mut command = cargo(&["test", "--package", "e2e", "--no-fail-fast"]);
                command.env("TEAHOUSE_BIN", tree.server("release"));
                command.env("TRUNK_SKIP_VERSION_CHECK", "true"); // otherwise trunk asks a host for its latest version
                if let Some(browser) = browser {
                    browser.set_test_variables(&mut command);
                }
                if let Some(program) = axe::ensure(tree) {
                    command.env("AXE_CORE", program);
                }
                tests("Running the end-to-end tests", "about 6 min, the first time 8", command)
            }
            Self::Fault if !cfg!(target_os = "linux") => {
                note("The fault run needs Linux: skipping it.");
                Vec::new()
            }
            Self::Fault => {
                let bench = |title, guess, arguments: &[&str]| {
                    let mut command = cargo(&["run", "--package", "bench", "--"]);
                    command.args(arguments).env("TEAHOUSE_BIN", tree.server("release"));
                    Check { title, guess, command, counts: false }
                };
                let mut checks = vec![bench(
                    "Running the fault test",
                    "about 90 s, the first time 3 min",
                    &["fault", "--seconds", "60"],
                )];
                if browser::try_for(tree, "strace") {
                    checks.push(bench(
                        "Checking that events are synced before they are acknowledged",
                        "about 10 s",
                        &["sync"],
                    ));
                } else {
                    note(
                        "strace is not installed: skipping the check that events are synced before they are acknowledged.",
                    );
                }
                checks
            }
            Self::Size => Vec::new(),
        })
    }
}

fn style(cargo: impl Fn(&[&str]) -> Command) -> Vec<Check> {
    let check =
        |title, guess, arguments: &[&str]| Check { title, guess, command: cargo(arguments), counts: false };
    vec![
        check("Checking the formatting", "about 2 s", &["fmt", "--all", "--check"]),
        check(
            "Running Clippy on everything but the page",
            "the first time about 1 min",
            &[
                "clippy",
                "--workspace",
                "--exclude",
                "frontend",
                "--all-targets",
                "--keep-going",
                "--",
                "-D",
                "warnings",
            ],
        ),
        check(
            "Running Clippy on the page",
            "the first time about 1 min",
            &[
                "clippy",
                "--package",
                "frontend",
                "--target",
                WASM,
                "--all-targets",
                "--keep-going",
                "--",
                "-D",
                "warnings",
            ],
        ),
    ]
}
