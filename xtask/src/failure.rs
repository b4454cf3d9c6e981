//! Failures of a command: one sentence that says what is missing and what to do.

use std::fmt;
use std::path::Path;

/// One sentence for the user at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(String);

/// Result of a step.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// Failure to read or write a file or folder. `doing` is the sentence's first word, such as "Reading".
    pub(crate) fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{doing} {} failed: {error}.", path.display()))
    }

    /// Failure to start a program at all.
    pub(crate) fn start(program: &str, error: &std::io::Error) -> Self {
        Self(format!("Cannot start `{program}`: {error}."))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
