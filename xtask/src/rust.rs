//! Parts of the Rust toolchain: the wasm target, and the components that the style tier needs.

use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::progress::{self, Step};
use crate::tree::{Tree, WASM};

/// rustup's name of the component that holds the source of the standard library.
const LIBRARY_SOURCE: &str = "rust-src";

/// Ensures that the compiler can build for the browser.
///
/// # Errors
/// When the target is missing and rustup is missing too, or cannot add it.
pub(crate) fn ensure_target(tree: &Tree) -> Outcome {
    if has_target(tree) {
        return Ok(());
    }
    rustup(tree, &["target", "add", WASM], &format!("the target {WASM}"))?;
    if has_target(tree) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "rustup added the target {WASM}, but PATH names another compiler. Put rustup's folder first on PATH."
    )))
}

/// Ensures the source of the standard library, from which the page's own copy of the library is compiled.
/// Returns `false` after printing the reason if the page must be built with the library that rustup ships.
pub(crate) fn ensure_library_source(tree: &Tree) -> bool {
    if has_library_source(tree) {
        return true;
    }
    let reason = match rustup(tree, &["component", "add", LIBRARY_SOURCE], LIBRARY_SOURCE) {
        Ok(()) if has_library_source(tree) => return true,
        Ok(()) => format!("rustup added {LIBRARY_SOURCE}, but PATH names another compiler."),
        Err(failure) => failure.to_string(),
    };
    progress::note(&format!(
        "{reason} The page is built with the compiled standard library: it works the same, but is about 6 % larger."
    ));
    false
}

/// Ensures that `cargo fmt` and `cargo clippy` work.
///
/// # Errors
/// When one of them is missing and rustup is missing too, or cannot add it.
pub(crate) fn ensure_components(tree: &Tree) -> Outcome {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let there = tree.cargo().args([subcommand, "--version"]).output().is_ok_and(|it| it.status.success());
        if !there {
            rustup(tree, &["component", "add", component], component)?;
        }
    }
    Ok(())
}

/// Output of `rustc -vV`: the compiler's version and its host.
pub(crate) fn compiler(tree: &Tree) -> Outcome<String> {
    let output = tree.command("rustc").arg("-vV").output();
    let output = output.map_err(|error| Failure::start("rustc", &error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The machine's own target, from the output of `rustc -vV`.
pub(crate) fn host(compiler: &str) -> Option<&str> {
    compiler.lines().find_map(|line| line.strip_prefix("host: "))
}

/// The target is installed if its library folder exists, whoever installed it.
fn has_target(tree: &Tree) -> bool {
    let output = tree.command("rustc").args(["--print", "target-libdir", "--target", WASM]).output();
    output
        .is_ok_and(|it| it.status.success() && Path::new(String::from_utf8_lossy(&it.stdout).trim()).is_dir())
}

/// Cargo reads the library's lock file, so its presence shows that the source is complete.
fn has_library_source(tree: &Tree) -> bool {
    let output = tree.command("rustc").args(["--print", "sysroot"]).output();
    output.is_ok_and(|it| {
        let sysroot = String::from_utf8_lossy(&it.stdout).trim().to_owned();
        Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock").is_file()
    })
}

fn rustup(tree: &Tree, arguments: &[&str], what: &str) -> Outcome {
    let Some(mut command) = tree.program("rustup") else {
        return Err(Failure::new(format!(
            "{what} and rustup are missing. Install rustup (https://rustup.rs), or install {what} as you \
             installed your compiler, then run this again."
        )));
    };
    command.args(arguments);
    Step::new(format!("Adding {what}"), "about 10 s").must(command, &format!("rustup cannot add {what}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_the_compilers_version() {
        let version = "rustc 1.95.0 (abc)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        assert_eq!(host(version), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(host("rustc 1.95.0"), None);
    }
}
