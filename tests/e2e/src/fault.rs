//! What must not happen in a window: a violation of the content security
//! policy, an error, or anything red in the console.
//!
//! Two witnesses are asked: the listener inside of the page, and the driver's
//! log of the console, which also has what no script can see.

use crate::recorder::Note;
use serde::Deserialize;

/// One line of the console.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LogEntry {
    /// `SEVERE` is red.
    pub level: String,
    /// What it says, with its source.
    pub message: String,
}

/// What a scene does on purpose, such as asking for a name that is taken.
#[derive(Clone, Debug)]
pub struct Allowed(Vec<&'static str>);

impl Allowed {
    /// What has each of these words in it.
    pub fn new(words: &[&'static str]) -> Self {
        Allowed(words.to_vec())
    }

    fn covers(&self, text: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|word| text.contains(word))
    }
}

/// What went wrong and was not allowed.
pub fn of(log: &[LogEntry], notes: &[Note], allowed: &[Allowed]) -> Vec<String> {
    let red = log.iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message.as_str());
    let noted = notes.iter().filter_map(|note| match note {
        Note::Fault { text } => Some(text.as_str()),
        Note::Socket { .. } | Note::Shown { .. } => None,
    });
    let is_allowed = |text: &str| allowed.iter().any(|allowed| allowed.covers(text));
    red.chain(noted).filter(|text| !is_allowed(text)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(level: &str, message: &str) -> LogEntry {
        LogEntry { level: level.into(), message: message.into() }
    }

    #[test]
    fn both_witnesses_count_and_only_what_is_red() {
        let log = [entry("SEVERE", "a 404"), entry("WARNING", "a hint"), entry("INFO", "hello")];
        let notes =
            [Note::Fault { text: "securitypolicyviolation".into() }, Note::Shown { state: 1, real: 1 }];
        assert_eq!(of(&log, &notes, &[]), ["a 404", "securitypolicyviolation"]);
    }

    #[test]
    fn a_fault_is_allowed_by_all_of_its_words_only() {
        let log =
            [entry("SEVERE", "http://x/api/join 409 (Conflict)"), entry("SEVERE", "http://x/api/me 409")];
        let allowed = [Allowed::new(&["/api/join", "409"])];
        assert_eq!(of(&log, &[], &allowed), ["http://x/api/me 409"]);
        assert_eq!(of(&log, &[], &[Allowed::new(&[])]).len(), 2, "no words allow nothing");
    }
}
