//! Packages of npm, each version in a folder that the caller names.

use std::path::Path;

use crate::failure::Outcome;
use crate::progress::Step;
use crate::tree::Tree;

/// Installs a package such as `binaryen@132.0.0` into `folder`. npm may remove other packages from it. Returns the
/// reason if npm is missing or refuses.
///
/// # Errors
/// When npm cannot be started.
pub(crate) fn install(
    tree: &Tree,
    folder: &Path,
    package: &str,
    title: String,
    guess: &'static str,
) -> Outcome<Result<(), String>> {
    let Some(mut npm) = tree.program("npm") else { return Ok(Err("npm is not installed".to_owned())) };
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    npm.arg("--prefix").arg(folder).arg(package);
    let mut step = Step::new(title, guess);
    let ended = step.run(npm)?;
    step.done();
    if ended.success {
        return Ok(Ok(()));
    }
    Ok(Err(format!("npm cannot install {package}: {}", ended.transcript.text().trim())))
}
