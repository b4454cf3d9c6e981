//! A trace of system calls, judged line by line.
//!
//! Each post carries a mark in its text, which is also its `ref`. Its text stands
//! plainly in the page that is written to the write-ahead log, and in the event
//! that is told; its `ref` in the reply. So the rule needs no knowledge of what
//! lies between:
//!
//! A mark may be in a write to a socket only once a sync of the write-ahead log
//! has returned that began after the first write there with this mark had
//! returned.

use std::collections::{HashMap, HashSet};

/// The first mark: all have as many digits.
pub(super) const FIRST_MARK: u64 = 7_000_000;
/// Digits of a mark.
const DIGITS: usize = 7;
/// What stands before a mark in a text.
const SIGN: &str = "mark-";
/// What a reply begins with, as strace writes it.
const REPLY: &str = r#"{\"type\":\"reply\",\"ref\":"#;

/// The text of the post with this mark.
pub(super) fn mark(number: u64) -> String {
    format!("{SIGN}{number}")
}

/// The trace, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Marks that were written to the write-ahead log.
    written: HashSet<u64>,
    /// Those of them that no sync covers yet.
    dirty: HashSet<u64>,
    /// Calls that have begun, by thread.
    begun: HashMap<String, Call>,
    outcome: Outcome,
}

/// What a trace has shown.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Marks that were written to the write-ahead log.
    pub(super) written: u64,
    /// Syncs of it.
    pub(super) syncs: u64,
    /// Replies to posts with a mark.
    pub(super) replies: u64,
    /// Events with a mark, one for each connection that was told.
    pub(super) events: u64,
    /// What was told too early, in a sentence each.
    pub(super) violations: Vec<String>,
}

#[derive(Debug)]
enum Call {
    /// Marks go to the write-ahead log.
    Write(Vec<u64>),
    /// It is synced, with what was dirty when it began.
    Sync(HashSet<u64>),
    Other,
}

impl Trace {
    /// What these lines show.
    pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Outcome {
        let mut trace = Self::default();
        lines.for_each(|line| trace.take(line));
        Outcome { written: trace.written.len() as u64, ..trace.outcome }
    }

    /// Takes the next line.
    fn take(&mut self, line: &str) {
        let Some((thread, rest)) = line.split_once(' ') else { return };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            if let Some(call) = self.begun.remove(thread) {
                self.end(call, rest);
            }
            return;
        }
        let call = self.begin(rest);
        if rest.ends_with("<unfinished ...>") {
            self.begun.insert(thread.to_owned(), call);
        } else {
            self.end(call, rest);
        }
    }

    fn begin(&mut self, call: &str) -> Call {
        let Some((name, arguments)) = call.split_once('(') else { return Call::Other };
        // `12</a/path>`, with `-y`; nothing that is sent stands before it.
        let file = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |it| it.0);
        match name {
            "fsync" | "fdatasync" if file.ends_with("-wal") => Call::Sync(self.dirty.clone()),
            _ if file.ends_with("-wal") => Call::Write(marks(arguments)),
            _ if file.starts_with("socket:") || file.starts_with("TCP") => {
                self.tell(arguments);
                Call::Other
            }
            _ => Call::Other,
        }
    }

    fn end(&mut self, call: Call, line: &str) {
        let result = line.rsplit_once(" = ").and_then(|(_, result)| result.split(' ').next());
        let result: i64 = result.and_then(|result| result.parse().ok()).unwrap_or(-1);
        match call {
            Call::Write(marks) if result > 0 => {
                self.dirty.extend(marks.into_iter().filter(|mark| self.written.insert(*mark)));
            }
            Call::Sync(covered) if result == 0 => {
                self.outcome.syncs += 1;
                self.dirty.retain(|mark| !covered.contains(mark));
            }
            Call::Write(_) | Call::Sync(_) | Call::Other => {}
        }
    }

    fn tell(&mut self, arguments: &str) {
        let replies =
            arguments.match_indices(REPLY).filter_map(|(at, found)| number(&arguments[at + found.len()..]));
        let (replies, events): (Vec<u64>, _) = (replies.collect(), marks(arguments));
        self.outcome.replies += replies.len() as u64;
        self.outcome.events += events.len() as u64;
        for (what, marks) in [("reply", replies), ("event", events)] {
            for mark in marks {
                let why = match (self.written.contains(&mark), self.dirty.contains(&mark)) {
                    (true, false) => continue,
                    (true, true) => "was not synced",
                    (false, _) => "was not written",
                };
                self.outcome.violations.push(format!("the {what} of {mark} was sent when it {why}"));
            }
        }
    }
}

