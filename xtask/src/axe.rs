//! axe-core, which the end-to-end tests use to check accessibility: a package of npm.

use std::fs;
use std::path::PathBuf;

use crate::npm;
use crate::progress::note;
use crate::tree::Tree;

/// Version of the package.
const VERSION: &str = "4.14.1";

/// Returns the path of axe-core's program, installed if need be. Returns `None` after printing the reason if the
/// tests must do without it.
pub(crate) fn ensure(tree: &Tree) -> Option<PathBuf> {
    // A folder of its own: npm would remove other packages from a folder that it installs into.
    let folder = tree.tools().join(format!("axe-core-{VERSION}"));
    let program = folder.join("node_modules").join("axe-core").join("axe.min.js");
    if program.is_file() {
        return Some(program);
    }
    let without = |reason: &str| {
        note(&format!("{reason}: the tests do not check the page's accessibility with axe-core."));
        None
    };
    if let Err(error) = fs::create_dir_all(&folder) {
        return without(&format!("{}: {error}", folder.display()));
    }
    let (package, title) = (format!("axe-core@{VERSION}"), format!("Installing axe-core {VERSION}"));
    match npm::install(tree, &folder, &package, title, "once, about 5 s") {
        Ok(Ok(())) if program.is_file() => Some(program),
        Ok(Ok(())) => without(&format!("{package} has no {}", program.display())),
        Ok(Err(reason)) => without(&reason),
        Err(failure) => without(&failure.to_string()),
    }
}
