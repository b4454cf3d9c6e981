//! Where things are: the workspace, its build folder, and where a failed test
//! leaves what it saw.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// The top of the workspace.
pub fn workspace() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Cargo's build folder.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), |set| workspace().join(set))
}

/// Where a failed test leaves its pictures and logs.
pub fn evidence(test: &str) -> PathBuf {
    let name: String = test.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    target().join("e2e").join(name)
}

/// Lets a program that will be started write what it says to the end of `log`.
///
/// # Panics
/// If the file cannot be written.
pub fn says_into(log: &Path, command: &mut Command) {
    let open = || fs::File::options().create(true).append(true).open(log);
    let open = || open().unwrap_or_else(|error| panic!("{}: {error}", log.display()));
    command.stdin(Stdio::null()).stdout(open()).stderr(open());
}
