//! Flags of the form `--name value`: parses them and collects everything that is wrong.

use std::fmt::Write as _;

/// Flags as given. Each is taken out once; a flag that is left over is an error.
pub(super) struct Flags {
    given: Vec<(String, Option<String>)>,
    wrong: String,
}

impl Flags {
    pub(super) fn none() -> Self {
        Self { given: Vec::new(), wrong: String::new() }
    }

    pub(super) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut flags = Self::none();
        for word in words {
            match word.strip_prefix("--") {
                Some(name) => flags.given.push((name.to_owned(), None)),
                None => match flags.given.last_mut() {
                    Some((_, value @ None)) => *value = Some(word),
                    _ => return Err(format!("{word} follows no flag")),
                },
            }
        }
        Ok(flags)
    }

    fn take(&mut self, name: &str) -> Option<Option<String>> {
        let place = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.remove(place).1)
    }

    pub(super) fn present(&mut self, name: &str) -> bool {
        match self.take(name) {
            None => false,
            Some(None) => true,
            Some(Some(value)) => {
                self.complain(&format!("--{name} takes no value, not {value}"));
                true
            }
        }
    }

    pub(super) fn number(&mut self, name: &str, usual: u64, lowest: u64, highest: u64) -> u64 {
        let Some(value) = self.take(name) else {
            return usual;
        };
        match value.as_deref().map(str::parse::<u64>) {
            Some(Ok(number)) if (lowest..=highest).contains(&number) => number,
            _ => {
                self.complain(&format!("--{name} must be a number from {lowest} to {highest}"));
                usual
            }
        }
    }

    /// Takes a flag whose value is one of `words`. Returns the word's index; 0 if the flag is absent.
    pub(super) fn word<const N: usize>(&mut self, name: &str, words: [&str; N]) -> usize {
        let Some(value) = self.take(name) else { return 0 };
        let given = value.unwrap_or_default();
        words.iter().position(|word| *word == given).unwrap_or_else(|| {
            self.complain(&format!("--{name} must be {}", words.join(" or ")));
            0
        })
    }

    pub(super) fn size(&mut self, name: &str, usual: u64, lowest: u64, highest: u64) -> usize {
        usize::try_from(self.number(name, usual, lowest, highest)).unwrap_or(usize::MAX)
    }

    fn complain(&mut self, sentence: &str) {
        let between = if self.wrong.is_empty() { "" } else { "; " };
        // Writing into a String does not fail.
        let _ = write!(self.wrong, "{between}{sentence}");
    }

    pub(super) fn finish(mut self) -> Result<(), String> {
        for (name, _) in std::mem::take(&mut self.given) {
            self.complain(&format!("--{name} is unknown, or given twice"));
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }
}
