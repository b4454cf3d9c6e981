//! Rules of names and of doc comments: a file is one noun of the product or the field, and a doc comment is a sentence.

use std::path::Path;

use super::source::Source;

/// Names that say nothing of what a file or folder holds.
const FORBIDDEN: [&str; 7] = ["utils", "common", "helpers", "manager", "models", "services", "mod"];

/// Words that a doc comment has at least: "Which." documents nothing.
const LEAST_WORDS: usize = 3;

/// The finding that a part of the file's path within its crate is a forbidden name.
pub(super) fn forbidden_name(path: &Path, name: &str) -> Option<String> {
    let stem = path.with_extension("");
    let part = stem.iter().find(|part| FORBIDDEN.iter().any(|it| part == it))?;
    Some(format!("{name}: no file or folder is named `{}`: name its noun", part.to_string_lossy()))
}

/// A finding for each doc comment of one or two words.
pub(super) fn short_docs(source: &Source<'_>, name: &str) -> Vec<String> {
    let is_short = |text: &str| text.is_ascii() && text.split_whitespace().count() < LEAST_WORDS;
    let short = source.docs.iter().filter(|doc| is_short(&doc.text));
    short
        .map(|doc| format!("{name}:{}: `{}` is no documentation: write a sentence", doc.line, doc.text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_folder_of_a_forbidden_name_is_found() {
        let is_found = |path: &str| forbidden_name(Path::new(path), path).is_some();
        assert!(is_found("src/utils.rs"));
        assert!(is_found("src/common/room.rs"));
        assert!(is_found("src/store/mod.rs"));
        assert!(!is_found("src/store/common_name.rs"));
        assert!(!is_found("src/model.rs"));
    }

    #[test]
    fn a_doc_comment_of_two_words_is_found_and_of_three_is_not() {
        let docs = |text: &str| short_docs(&Source::read(text), "x.rs").len();
        assert_eq!(docs("/// Which.\nstruct A;\n"), 1);
        assert_eq!(docs("//! The room.\n\n/// Who.\nstruct A;\n"), 2);
        assert_eq!(docs("/// Name of it.\nstruct A;\n// Which.\n"), 0);
        assert_eq!(docs("/// Name,\n/// as\n/// written.\nstruct A;\n"), 0);
        assert_eq!(docs("/// 茶馆\nstruct A;\n"), 0);
    }
}
