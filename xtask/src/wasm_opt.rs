//! wasm-opt, which makes the page smaller: the right version on PATH, or binaryen's npm package, which runs
//! on Node. Without wasm-opt the page is built all the same, only larger.

use std::fs;

use crate::failure::{Failure, Outcome};
use crate::npm;
use crate::progress;
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
    if !node {
        return Ok(without("Node is not installed", number));
    }
    let (folder, package) = (tree.npm(), format!("binaryen@{number}.0.0"));
    let title = format!("Installing wasm-opt {number} into {}", folder.display());
    if let Err(reason) = npm::install(tree, &folder, &package, title, "once, about 15 s")? {
        return Ok(without(&reason, number));
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
