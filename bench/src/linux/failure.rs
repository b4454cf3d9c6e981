//! Why something could not be measured: one sentence for a person.

use std::fmt;

/// A sentence that says what did not work.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure told by `sentence` alone.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// Makes a failure of an error, saying what was tried: `.map_err(Failure::at("…"))`.
    pub(crate) fn at<E: fmt::Display>(tried: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{tried}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
