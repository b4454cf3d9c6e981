//! Reads a Rust file as tokens and doc comments. Strings, other comments and test-only items are left out.

/// A word or a punctuation character of the code, with its line, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// A block of adjacent `///` or `//!` lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doc {
    /// Line of the block's first line, counted from 1.
    pub(super) line: usize,
    /// Text of all its lines, with a newline between two.
    pub(super) text: String,
}

/// Parts of one file that the rules look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Source<'a> {
    /// Code without `#[cfg(test)]` items.
    pub(super) tokens: Vec<Token<'a>>,
    /// All doc comments, those of tests too.
    pub(super) docs: Vec<Doc>,
    /// Names of modules that are declared under `#[cfg(test)]`: their files are tests.
    pub(super) test_modules: Vec<String>,
}

impl<'a> Source<'a> {
    /// Reads a file's text. Text that is not Rust gives fewer or odd tokens, never an error.
    pub(super) fn read(text: &'a str) -> Self {
        let mut source = Self::default();
        let mut lexer = Lexer { rest: text, line: 1, tokens: Vec::new(), docs: Vec::new() };
        while lexer.step() {}
        source.docs = lexer.docs;
        source.leave_tests_out(&lexer.tokens);
        source
    }

    /// Copies the tokens but for the items under `#[cfg(test)]`.
    fn leave_tests_out(&mut self, tokens: &[Token<'a>]) {
        let mut at = 0;
        while at < tokens.len() {
            if !is_test_attribute(&tokens[at..]) {
                self.tokens.push(tokens[at]);
                at += 1;
                continue;
            }
            at += group_length(&tokens[at + 1..]) + 1;
            let item = &tokens[at..];
            let length = item_length(item);
            let words: Vec<&str> = item[..length].iter().map(|it| it.text).collect();
            if let [.., "mod", name, ";"] = words[..] {
                self.test_modules.push(name.to_owned());
            }
            at += length;
        }
    }
}

/// Whether `#[cfg(test)]` or `#[cfg(all(test, …))]` begins here. Code under `any` or `not` is compiled without tests too.
fn is_test_attribute(tokens: &[Token<'_>]) -> bool {
    if !["#", "[", "cfg"].iter().zip(tokens).all(|(want, token)| token.text == *want) {
        return false;
    }
    let words = || tokens[1..=group_length(&tokens[1..])].iter().map(|it| it.text);
    words().any(|it| it == "test") && !words().any(|it| it == "any" || it == "not")
}

/// Count of tokens from an opening bracket to its closing one, both included; all tokens if there is none.
fn group_length(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Count of tokens of the item, field or variant that begins here, further attributes included.
fn item_length(tokens: &[Token<'_>]) -> usize {
    const ITEMS: [&str; 14] = [
        "async",
        "const",
        "enum",
        "extern",
        "fn",
        "impl",
        "macro_rules",
        "mod",
        "pub",
        "static",
        "struct",
        "trait",
        "type",
        "unsafe",
    ];
    let mut at = 0;
    while tokens.get(at).is_some_and(|it| it.text == "#") {
        at += group_length(&tokens[at + 1..]) + 1;
    }
    // In an item's generics a comma does not end the item; after a field or a variant it does.
    let is_item = tokens.get(at).is_some_and(|it| ITEMS.contains(&it.text));
    while let Some(token) = tokens.get(at) {
        match token.text {
            ";" => return at + 1,
            "," if !is_item => return at + 1,
            "{" => return at + group_length(&tokens[at..]),
            "(" | "[" => at += group_length(&tokens[at..]),
            // The end of what the item is in.
            ")" | "]" | "}" => return at,
            _ => at += 1,
        }
    }
    tokens.len()
}

/// Position in the text, and the parts read so far.
struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token<'a>>,
    docs: Vec<Doc>,
}

impl<'a> Lexer<'a> {
    /// Reads one token, comment or literal; `false` at the end of the text.
    fn step(&mut self) -> bool {
        let rest = self.rest;
        let Some(first) = rest.chars().next() else {
            return false;
        };
        if first.is_whitespace() {
            self.skip(rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()));
            return true;
        }
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if rest.starts_with("//") {
            self.take_line_comment();
        } else if rest.starts_with("/*") {
            self.skip(block_comment_length(rest));
        } else if let Some(length) = string_length(rest) {
            self.skip(length);
        } else if first == '\'' {
            self.skip(char_or_lifetime_length(rest));
        } else if word > 0 {
            self.push(&rest[..word]);
        } else {
            self.push(&rest[..first.len_utf8()]);
        }
        true
    }

    fn push(&mut self, text: &'a str) {
        self.tokens.push(Token { text, line: self.line });
        self.rest = &self.rest[text.len()..];
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }

    fn take_line_comment(&mut self) {
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let comment = &self.rest[..length];
        let doc = comment.strip_prefix("///").filter(|it| !it.starts_with('/'));
        if let Some(text) = doc.or_else(|| comment.strip_prefix("//!")) {
            let text = text.trim();
            // Two blocks never touch: there is an item between them.
            let line = self.line;
            let height = |doc: &Doc| doc.text.matches('\n').count() + 1;
            match self.docs.last_mut() {
                Some(doc) if doc.line + height(doc) == line => {
                    doc.text.push('\n');
                    doc.text.push_str(text);
                }
                _ => self.docs.push(Doc { line, text: text.to_owned() }),
            }
        }
        self.skip(length);
    }
}

/// Length of a block comment, which may hold others.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of the string literal of any kind that begins here, or of a raw identifier's `r#`.
fn string_length(text: &str) -> Option<usize> {
    let prefix = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    let after = &text[prefix..];
    if prefix > 2 {
        return None;
    }
    if text[..prefix].ends_with('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if !after[hashes..].starts_with('"') {
            return (hashes == 1 && prefix == 1).then_some(2);
        }
        let close = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return Some(text[start..].find(&close).map_or(text.len(), |end| start + end + close.len()));
    }
    if !after.starts_with('"') {
        return None;
    }
    let mut at = prefix + 1;
    while let Some(next) = text[at..].find(['"', '\\']) {
        at += next + 1;
        if text[..at].ends_with('"') {
            return Some(at);
        }
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    Some(text.len())
}

/// Length of a character literal, or of a lifetime's quote.
fn char_or_lifetime_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((escape, c))) => {
            let from = escape + c.len_utf8();
            text[from..].find('\'').map_or(text.len(), |end| from + end + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let source = Source::read(text);
        source.tokens.iter().map(|it| it.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn strings_characters_and_comments_are_left_out() {
        assert_eq!(
            words(r##"a("x // y", r#"" b "#, b"\"", 'c', '\'', '\u{1F600}') /* d /* e */ f */ g // h"##),
            "a ( , , , , , ) g"
        );
        assert_eq!(
            words("fn a<'b>(c: &'b str, r#type: u8) {}"),
            "fn a < b > ( c : & b str , type : u8 ) { }"
        );
        assert_eq!(words("\"never closed"), "");
        assert_eq!(words("'"), "");
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let source = Source::read("\"one\ntwo\" /*\n*/ a\nb");
        assert_eq!(source.tokens.iter().map(|it| it.line).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn adjacent_doc_lines_are_one_block() {
        let source = Source::read("//! Top.\n\n/// One\n/// two.\nx\n/// Three.\n//// no doc\n// none\n");
        let docs: Vec<_> = source.docs.iter().map(|it| (it.line, it.text.as_str())).collect();
        assert_eq!(docs, [(1, "Top."), (3, "One\ntwo."), (6, "Three.")]);
    }

    #[test]
    fn test_items_are_left_out_and_what_follows_stays() {
        assert_eq!(words("#[cfg(test)] mod tests { use a; fn b() { c(); } } d"), "d");
        assert_eq!(words("#[cfg(test)]\n#[allow(x)]\npub(crate) fn a<B, C>(d: B) -> C { e } f"), "f");
        assert_eq!(words("#[cfg(all(test, unix))] use a::{b, c}; d"), "; d");
        assert_eq!(words("struct A { #[cfg(test)] b: B, c: C }"), "struct A { c : C }");
        assert_eq!(words("struct A { c: C, #[cfg(test)] b: B }"), "struct A { c : C , }");
        assert_eq!(words("#[cfg(not(test))] a"), "# [ cfg ( not ( test ) ) ] a");
        assert_eq!(words("#[cfg(any(test, unix))] a"), "# [ cfg ( any ( test , unix ) ) ] a");
    }

    #[test]
    fn a_test_module_of_its_own_file_is_named() {
        let source = Source::read("#[cfg(test)]\nmod tests;\n#[cfg(test)] pub(crate) mod rig;\nmod a;");
        assert_eq!(source.test_modules, ["tests", "rig"]);
        assert_eq!(words("#[cfg(test)] mod tests; mod a;"), "mod a ;");
    }
}
