//! wasm-opt, which makes the page smaller: the right version on PATH, or binaryen's npm package, which runs
//! on Node. Without wasm-opt the page is built all the same, only larger.

use std::fs;

use crate::failure::{Failure, Outcome};
use crate::progress::{self, Step};
use crate::tool::stated_version;
use crate::tree::Tree;

/// Ensures wasm-opt. Returns `false` after printing the reason if the page must be built without it.
///
/// # Errors
/// When files under `target` cannot be written.
pub(crate) fn ensure(tree: &Tree, number: &str) -> Outcome<bool> {
    let stamp = tree.npm().join("ready");
    let node = tree.search.find("node").is_some();
    if node && fs::read_to_string(&stamp).is_ok_and(|it| it == number) {
        return Ok(true);
    }
    if stated_version(tree, "wasm-opt").is_some_and(|it| it == number) {
        return Ok(true);
    }
    let Some(mut npm) = tree.program("npm").filter(|_| node) else {
        return Ok(without("Node and npm are not installed", number));
    };
    let package = format!("binaryen@{number}.0.0");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    npm.arg("--prefix").arg(tree.npm()).arg(&package);
    let title = format!("Installing wasm-opt {number} into {}", tree.npm().display());
    let mut step = Step::new(title, "once, about 15 s");
    let ended = step.run(npm)?;
    step.done();
    if !ended.success {
        progress::note(&ended.transcript.text());
        return Ok(without(&format!("npm cannot install {package}"), number));
    }
    if stated_version(tree, "wasm-opt").is_none_or(|it| it != number) {
        return Ok(without(&format!("this Node cannot run {package}"), number));
    }
    fs::write(&stamp, number).map_err(|error| Failure::file("Writing", &stamp, &error))?;
    Ok(true)
}

fn without(reason: &str, number: &str) -> bool {
    progress::note(&format!(
        "{reason}. The page is built without wasm-opt {number}: it works the same, but is about 10 % larger."
    ));
    false
}
