//! Checks the catalogues against each other and against the sources, fails the build where they
//! differ, and makes of them the table that the page has its texts from.

#[path = "build/catalogue.rs"]
mod catalogue;
#[path = "build/table.rs"]
mod table;

use std::{env, fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=i18n");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build");
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let faults = match read(Path::new(&root)) {
        Ok((catalogues, sources)) => catalogue::faults(&catalogues, &sources),
        Err(error) => vec![error],
    };
    for fault in &faults {
        println!("cargo::error={fault}");
    }
    let texts = rust_i18n_support::load_locales(&format!("{root}/i18n"), |_| false);
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("catalogue.rs");
    if let Err(error) = fs::write(&out, table::of(&texts)) {
        println!("cargo::error={}: {error}", out.display());
        return ExitCode::FAILURE;
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Files = Vec<(String, String)>;

fn read(root: &Path) -> Result<(Files, Files), String> {
    let mut catalogues = Files::new();
    collect(&root.join("i18n"), "json", &mut catalogues)?;
    let mut sources = Files::new();
    collect(&root.join("src"), "rs", &mut sources)?;
    Ok((catalogues, sources))
}

/// All files below `folder` with this ending: path and text, in the order of their paths.
fn collect(folder: &Path, ending: &str, into: &mut Files) -> Result<(), String> {
    let describe = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| describe(folder, error))? {
        paths.push(entry.map_err(|error| describe(folder, error))?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, ending, into)?;
        } else if path.extension().is_some_and(|found| found == ending) {
            let text = fs::read_to_string(&path).map_err(|error| describe(&path, error))?;
            into.push((path.display().to_string(), text));
        }
    }
    Ok(())
}
