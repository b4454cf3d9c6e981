//! A tool of the page's build that cargo can install: trunk, wasm-bindgen-cli.
//!
//! A tool of the right version is used wherever it is found. Otherwise it goes where cargo puts programs, unless another
//! version is in sight there: that one is somebody's, so ours goes into the project's `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::progress::Step;
use crate::tree::Tree;
use crate::version;

/// What is installed, and how.
#[derive(Clone, Debug)]
pub(crate) struct Tool<'a> {
    /// The package on crates.io.
    pub(crate) package: &'a str,
    /// The exact version.
    pub(crate) version: &'a str,
    /// The programs that it brings and we use.
    pub(crate) programs: &'a [&'a str],
    /// Whether the package's own lock file is used.
    pub(crate) locked: bool,
    /// The features that are wanted, in the place of the package's own choice; commas between.
    pub(crate) features: &'static str,
    /// About how long the installation takes.
    pub(crate) guess: &'static str,
}

/// trunk, which builds the page.
pub(crate) fn trunk(version: &str) -> Tool<'_> {
    Tool {
        package: "trunk",
        version,
        programs: &["trunk"],
        locked: true,
        // All but the asking whether there is a newer one.
        features: "rustls",
        guess: "once, about 4 min",
    }
}

/// wasm-bindgen's programs, which must be of the crate's very version. Its own lock file may name a version
/// that a registry mirror lacks, so it is not used.
pub(crate) fn wasm_bindgen(version: &str) -> Tool<'_> {
    Tool {
        package: "wasm-bindgen-cli",
        version,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        locked: false,
        // It speaks to browsers' drivers on this machine only.
        features: "",
        guess: "once, about 2 min",
    }
}

/// What is known of a tool before it is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Right,
    Another,
    Nothing,
}

impl Tool<'_> {
    /// Sees to it that the tool is there.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub(crate) fn ensure(&self, tree: &Tree) -> Outcome {
        let found = self.found(tree);
        if found == Found::Right {
            return Ok(());
        }
        let folder = self.folder(found, tree);
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
        // These tools run for seconds: compiling them fast matters more than their speed, so that
        // nothing is compiled that is for finding faults in them.
        command.arg("--debug").env("CARGO_PROFILE_DEV_DEBUG", "0");
        for check in ["DEBUG_ASSERTIONS", "OVERFLOW_CHECKS"] {
            command.env(format!("CARGO_PROFILE_DEV_{check}"), "false");
        }
        let name = format!("{} {}", self.package, self.version);
        Step::new(format!("Installing {name} into {}", folder.display()), self.guess)
            .must(command, &format!("Cannot install {name}."))?;
        // Kept while it is unfinished, so that a broken attempt is taken up where it ended.
        let _ = fs::remove_dir_all(&build);
        match self.found(tree) {
            Found::Right => Ok(()),
            _ => Err(Failure::new(format!(
                "{name} is installed in {}, but another version comes first on PATH. Put the bin folder there first on PATH.",
                folder.display()
            ))),
        }
    }

    fn found(&self, tree: &Tree) -> Found {
        self.look(|program| stated_version(tree, program))
    }

    /// `stated` gives the version that a program states, `None` when it is not there.
    fn look(&self, stated: impl Fn(&str) -> Option<String>) -> Found {
        let mut found = Found::Right;
        for program in self.programs {
            match stated(program) {
                Some(version) if version == self.version => {}
                Some(_) => return Found::Another,
                None => found = Found::Nothing,
            }
        }
        found
    }

    /// Where it is installed.
    fn folder(&self, found: Found, tree: &Tree) -> PathBuf {
        match &tree.cargo_root {
            Some(root) if found == Found::Nothing && is_writable(&root.join("bin")) => root.clone(),
            _ => tree.tools(),
        }
    }
}

/// The version that a program on the search list states; `None` when it is not there or says nothing.
pub(crate) fn stated_version(tree: &Tree, program: &str) -> Option<String> {
    let output = tree.program(program)?.arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // A program that is there and fails still counts as another one's: it is not replaced.
    Some(version::stated(&text).unwrap_or("unknown").to_owned())
}

/// Whether files can be made in a folder, which is made if need be.
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

    fn look(programs: &[(&str, &str)]) -> Found {
        let stated = |name: &str| programs.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        wasm_bindgen("0.2.130").look(stated)
    }

    #[test]
    fn every_program_must_be_of_the_version() {
        let (one, two) = ("wasm-bindgen", "wasm-bindgen-test-runner");
        assert_eq!(look(&[(one, "0.2.130"), (two, "0.2.130")]), Found::Right);
        assert_eq!(look(&[(one, "0.2.130"), (two, "0.2.129")]), Found::Another);
        assert_eq!(look(&[(one, "0.2.129")]), Found::Another);
        assert_eq!(look(&[(one, "0.2.130")]), Found::Nothing);
        assert_eq!(look(&[]), Found::Nothing);
    }

    #[test]
    fn another_version_is_left_alone() {
        let top = std::env::temp_dir().join(format!("xtask-tool-{}", std::process::id()));
        let mut tree = Tree {
            root: top.clone(),
            target: top.join("target"),
            search: Search::new(&[], &OsString::new(), None),
            cargo_root: Some(top.join("cargo")),
        };
        let tool = trunk("0.21.14");
        assert_eq!(tool.folder(Found::Nothing, &tree), top.join("cargo"));
        assert_eq!(tool.folder(Found::Another, &tree), tree.tools());
        // Where cargo's folder cannot be made, because a file stands in its place.
        tree.cargo_root = Some(top.join("file"));
        fs::write(top.join("file"), "").unwrap();
        assert_eq!(tool.folder(Found::Nothing, &tree), tree.tools());
        tree.cargo_root = None;
        assert_eq!(tool.folder(Found::Nothing, &tree), tree.tools());
        fs::remove_dir_all(&top).unwrap();
    }
}
