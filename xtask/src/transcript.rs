//! The output of a program, line by line, and the facts that can be read out of it.

/// All lines in order, standard output and standard error together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transcript {
    lines: Vec<String>,
    crates: usize,
}

/// First words of cargo's lines that only show progress. "Running" is not among them: it names the tests that
/// follow.
const STATUS: [&str; 13] = [
    "Adding ",
    "Blocking ",
    "Building ",
    "Checking ",
    "Compiling ",
    "Downloaded ",
    "Downloading ",
    "Finished ",
    "Fresh ",
    "Installing ",
    "Locking ",
    "Scraping ",
    "Updating ",
];

/// Messages, in lower case, with which cargo, rustup, npm and apt report that the network is out of reach.
const NETWORK: [&str; 12] = [
    "could not resolve host",
    "couldn't resolve host",
    "temporary failure resolving",
    "failed to resolve address",
    "dns error",
    "enotfound",
    "etimedout",
    "econnrefused",
    "network is unreachable",
    "could not download file",
    "failed to download",
    "spurious network error",
];

/// trunk's JavaScript minifier cannot parse `export { … as default }`, with which wasm-bindgen's glue ends.
/// trunk then ships the glue as it is, so the line is of no use to the reader. Any other failure to minify is
/// kept.
const GLUE_NOT_MINIFIED: &str =
    "Failed to minify JS: RequiredTokenNotFound(Identifier) [token=Some(KeywordDefault)]";

impl Transcript {
    pub(crate) fn push(&mut self, line: String) {
        let plain = plain(&line);
        if plain.contains(GLUE_NOT_MINIFIED) {
            return;
        }
        let plain = plain.trim_start();
        if plain.starts_with("Compiling ") || plain.starts_with("Checking ") {
            self.crates += 1;
        }
        self.lines.push(line);
    }

    /// The whole output, as it was written.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// The lines without their colours.
    pub(crate) fn plain_lines(&self) -> impl Iterator<Item = String> {
        self.lines.iter().map(|line| plain(line))
    }

    /// The output without the lines in which cargo shows progress.
    pub(crate) fn without_status_lines(&self) -> String {
        let is_status = |line: &str| {
            let plain = plain(line);
            STATUS.iter().any(|start| plain.trim_start().starts_with(start))
        };
        let kept: Vec<&str> = self.lines.iter().map(String::as_str).filter(|line| !is_status(line)).collect();
        kept.join("\n")
    }

    /// Text for the status line: the count of crates so far and the latest line; empty when there is neither.
    pub(crate) fn summary(&self) -> String {
        let mut short = String::new();
        if self.crates > 1 {
            short.push_str(&format!(", {} crates", self.crates));
        }
        let latest = self.lines.iter().rev().take(8).map(|line| plain(line));
        if let Some(latest) = latest.map(|it| it.trim().to_owned()).find(|it| !it.is_empty()) {
            short.push_str(": ");
            short.push_str(&latest);
        }
        short
    }

    /// Whether the output reports that the network is out of reach.
    pub(crate) fn reports_lost_network(&self) -> bool {
        self.lines.iter().any(|line| {
            let line = line.to_lowercase();
            NETWORK.iter().any(|words| line.contains(words))
        })
    }
}

/// The line without terminal colours. Of a line that overwrote itself only the last state is kept.
fn plain(line: &str) -> String {
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        // "ESC [ … letter" sets colours and the like. Of any other escape sequence one character is dropped.
        if chars.next() == Some('[') {
            chars.by_ref().find(|c| ('@'..='~').contains(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.push((*line).to_owned());
        }
        transcript
    }

    #[test]
    fn colours_and_overwritten_text_are_removed() {
        assert_eq!(plain("\u{1b}[1m\u{1b}[92m   Compiling\u{1b}[0m yew"), "   Compiling yew");
        assert_eq!(plain("10 %\r100 %"), "100 %");
        assert_eq!(plain("茶\u{1b}[0m馆"), "茶馆");
    }

    #[test]
    fn the_live_line_counts_crates_and_shows_the_latest_line() {
        assert_eq!(transcript(&[]).summary(), "");
        assert_eq!(transcript(&["   Compiling a v1"]).summary(), ": Compiling a v1");
        let two = transcript(&["   Compiling a v1", "\u{1b}[92m    Checking\u{1b}[0m b v1", "  "]);
        assert_eq!(two.summary(), ", 2 crates: Checking b v1");
    }

    #[test]
    fn status_lines_are_dropped_and_errors_kept() {
        let text = transcript(&["   Compiling a v1", "error: no", "  --> x.rs", "    Finished dev"]);
        assert_eq!(text.without_status_lines(), "error: no\n  --> x.rs");
    }

    #[test]
    fn trunks_warning_about_the_glue_is_dropped_and_others_are_kept() {
        let glue = "\u{1b}[33m WARN\u{1b}[0m Failed to minify JS: RequiredTokenNotFound(Identifier) [token=Some(KeywordDefault)]";
        let other = " WARN Failed to minify JS: UnexpectedEnd";
        let text = transcript(&["INFO copying", glue]);
        assert_eq!((text.text().as_str(), text.summary().as_str()), ("INFO copying", ": INFO copying"));
        assert_eq!(transcript(&[other]).text(), other);
    }

    #[test]
    fn a_lost_network_is_recognised() {
        let lost = "warning: spurious network error (3 tries remaining): [6] Could not resolve host: x";
        assert!(transcript(&[lost]).reports_lost_network());
        assert!(!transcript(&["error[E0308]: mismatched types"]).reports_lost_network());
    }
}
