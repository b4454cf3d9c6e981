//! Builds the page into `dist/` with trunk, unless what is there was made from the same sources.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::fingerprint;
use crate::glue;
use crate::progress::Step;
use crate::rust;
use crate::setup::PageTools;
use crate::tree::{Tree, WASM};

/// Files and folders that the page is built from.
const SOURCES: [&str; 7] = [
    "frontend",
    "shared",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    ".cargo/config.toml",
    "xtask/src/glue.rs",
];

/// End of the stamp of a page that wasm-opt made smaller and that has its own standard library.
const OPTIMISED: &str = "optimised";

/// Builds the page if need be.
///
/// # Errors
/// When the crates cannot be fetched or the build fails.
pub(crate) fn ensure(tree: &Tree, tools: &PageTools) -> Outcome {
    let compiler = rust::compiler(tree)?;
    let sources = sources(tree, tools, &compiler)?;
    let stamp = stamp(tree);
    let made = if tools.wasm_opt && tools.library_source { OPTIMISED } else { "plain" };
    let built = || Ok(format!("{sources} {} {made}", fingerprint::of(&tree.root, &["dist"], &[])?));
    if fs::read_to_string(&stamp).is_ok_and(|it| built().is_ok_and(|built: String| it == built)) {
        return Ok(());
    }

    // trunk runs offline, so that it never fetches a tool by itself; the crates therefore come first.
    let mut fetch = tree.cargo();
    fetch.args(["fetch", "--target", WASM]);
    if tools.library_source {
        compile_library(&mut fetch);
    }
    if let Some(host) = rust::host(&compiler) {
        fetch.args(["--target", host]);
    }
    Step::new("Fetching the crates", "about 10 s").must(fetch, "Cannot fetch the crates.")?;

    let mut build = trunk(tree)?;
    build.args(["build", "--offline"]);
    if tools.wasm_opt {
        build.arg("--release");
    } else {
        // Outside its release mode trunk leaves wasm-opt out; all else stays as in that mode. Most of what wasm-opt would
        // save are the functions' names, which the linker can drop too (with it, wasm-opt would refuse the file).
        build.args(["--cargo-profile", "wasm", "--minify"]).env("CARGO_PROFILE_WASM_STRIP", "true");
    }
    let mut flags = rust_flags();
    if tools.library_source {
        compile_library(&mut build);
        flags.push_str(" -Zunstable-options -Cpanic=immediate-abort");
    }
    build.env("RUSTFLAGS", flags);
    Step::new("Building the page", "about 2 min").must(build, "Cannot build the page.")?;
    glue::shrink(&tree.dist())?;

    let text = built()?;
    let written = stamp.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&stamp, text));
    written.map_err(|error| Failure::file("Writing", &stamp, &error))
}

/// Returns trunk as a command, with its version check off and with `NO_COLOR` in the form that trunk reads.
pub(crate) fn trunk(tree: &Tree) -> Outcome<Command> {
    let mut command = tree
        .program("trunk")
        .ok_or_else(|| Failure::new("trunk is not on PATH. Run `cargo xtask setup`."))?;
    command.env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Its `--no-color` takes no value but `true` and `false`; NO_COLOR is mostly 1.
    if std::env::var_os("NO_COLOR").is_some() {
        command.env_remove("NO_COLOR").env("TRUNK_COLOR", "never");
    }
    Ok(command)
}

/// Makes cargo compile the standard library with the page, for size and without the messages of panics: 12 KB less
/// with brotli than with the library that rustup ships. A panic is a trap in both, which the document reports.
///
/// The options are not stable, so the stable compiler takes them only with `RUSTC_BOOTSTRAP`. They change how the
/// library is compiled, and nothing of the language: the page builds without them too.
fn compile_library(command: &mut Command) {
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size");
}

/// Returns the compiler flags for the page. The messages of panics name source files; the flags leave out the
/// folders above those of the dependencies. So the page is smaller, is the same on every machine, and does not
/// name the home folder of its builder.
fn rust_flags() -> String {
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))) else { return flags };
    let registries = fs::read_dir(home.join("registry").join("src"));
    for registry in registries.into_iter().flatten().flatten() {
        let folder = registry.path().display().to_string();
        // Cargo splits the flags at spaces.
        if !folder.contains(char::is_whitespace) {
            flags.push_str(&format!(" --remap-path-prefix={folder}="));
        }
    }
    flags
}

fn sources(tree: &Tree, tools: &PageTools, compiler: &str) -> Outcome<String> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let tools = format!("{tools:?}");
    fingerprint::of(&tree.root, &SOURCES, &[compiler, &flags, &tools])
}

/// Whether wasm-opt has made the page that is built smaller.
pub(crate) fn is_optimised(tree: &Tree) -> bool {
    fs::read_to_string(stamp(tree)).is_ok_and(|it| it.ends_with(OPTIMISED))
}

fn stamp(tree: &Tree) -> PathBuf {
    tree.target.join("xtask").join("page")
}
