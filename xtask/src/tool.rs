//! Tools of the page's build that cargo can install: trunk and wasm-bindgen-cli.
//!
//! A tool of the right version is used wherever it is state. Otherwise it is installed where cargo puts
//! programs. If another version is already there, the user may need that one, so ours goes into the project's
//! `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::progress::Step;
use crate::tree::Tree;
use crate::version;

/// A tool, and how to install it.
#[derive(Clone, Debug)]
pub(crate) struct Tool<'a> {
    /// Name of the package on crates.io.
    pub(crate) package: &'a str,
    /// Exact version of the package.
    pub(crate) version: &'a str,
    /// Programs of the package that we use.
    pub(crate) programs: &'a [&'a str],
    /// Whether to use the package's own lock file.
    pub(crate) locked: bool,
    /// Features to enable instead of the default ones, separated by commas.
    pub(crate) features: &'static str,
    /// About how long the installation takes, in words.
    pub(crate) guess: &'static str,
}

/// trunk, which builds the page.
pub(crate) fn trunk(version: &str) -> Tool<'_> {
    Tool {
        package: "trunk",
        version,
        programs: &["trunk"],
        locked: true,
        // All default features except the check for a newer version.
        features: "rustls",
        guess: "once, about 4 min",
    }
}

/// wasm-bindgen's programs, whose version must equal the crate's. The package's lock file is not used,
/// because it may name a version that a registry mirror lacks.
pub(crate) fn wasm_bindgen(version: &str) -> Tool<'_> {
    Tool {
        package: "wasm-bindgen-cli",
        version,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        locked: false,
        // The tool connects to browser drivers on this machine only.
        features: "",
        guess: "once, about 2 min",
    }
}

/// State of a tool before the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToolState {
    Right,
    Other,
    Missing,
}

impl Tool<'_> {
    /// Ensures that the tool is there.
    ///
    /// # Errors
    /// When the tool cannot be installed.
    pub(crate) fn ensure(&self, tree: &Tree) -> Outcome {
        let state = self.state(tree);
        if state == ToolState::Right {
            return Ok(());
        }
        let folder = self.folder(state, tree);
        let build = tree.tools().join("build");
        let mut command = tree.cargo();
        command.args(["install", self.package, "--version", self.version, "--force", "--root"]);
        command.arg(&folder).arg("--target-dir").arg(&build);
        if self.locked {
            command.arg("--locked");
        }
        command.args(["--no-default-features", "--features", self.features]);
        for program in self.programs {
            command.args(["--bin", program]);
        }
        // These tools run for seconds, so a fast compilation matters more than fast code. Leave out debug
        // information and checks.
        command.arg("--debug").env("CARGO_PROFILE_DEV_DEBUG", "0");
        for check in ["DEBUG_ASSERTIONS", "OVERFLOW_CHECKS"] {
            command.env(format!("CARGO_PROFILE_DEV_{check}"), "false");
        }
        let name = format!("{} {}", self.package, self.version);
        Step::new(format!("Installing {name} into {}", folder.display()), self.guess)
            .must(command, &format!("Cannot install {name}."))?;
        // A failed installation keeps the folder, so that the next attempt continues where it ended.
        let _ = fs::remove_dir_all(&build);
        match self.state(tree) {
            ToolState::Right => Ok(()),
            _ => Err(Failure::new(format!(
                "{name} is installed in {}, but another version comes first on PATH. Put the bin folder there first on PATH.",
                folder.display()
            ))),
        }
    }

    fn state(&self, tree: &Tree) -> ToolState {
        self.check_programs(|program| stated_version(tree, program))
    }

    /// `stated` returns the version that a program states, `None` when the program is not there.
    fn check_programs(&self, stated: impl Fn(&str) -> Option<String>) -> ToolState {
        let mut state = ToolState::Right;
        for program in self.programs {
            match stated(program) {
                Some(version) if version == self.version => {}
                Some(_) => return ToolState::Other,
                None => state = ToolState::Missing,
            }
        }
        state
    }

    /// Folder into which the tool is installed.
    fn folder(&self, state: ToolState, tree: &Tree) -> PathBuf {
        match &tree.cargo_root {
            Some(root) if state == ToolState::Missing && is_writable(&root.join("bin")) => root.clone(),
            _ => tree.tools(),
        }
    }
}

/// Version that a program on the search list states; `None` when the program is missing or cannot be started.
pub(crate) fn stated_version(tree: &Tree, program: &str) -> Option<String> {
    let output = tree.program(program)?.arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // A program that fails to state its version still counts as another version, so that it is not replaced.
    Some(version::stated(&text).unwrap_or("unknown").to_owned())
}

/// Whether files can be created in a folder. Creates the folder if it is missing.
fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!(".xtask-{}", std::process::id()));
    let made = fs::create_dir_all(folder).and_then(|()| fs::write(&probe, ""));
    made.and_then(|()| fs::remove_file(&probe)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Search;
    use std::ffi::OsString;

    fn look(programs: &[(&str, &str)]) -> ToolState {
        let stated = |name: &str| programs.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        wasm_bindgen("0.2.130").check_programs(stated)
    }

    #[test]
    fn a_tool_is_right_when_every_program_has_the_version() {
        let (one, two) = ("wasm-bindgen", "wasm-bindgen-test-runner");
        assert_eq!(look(&[(one, "0.2.130"), (two, "0.2.130")]), ToolState::Right);
        assert_eq!(look(&[(one, "0.2.130"), (two, "0.2.129")]), ToolState::Other);
        assert_eq!(look(&[(one, "0.2.129")]), ToolState::Other);
        assert_eq!(look(&[(one, "0.2.130")]), ToolState::Missing);
        assert_eq!(look(&[]), ToolState::Missing);
    }

    #[test]
    fn another_version_is_not_replaced() {
        let top = std::env::temp_dir().join(format!("xtask-tool-{}", std::process::id()));
        let mut tree = Tree {
            root: top.clone(),
            target: top.join("target"),
            search: Search::new(&[], &OsString::new(), None),
            cargo_root: Some(top.join("cargo")),
        };
        let tool = trunk("0.21.14");
        assert_eq!(tool.folder(ToolState::Missing, &tree), top.join("cargo"));
        assert_eq!(tool.folder(ToolState::Other, &tree), tree.tools());
        // cargo's folder cannot be created, because a file has its name.
        tree.cargo_root = Some(top.join("file"));
        fs::write(top.join("file"), "").unwrap();
        assert_eq!(tool.folder(ToolState::Missing, &tree), tree.tools());
        tree.cargo_root = None;
        assert_eq!(tool.folder(ToolState::Missing, &tree), tree.tools());
        fs::remove_dir_all(&top).unwrap();
    }
}
