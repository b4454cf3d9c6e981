//! Finds circles of imports between sibling modules.
//!
//! At each level of a crate the siblings are compared: `x` imports `y` if any file of `x`'s subtree imports anything of
//! `y`'s subtree. A parent and its children may import each other: they are one noun in two files. A name that a module
//! re-exports counts for that module.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::paths::{FilePaths, NamedPath};
use super::source::Source;

/// A module's path from the crate's root on; empty for the root itself.
type Module = Vec<String>;

/// Imports that a message names for each pair of modules.
const SHOWN: usize = 3;

/// Modules of one build target, and the paths that they name.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    modules: BTreeSet<Module>,
    test_modules: BTreeSet<Module>,
    paths: Vec<(String, NamedPath)>,
}

/// Sibling modules that can all be reached from each other by imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Circle {
    parent: Module,
    siblings: Vec<String>,
    /// Imports between two of them, as `file:line path`.
    imports: BTreeMap<(String, String), Vec<String>>,
}

impl Graph {
    /// Adds the file of module `module`; `name` is the file's name in messages.
    pub(super) fn add_file(&mut self, module: Module, source: &Source<'_>, name: &str) {
        let found = FilePaths::read(&module, &source.tokens);
        for test in &source.test_modules {
            self.test_modules.insert(module.iter().chain([test]).cloned().collect());
        }
        self.modules.extend(found.inline_modules);
        self.modules.insert(module);
        self.paths.extend(found.paths.into_iter().map(|path| (name.to_owned(), path)));
    }

    /// All circles, in the order of their parents.
    pub(super) fn circles(&self) -> Vec<Circle> {
        let mut levels: BTreeMap<Module, BTreeMap<(String, String), Vec<String>>> = BTreeMap::new();
        for (name, path) in &self.paths {
            if self.is_test(&path.from) || self.is_test(&path.to) {
                continue;
            }
            let to = self.module_in(&path.to);
            let shared = path.from.iter().zip(to).take_while(|(one, other)| one == other).count();
            if let (Some(one), Some(other)) = (path.from.get(shared), to.get(shared)) {
                let level = levels.entry(to[..shared].to_vec()).or_default();
                let imports = level.entry((one.clone(), other.clone())).or_default();
                imports.push(format!("{name}:{} {}", path.line, path.to.join("::")));
            }
        }
        levels.into_iter().flat_map(|(parent, imports)| circles_of_level(&parent, &imports)).collect()
    }

    fn is_test(&self, path: &[String]) -> bool {
        (0..=path.len()).any(|length| self.test_modules.contains(&path[..length]))
    }

    /// Longest beginning of a path that is a module; the rest are names of items.
    fn module_in<'a>(&self, path: &'a [String]) -> &'a [String] {
        let length = (0..=path.len()).rev().find(|&length| self.modules.contains(&path[..length]));
        &path[..length.unwrap_or(0)]
    }
}

/// Circles among the siblings of one level, whose imports are given by importer and imported.
fn circles_of_level(parent: &Module, imports: &BTreeMap<(String, String), Vec<String>>) -> Vec<Circle> {
    let mut circles = Vec::new();
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    for (start, _) in imports.keys() {
        if seen.contains(start) {
            continue;
        }
        let siblings: Vec<String> = reached_from(start, imports)
            .into_iter()
            .filter(|it| *it == start || reached_from(it, imports).contains(start))
            .cloned()
            .collect();
        if siblings.len() > 1 {
            seen.extend(imports.keys().map(|it| &it.0).filter(|it| siblings.contains(it)));
            let imports = imports
                .iter()
                .filter(|((one, other), _)| siblings.contains(one) && siblings.contains(other))
                .map(|(pair, lines)| (pair.clone(), lines.clone()))
                .collect();
            circles.push(Circle { parent: parent.clone(), siblings, imports });
        }
    }
    circles
}

