//! Page errors: a violation of the content security policy, a JavaScript error, or a console entry of
//! level `SEVERE`. An error that a test does not allow fails the test.
//!
//! Errors are read from two sources: the recorder inside the page, and ChromeDriver's copy of the
//! console. The console also lists network errors, which no script can observe.

use crate::recorder::RecorderEntry;
use serde::Deserialize;

/// One entry of the browser's console.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ConsoleEntry {
    /// Level of the entry; `SEVERE` is an error.
    pub level: String,
    /// Text of the entry, with its source.
    pub message: String,
}

/// An error that a test causes on purpose, such as a request for a taken name.
#[derive(Clone, Debug)]
pub struct AllowedError(Vec<&'static str>);

impl AllowedError {
    /// Allows every error that contains all of these words. No words allow nothing.
    pub fn new(words: &[&'static str]) -> Self {
        AllowedError(words.to_vec())
    }

    fn covers(&self, text: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|word| text.contains(word))
    }
}

/// Returns the errors that are not allowed, those of the console first.
pub fn unexpected(
    console: &[ConsoleEntry],
    entries: &[RecorderEntry],
    allowed: &[AllowedError],
) -> Vec<String> {
    let severe = console.iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message.as_str());
    let recorded = entries.iter().filter_map(|entry| match entry {
        RecorderEntry::Error { text } => Some(text.as_str()),
        RecorderEntry::Socket { .. } | RecorderEntry::ReadyState { .. } => None,
    });
    let is_allowed = |text: &str| allowed.iter().any(|allowed| allowed.covers(text));
    severe.chain(recorded).filter(|text| !is_allowed(text)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(level: &str, message: &str) -> ConsoleEntry {
        ConsoleEntry { level: level.into(), message: message.into() }
    }

    #[test]
    fn errors_of_console_and_recorder_are_reported_when_they_are_severe() {
        let console = [entry("SEVERE", "a 404"), entry("WARNING", "a hint"), entry("INFO", "hello")];
        let entries = [
            RecorderEntry::Error { text: "securitypolicyviolation".into() },
            RecorderEntry::ReadyState { shown: 1, actual: 1 },
        ];
        assert_eq!(unexpected(&console, &entries, &[]), ["a 404", "securitypolicyviolation"]);
    }

    #[test]
    fn an_error_is_allowed_only_when_it_contains_all_words() {
        let console =
            [entry("SEVERE", "http://x/api/join 409 (Conflict)"), entry("SEVERE", "http://x/api/me 409")];
        let allowed = [AllowedError::new(&["/api/join", "409"])];
        assert_eq!(unexpected(&console, &[], &allowed), ["http://x/api/me 409"]);
        assert_eq!(unexpected(&console, &[], &[AllowedError::new(&[])]).len(), 2, "no words allow nothing");
    }
}
