//! `cargo xtask structure`: rules of the sources that neither the compiler nor clippy checks. The style tier
//! of the tests checks them too.
//!
//! - No circle of module imports within a crate: see [`circles`].
//! - No doc comment of one or two words, and no file named `utils`, `mod.rs` or the like: see [`names`].
//!
//! All rules read the text of the sources, so that they need no build and end within a second:
//! - [`source`] splits a file into tokens and doc comments, without its test code;
//! - [`paths`] reads the paths of other modules out of the tokens.

mod circles;
mod names;
mod paths;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::circles::Graph;
use self::source::Source;
use crate::failure::{Failure, Outcome};
use crate::fingerprint;
use crate::tally::Tally;
use crate::tree::Tree;

/// Checks every crate, prints the findings, and fails if there are any.
///
/// # Errors
/// When a source or the workspace's manifest cannot be read.
pub(crate) fn structure(tree: &Tree) -> Outcome<ExitCode> {
    let tally = check(tree)?;
    println!("structure {tally}");
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks every crate and prints the findings; counts as one check.
///
/// # Errors
/// When a source or the workspace's manifest cannot be read.
pub(crate) fn check(tree: &Tree) -> Outcome<Tally> {
    let manifest = tree.root.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&manifest).map_err(|error| Failure::file("Reading", &manifest, &error))?;
    let mut findings = Vec::new();
    for member in members(&manifest) {
        findings.extend(findings_in(&tree.root, member, &members(&manifest))?);
    }
    if !findings.is_empty() {
        println!("--- Structure of the sources:\n{}\n---", findings.join("\n"));
    }
    Ok(Tally::one(findings.is_empty()))
}

/// Folders of the workspace's members, from a manifest that lists them on one line or on several.
fn members(manifest: &str) -> Vec<&str> {
    let list = manifest.split_once("\nmembers = [").and_then(|(_, rest)| rest.split_once(']'));
    list.map_or_else(Vec::new, |(list, _)| list.split('"').skip(1).step_by(2).collect())
}

/// One line per violation in the crate in folder `member`, without the crates in folders below it.
fn findings_in(root: &Path, member: &str, members: &[&str]) -> Outcome<Vec<String>> {
    let folder = root.join(member);
    let nested: Vec<PathBuf> = members.iter().filter(|it| **it != member).map(|it| root.join(it)).collect();
    let mut findings = Vec::new();
    let mut graphs: Vec<(PathBuf, Graph)> = Vec::new();
    for file in fingerprint::files(&folder)? {
        let is_nested = nested.iter().any(|it| it.starts_with(&folder) && file.starts_with(it));
        if is_nested || file.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let text = fs::read_to_string(&file).map_err(|error| Failure::file("Reading", &file, &error))?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let source = Source::read(&text);
        findings.extend(names::forbidden_name(file.strip_prefix(&folder).unwrap_or(&file), &name));
        findings.extend(names::short_docs(&source, &name));
        if let Some((target, module)) = module_of(&folder.join("src"), &file) {
            let graph = match graphs.iter().position(|it| it.0 == target) {
                Some(known) => &mut graphs[known].1,
                None => {
                    graphs.push((target, Graph::default()));
                    let last = graphs.len() - 1;
                    &mut graphs[last].1
                }
            };
            graph.add_file(module, &source, &name);
        }
    }
    for (target, graph) in graphs {
        let target = target.strip_prefix(root).unwrap_or(&target).display().to_string();
        findings.extend(graph.circles().iter().map(|circle| format!("{target}: {circle}")));
    }
    Ok(findings)
}

/// Folder of the build target that a file below `src` belongs to, and the file's module path in that target.
///
/// A folder in `src/bin` is a target of its own. Files outside `src` are tests, build scripts and examples: `None`.
fn module_of(src: &Path, file: &Path) -> Option<(PathBuf, Vec<String>)> {
    let mut target = src.to_path_buf();
    let bin = src.join("bin");
    if let Ok(rest) = file.strip_prefix(&bin) {
        target = bin.join(rest.components().next()?);
        if target == file {
            return None; // a target of one file
        }
    }
    let path = file.strip_prefix(&target).ok()?.with_extension("");
    let mut module: Vec<String> = path.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let is_root = module.len() == 1 && ["lib", "main"].contains(&module[0].as_str());
    if is_root || module.last().is_some_and(|it| it == "mod") {
        module.pop();
    }
    Some((target, module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_from_one_line_or_several() {
        assert_eq!(members("[workspace]\nmembers = [\"a\", \"b/c\"]\nx = [\"d\"]\n"), ["a", "b/c"]);
        assert_eq!(members("[workspace]\nmembers = [\n  \"a\",\n  \"b\",\n]\n"), ["a", "b"]);
        assert_eq!(members("[package]\n"), [""; 0]);
    }

    #[test]
    fn a_file_belongs_to_the_module_of_its_path() {
        let module = |file: &str| {
            let (target, module) = module_of(Path::new("c/src"), Path::new(file))?;
            Some((target.display().to_string(), module.join("::")))
        };
        let of = |target: &str, module: &str| Some((target.to_owned(), module.to_owned()));
        assert_eq!(module("c/src/lib.rs"), of("c/src", ""));
        assert_eq!(module("c/src/a.rs"), of("c/src", "a"));
        assert_eq!(module("c/src/a/b.rs"), of("c/src", "a::b"));
        assert_eq!(module("c/src/a/mod.rs"), of("c/src", "a"));
        assert_eq!(module("c/src/bin/tool/main.rs"), of("c/src/bin/tool", ""));
        assert_eq!(module("c/src/bin/tool/x.rs"), of("c/src/bin/tool", "x"));
        assert_eq!(module("c/src/bin/tool.rs"), None);
        assert_eq!(module("c/tests/it.rs"), None);
    }

    #[test]
    fn findings_name_the_circle_the_short_doc_and_the_file_of_one_crate_only() {
        let root = std::env::temp_dir().join(format!("xtask-structure-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a/src/lib.rs", "mod x; mod y;");
        write("a/src/x.rs", "use crate::y::Y;\n");
        write("a/src/y.rs", "use super::x::X;\n/// Which.\nstruct Y;");
        write("a/src/utils.rs", "");
        write("a/core/src/lib.rs", "/// Who.\nstruct Z;");
        let findings = findings_in(&root, "a", &["a", "a/core"]).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(findings.len(), 3, "{findings:#?}");
        assert!(findings[0].contains("utils.rs"), "{findings:#?}");
        assert!(findings[1].contains("y.rs:2"), "{findings:#?}");
        assert!(findings[2].contains("x → y"), "{findings:#?}");
    }
}