/// The marks in what a call writes.
fn marks(arguments: &str) -> Vec<u64> {
    arguments.match_indices(SIGN).filter_map(|(at, sign)| number(&arguments[at + sign.len()..])).collect()
}

/// The mark that this begins with. Other posts and commands have shorter numbers.
fn number(text: &str) -> Option<u64> {
    let digits = text.get(..DIGITS)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str =
        r#"12 pwrite64(9</t/log.sqlite-wal>, "\0\17mark-7000001\33mark-7000002"..., 4096, 56) = 4096"#;
    const SYNC: &str = "12 fdatasync(9</t/log.sqlite-wal>) = 0";
    const REPLIED: &str = r#"13 sendto(31<socket:[77]>, "\201}{\"type\":\"reply\",\"ref\":7000001,\"n\":4,\"seq\":1}", 60, MSG_NOSIGNAL, NULL, 0) = 60"#;
    const POSTED: &str = r#"14 writev(32<socket:[78]>, [{iov_base="\201~", iov_len=4}, {iov_base="{\"type\":\"posted\",\"text\":\"mark-7000002\"}", iov_len=99}], 2) = 103"#;

    fn judge(lines: &[&str]) -> Outcome {
        Trace::read(lines.iter().copied())
    }

    #[test]
    fn told_after_the_sync_is_fine() {
        let outcome = judge(&[WRITE, SYNC, REPLIED, POSTED]);
        assert_eq!(outcome, Outcome { written: 2, syncs: 1, replies: 1, events: 1, violations: Vec::new() });
        // The page is written again, with what was synced long ago.
        assert_eq!(judge(&[WRITE, SYNC, WRITE, REPLIED]).violations.len(), 0);
    }

    #[test]
    fn told_before_the_sync_is_seen() {
        assert_eq!(judge(&[WRITE, REPLIED, SYNC]).violations.len(), 1);
        assert_eq!(judge(&[WRITE, POSTED, REPLIED]).violations.len(), 2, "it was never synced");
        assert_eq!(judge(&[REPLIED, WRITE, SYNC]).violations.len(), 1, "nor written");
    }

    #[test]
    fn a_sync_counts_from_its_return_and_for_what_was_written_before_it_began() {
        let begins = "12 fdatasync(9</t/log.sqlite-wal> <unfinished ...>";
        let returns = "12 <... fdatasync resumed>) = 0";
        assert_eq!(judge(&[WRITE, begins, REPLIED, returns]).violations.len(), 1);
        assert_eq!(judge(&[WRITE, begins, returns, REPLIED]).violations.len(), 0);
        let other = WRITE.replacen("12 ", "15 ", 1);
        assert_eq!(judge(&[begins, &other, returns, REPLIED]).violations.len(), 1);
        let unfinished = other.replace(" = 4096", " <unfinished ...>").replace(", 56)", ", 56");
        let finished = "15 <... pwrite64 resumed>) = 4096";
        assert_eq!(judge(&[&unfinished, SYNC, finished, REPLIED]).violations.len(), 1);
        assert_eq!(judge(&[&unfinished, finished, SYNC, REPLIED]).violations.len(), 0);
    }

    #[test]
    fn a_sync_that_fails_or_is_of_another_file_counts_nothing() {
        let failed = "12 fdatasync(9</t/log.sqlite-wal>) = -1 EIO (Input/output error)";
        assert_eq!(judge(&[WRITE, failed, REPLIED]).violations.len(), 1);
        assert_eq!(judge(&[WRITE, "12 fdatasync(8</t/log.sqlite>) = 0", REPLIED]).violations.len(), 1);
        let elsewhere = WRITE.replace("-wal", "");
        assert_eq!(judge(&[&elsewhere, SYNC, REPLIED]).violations.len(), 1);
    }

    #[test]
    fn other_lines_say_nothing() {
        assert_eq!(
            judge(&["", "12", "12 +++ exited with 0 +++", "12 write(2</dev/null>, \"x\", 1) = 1"]),
            Outcome::default()
        );
        let other = REPLIED.replace("7000001", "12");
        assert_eq!(judge(&[&other]), Outcome::default());
    }
}
