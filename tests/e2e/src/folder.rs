//! Folders: the workspace, its build folder, and the folder for the artifacts of a failed test.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the root folder of the workspace.
pub fn workspace() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Returns Cargo's build folder: `CARGO_TARGET_DIR`, or `target` in the workspace.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), |set| workspace().join(set))
}

/// Returns the folder for the screenshots and logs of a failed test.
pub fn artifacts(test: &str) -> PathBuf {
    let name: String = test.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    target().join("e2e").join(name)
}
