//! Reads the paths to other modules of the crate out of a file's tokens: `use` trees, and `crate::`, `super::` and
//! `self::` anywhere in the code.

use super::source::Token;

/// A path that the code names, from the crate's root on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    /// Module that the code is in.
    pub(super) from: Vec<String>,
    /// Path as resolved: modules, then perhaps names of items.
    pub(super) to: Vec<String>,
    /// Line of the path's first word, counted from 1.
    pub(super) line: usize,
}

/// Paths and inline modules of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct FilePaths {
    pub(super) paths: Vec<NamedPath>,
    /// Modules with a body in this file, `mod x { … }`, by their full path.
    pub(super) inline_modules: Vec<Vec<String>>,
}

impl FilePaths {
    /// Reads the tokens of the file of module `module`.
    pub(super) fn read(module: &[String], tokens: &[Token<'_>]) -> Self {
        let mut found = Self::default();
        // The modules that the position is in, each with the count of open braces in which it began.
        let mut open: Vec<(String, usize)> = Vec::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while at < tokens.len() {
            let text = |ahead: usize| tokens.get(at + ahead).map_or("", |it| it.text);
            let here =
                || module.iter().cloned().chain(open.iter().map(|it| it.0.clone())).collect::<Vec<_>>();
            match text(0) {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    open.retain(|it| it.1 < depth);
                }
                "mod" if text(2) == "{" => {
                    open.push((text(1).to_owned(), depth));
                    found
                        .inline_modules
                        .push(module.iter().cloned().chain(open.iter().map(|it| it.0.clone())).collect());
                    depth += 1;
                    at += 3;
                    continue;
                }
                "use" => {
                    let from = here();
                    let mut tree = UseTree { tokens, at: at + 1, paths: Vec::new() };
                    tree.read(&[]);
                    at = tree.at;
                    for (words, line) in tree.paths {
                        found.push(&from, &words, line);
                    }
                    continue;
                }
                "crate" | "super" | "self"
                    if is_path_separator(tokens, at + 1) && !is_visibility(tokens, at) =>
                {
                    let from = here();
                    let line = tokens[at].line;
                    let mut words = vec![text(0).to_owned()];
                    at += 1;
                    while is_path_separator(tokens, at) && tokens.get(at + 2).is_some_and(is_word) {
                        words.push(tokens[at + 2].text.to_owned());
                        at += 3;
                    }
                    found.push(&from, &words, line);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        found
    }

    /// Resolves a path that begins with `crate`, `super` or `self`; any other begins with another crate or with a name
    /// that a `use` brought in, which counts there.
    fn push(&mut self, from: &[String], words: &[String], line: usize) {
        let mut to = match words.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super" | "self") => from.to_vec(),
            _ => return,
        };
        for word in words {
            match word.as_str() {
                "crate" | "self" => {}
                "super" => drop(to.pop()),
                _ => to.push(word.clone()),
            }
        }
        self.paths.push(NamedPath { from: from.to_vec(), to, line });
    }
}

/// A `use` declaration as it is read.
struct UseTree<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    /// Each leaf as a path, with the line of its last word.
    paths: Vec<(Vec<String>, usize)>,
}

impl UseTree<'_> {
    /// Reads one tree behind a prefix: words with `::` between them, and perhaps a list of trees in braces at the end.
    fn read(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut line = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match token.text {
                ":" => self.at += 1,
                "*" => {
                    line = token.line;
                    self.at += 1;
                }
                "{" => {
                    self.at += 1;
                    self.read_list(&path);
                    return;
                }
                "as" => self.at += 2,
                _ if is_word(token) => {
                    path.push(token.text.to_owned());
                    line = token.line;
                    self.at += 1;
                }
                _ => break,
            }
        }
        if line > 0 {
            self.paths.push((path, line));
        }
    }

    fn read_list(&mut self, prefix: &[String]) {
        while let Some(token) = self.tokens.get(self.at) {
            match token.text {
                "}" => {
                    self.at += 1;
                    return;
                }
                "," => self.at += 1,
                ";" => return, // not Rust: the list is not closed
                _ => {
                    let before = self.at;
                    self.read(prefix);
                    self.at = self.at.max(before + 1);
                }
            }
        }
    }
}

fn is_word(token: &Token<'_>) -> bool {
    token.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is_path_separator(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at..at + 2).is_some_and(|pair| pair.iter().all(|it| it.text == ":"))
}

/// Whether the path at `at` stands in `pub(in …)`, which imports nothing.
fn is_visibility(tokens: &[Token<'_>], at: usize) -> bool {
    at >= 3 && ["pub", "(", "in"].iter().zip(&tokens[at - 3..]).all(|(want, token)| token.text == *want)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::source::Source;

    /// Paths in the code of module `a::b`, as `line:path`, the module's own path in front if it is another.
    fn paths(text: &str) -> Vec<String> {
        let module = ["a".to_owned(), "b".to_owned()];
        let found = FilePaths::read(&module, &Source::read(text).tokens);
        let show = |it: NamedPath| {
            let from = if it.from == module { String::new() } else { it.from.join("::") + " " };
            format!("{from}{}:{}", it.line, it.to.join("::"))
        };
        found.paths.into_iter().map(show).collect()
    }

    #[test]
    fn use_trees_are_expanded_through_nested_groups() {
        let text = "use crate::{x::{self, Y as Z, w::*},\n c::D};\npub(crate) use super::{e, super::f::G};\nuse std::fmt;";
        assert_eq!(paths(text), ["1:x", "1:x::Y", "1:x::w", "2:c::D", "3:a::e", "3:f::G"]);
    }

    #[test]
    fn paths_in_code_are_read_without_a_use() {
        let text = "fn f() -> crate::x::Y { super::c::d::<u8>(self::e::F) }\nm! { $crate::g::h() }";
        assert_eq!(paths(text), ["1:x::Y", "1:a::c::d", "1:a::b::e::F", "2:g::h"]);
    }

    #[test]
    fn receivers_visibilities_and_captured_lifetimes_are_no_paths() {
        assert_eq!(
            paths("fn f(&self) -> impl T + use<'_> { self.x } pub(in crate::x) struct Y; pub(super) z: u8"),
            [""; 0]
        );
        assert_eq!(paths("use a::B; x"), [""; 0]);
        assert_eq!(paths("for x in crate::y::all() {}"), ["1:y::all"]);
    }

    #[test]
    fn inline_modules_resolve_super_to_the_file() {
        let text = "mod c { use super::D; mod e { use super::super::super::f; } }\nuse super::g;";
        assert_eq!(paths(text), ["a::b::c 1:a::b::D", "a::b::c::e 1:a::f", "2:a::g"]);
    }

    #[test]
    fn text_that_is_not_rust_is_read_to_its_end() {
        assert_eq!(paths("use crate::{x, {;"), ["1:x"]);
        assert_eq!(paths("use crate::{x ! ! y"), ["1:x", "1:y"]);
        assert_eq!(paths("use"), [""; 0]);
    }
}