/// Siblings that `start` imports, directly or through others; `start` itself too.
fn reached_from<'a>(
    start: &'a String,
    imports: &'a BTreeMap<(String, String), Vec<String>>,
) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(from) = open.pop() {
        for (_, to) in imports.keys().filter(|(one, _)| one == from) {
            if reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent =
            if self.parent.is_empty() { "the crate's root".to_owned() } else { self.parent.join("::") };
        write!(f, "circle of imports in {parent}: {}", self.siblings.join(", "))?;
        for ((one, other), lines) in &self.imports {
            let shown = lines[..lines.len().min(SHOWN)].join(", ");
            let more = match lines.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(", {more} more"),
            };
            write!(f, "\n    {one} → {other}: {shown}{more}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Circle> {
        let mut graph = Graph::default();
        for (module, text) in files {
            let module_path = module.split("::").filter(|it| !it.is_empty()).map(str::to_owned).collect();
            graph.add_file(module_path, &Source::read(text), &format!("{module}.rs"));
        }
        graph.circles()
    }

    /// The siblings of each circle, after their parent.
    fn siblings(files: &[(&str, &str)]) -> Vec<String> {
        let show = |it: &Circle| format!("{}: {}", it.parent.join("::"), it.siblings.join(" "));
        circles(files).iter().map(show).collect()
    }

    #[test]
    fn a_circle_of_two_is_found_through_crate_super_and_groups() {
        let found = siblings(&[
            ("", "mod a; mod b; mod c;"),
            ("a", "use crate::{c, b::{self, B}};"),
            ("b", "fn f() -> super::a::A {}"),
            ("c", ""),
        ]);
        assert_eq!(found, [": a b"]);
    }

    #[test]
    fn a_circle_of_three_is_one_circle_and_a_second_one_is_another() {
        let found = siblings(&[
            ("a", "use crate::b::B;"),
            ("b", "use crate::c::C;"),
            ("c", "use crate::a::A;"),
            ("d", "use crate::{a::A, e::E};"),
            ("e", "use crate::d::D;"),
            ("f", "use crate::d::D;"),
        ]);
        assert_eq!(found, [": a b c", ": d e"]);
    }

    #[test]
    fn a_subtree_counts_for_its_top_and_a_circle_below_for_its_own_level() {
        let found = siblings(&[
            ("a", "mod x; mod y;"),
            ("a::x", "use crate::b::B; use super::y::Y;"),
            ("a::y", "use super::x::X;"),
            ("b", ""),
            ("b::z", "use crate::a::y::Y;"),
        ]);
        assert_eq!(found, [": a b", "a: x y"]);
    }

    #[test]
    fn a_parent_and_its_children_may_import_each_other() {
        let files = [
            ("", "use a::A; mod a;"),
            ("a", "use self::x::X; use crate::R; mod x;"),
            ("a::x", "use super::{A, B};"),
        ];
        assert_eq!(siblings(&files), [""; 0]);
    }

    #[test]
    fn a_diamond_is_no_circle() {
        let files = [
            ("a", "use crate::{b::B, c::C};"),
            ("b", "use crate::d::D;"),
            ("c", "use crate::d::D;"),
            ("d", "// use crate::a::A;\nconst X: &str = \"crate::a::A\";"),
        ];
        assert_eq!(siblings(&files), [""; 0]);
    }

    #[test]
    fn test_code_makes_no_circle() {
        let files = [
            ("a", "use crate::b::B; #[cfg(test)] mod tests;"),
            ("a::tests", ""),
            ("b", "#[cfg(test)] mod tests { use crate::a::A; }\n#[cfg(test)] mod rig;"),
            ("b::rig", "use crate::a::A;"),
        ];
        assert_eq!(siblings(&files), [""; 0]);
    }

    #[test]
    fn the_message_names_the_imports_that_make_the_circle() {
        let found = circles(&[("p::a", "\nuse super::b::B;"), ("p::b", "use crate::p::a::A;")]);
        assert_eq!(
            found[0].to_string(),
            "circle of imports in p: a, b\n    a → b: p::a.rs:2 p::b::B\n    b → a: p::b.rs:1 p::a::A"
        );
    }
}
