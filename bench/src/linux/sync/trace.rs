//! A trace of system calls, checked line by line.
//!
//! Each post carries a mark in its text, and the mark is also the post's `ref`. The text is readable in the
//! page that is written to the write-ahead log and in the event; the `ref` is readable in the reply. So one
//! rule needs no knowledge of the code between them:
//!
//! A mark may be written to a socket only after a sync of the write-ahead log has returned. That sync must
//! have begun after the first write of the mark to the log had returned.
//!
//! A call has written as many bytes as its result says: none if it failed (`EAGAIN`), some if the file took
//! only a part. The rest comes with the next call on the same file, so two calls may share a mark. A mark
//! counts when its last byte was taken. Whether it may be sent depends on what was synced when that call
//! began.

use super::write_data::parse_write_data;
use std::collections::{HashMap, HashSet};

/// First mark. All marks have the same count of digits.
pub(super) const FIRST_MARK: u64 = 7_000_000;
/// Digits of a mark.
const DIGITS: usize = 7;
/// Text before a mark.
const SIGN: &str = "mark-";
/// Beginning of a reply.
const REPLY: &str = r#"{"type":"reply","ref":"#;
/// Bytes that are kept from the end of a partial write. They hold a sign and its mark.
const KEPT_BYTES: usize = 64;

/// Text of the post with this mark.
pub(super) fn mark_text(number: u64) -> String {
    format!("{SIGN}{number}")
}

/// State of the trace after the lines read so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Marks that were written to the write-ahead log.
    written: HashSet<u64>,
    /// Written marks that no sync covers yet.
    dirty: HashSet<u64>,
    /// Calls that have begun and not returned, by thread.
    unfinished: HashMap<String, TracedCall>,
    /// Last bytes that each file took, where a call took only a part.
    taken: HashMap<String, Vec<u8>>,
    outcome: TraceReport,
}

/// Counts and violations found in a trace.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct TraceReport {
    /// Marks that were written to the write-ahead log.
    pub(super) written: u64,
    /// Syncs of the write-ahead log.
    pub(super) syncs: u64,
    /// Replies to posts with a mark.
    pub(super) replies: u64,
    /// Events with a mark, counted once for each connection.
    pub(super) events: u64,
    /// A sentence for each mark that was sent too early.
    pub(super) violations: Vec<String>,
}

#[derive(Debug)]
enum TracedCall {
    /// A write to the write-ahead log.
    Write(WriteData),
    /// A write to a socket, with the state of its marks when the call began.
    Send(WriteData, Vec<SentMark>),
    /// A sync of the write-ahead log, with the marks that were dirty when it began.
    Sync(HashSet<u64>),
    Other,
}

/// Bytes that a call tries to write.
#[derive(Debug)]
struct WriteData {
    /// File descriptor and its path or socket, as strace prints them.
    file: String,
    /// Bytes kept from the call before, then the call's own bytes.
    bytes: Vec<u8>,
    /// Index of the call's own first byte.
    begin: usize,
}

impl WriteData {
    /// Index after the last byte that was taken, given the call's result; `None` if the call failed.
    fn end(&self, result: i64) -> Option<usize> {
        let taken = usize::try_from(result).ok().filter(|taken| *taken > 0)?;
        Some(self.bytes.len().min(self.begin + taken))
    }

    /// Marks after `sign`, each with the index after its last digit, without those that were there before.
    fn marks(&self, sign: &str) -> Vec<(usize, u64)> {
        let (sign, width) = (sign.as_bytes(), sign.len());
        let places = self.bytes.windows(width).enumerate().filter(|(_, window)| *window == sign);
        let found =
            places.filter_map(|(at, _)| Some((at + width + DIGITS, parse_mark(&self.bytes[at + width..])?)));
        found.filter(|(end, _)| *end > self.begin).collect()
    }
}

/// A mark in a write to a socket.
#[derive(Debug)]
struct SentMark {
    what: &'static str,
    mark: u64,
    /// Index after the mark's last digit.
    end: usize,
    /// Reason why the mark must not be sent yet, if there is one.
    violation: Option<&'static str>,
}

impl Trace {
    /// Checks the lines of a trace.
    pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> TraceReport {
        let mut trace = Self::default();
        lines.for_each(|line| trace.read_line(line));
        TraceReport { written: trace.written.len() as u64, ..trace.outcome }
    }

    /// Reads the next line.
    fn read_line(&mut self, line: &str) {
        let Some((thread, rest)) = line.split_once(' ') else { return };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            if let Some(call) = self.unfinished.remove(thread) {
                self.end(call, rest);
            }
            return;
        }
        let call = self.begin(rest);
        if rest.ends_with("<unfinished ...>") {
            self.unfinished.insert(thread.to_owned(), call);
        } else {
            self.end(call, rest);
        }
    }

    fn begin(&mut self, call: &str) -> TracedCall {
        let Some((name, arguments)) = call.split_once('(') else { return TracedCall::Other };
        // `12</a/path>` with `-y`. No data stands before it.
        let file = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |it| it.0);
        match name {
            "fsync" | "fdatasync" if file.ends_with("-wal") => TracedCall::Sync(self.dirty.clone()),
            _ if file.ends_with("-wal") => TracedCall::Write(self.data(arguments)),
            _ if file.starts_with("socket:") || file.starts_with("TCP") => {
                let data = self.data(arguments);
                let sent_marks = self.sent_marks(&data);
                TracedCall::Send(data, sent_marks)
            }
            _ => TracedCall::Other,
        }
    }

    fn data(&self, arguments: &str) -> WriteData {
        let file = arguments.split(", ").next().unwrap_or_default().to_owned();
        let mut bytes = self.taken.get(&file).cloned().unwrap_or_default();
        let begin = bytes.len();
        bytes.extend(parse_write_data(arguments));
        WriteData { file, bytes, begin }
    }

    fn sent_marks(&self, data: &WriteData) -> Vec<SentMark> {
        let violation = |mark: &u64| match (self.written.contains(mark), self.dirty.contains(mark)) {
            (true, false) => None,
            (true, true) => Some("was not synced"),
            (false, _) => Some("was not written"),
        };
        let of = |what, sign| {
            let marks = data.marks(sign).into_iter();
            marks.map(move |(end, mark)| SentMark { what, mark, end, violation: violation(&mark) })
        };
        of("reply", REPLY).chain(of("event", SIGN)).collect()
    }

    fn end(&mut self, call: TracedCall, line: &str) {
        let result = line.rsplit_once(" = ").and_then(|(_, result)| result.split(' ').next());
        let result: i64 = result.and_then(|result| result.parse().ok()).unwrap_or(-1);
        match call {
            TracedCall::Write(data) => {
                let Some(taken) = self.record_taken(&data, result) else { return };
                let marks = data.marks(SIGN).into_iter().filter(|(end, _)| *end <= taken);
                self.dirty.extend(marks.map(|(_, mark)| mark).filter(|mark| self.written.insert(*mark)));
            }
            TracedCall::Send(data, sent_marks) => {
                let Some(taken) = self.record_taken(&data, result) else { return };
                sent_marks
                    .into_iter()
                    .filter(|sent| sent.end <= taken)
                    .for_each(|sent| self.record_sent_mark(&sent));
            }
            TracedCall::Sync(covered) if result == 0 => {
                self.outcome.syncs += 1;
                self.dirty.retain(|mark| !covered.contains(mark));
            }
            TracedCall::Sync(_) | TracedCall::Other => {}
        }
    }

    /// Index after the last byte that a call took. If the call took only a part, keeps its last bytes for
    /// the next call.
    fn record_taken(&mut self, data: &WriteData, result: i64) -> Option<usize> {
        let taken = data.end(result)?;
        if taken < data.bytes.len() {
            let kept = data.bytes[taken.saturating_sub(KEPT_BYTES)..taken].to_vec();
            self.taken.insert(data.file.clone(), kept);
        } else {
            self.taken.remove(&data.file);
        }
        Some(taken)
    }

    fn record_sent_mark(&mut self, sent: &SentMark) {
        match sent.what {
            "reply" => self.outcome.replies += 1,
            _ => self.outcome.events += 1,
        }
        if let SentMark { what, mark, violation: Some(violation), .. } = sent {
            self.outcome.violations.push(format!("the {what} of {mark} was sent when it {violation}"));
        }
    }
}

/// Mark at the beginning of the text. Other posts and commands have shorter numbers.
fn parse_mark(text: &[u8]) -> Option<u64> {
    let digits = text.get(..DIGITS)?;
    let is_mark = digits.iter().all(u8::is_ascii_digit);
    is_mark.then(|| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str =
        r#"12 pwrite64(9</t/log.sqlite-wal>, "\0\17mark-7000001\33mark-7000002"..., 4096, 56) = 4096"#;
    const SYNC: &str = "12 fdatasync(9</t/log.sqlite-wal>) = 0";
    const REPLIED: &str = r#"13 sendto(31<socket:[77]>, "\201}{\"type\":\"reply\",\"ref\":7000001,\"n\":4,\"seq\":1}", 60, MSG_NOSIGNAL, NULL, 0) = 60"#;
    const POSTED: &str = r#"14 writev(32<socket:[78]>, [{iov_base="\201~", iov_len=4}, {iov_base="{\"type\":\"posted\",\"text\":\"mark-7000002\"}", iov_len=99}], 2) = 103"#;

    fn judge(lines: &[&str]) -> TraceReport {
        Trace::read(lines.iter().copied())
    }

    #[test]
    fn a_reply_after_the_sync_is_no_violation() {
        let outcome = judge(&[WRITE, SYNC, REPLIED, POSTED]);
        assert_eq!(
            outcome,
            TraceReport { written: 2, syncs: 1, replies: 1, events: 1, violations: Vec::new() }
        );
        // The page is written again, with marks that were synced before.
        assert_eq!(judge(&[WRITE, SYNC, WRITE, REPLIED]).violations.len(), 0);
    }

    #[test]
    fn a_reply_before_the_sync_is_a_violation() {
        assert_eq!(judge(&[WRITE, REPLIED, SYNC]).violations.len(), 1);
        assert_eq!(judge(&[WRITE, POSTED, REPLIED]).violations.len(), 2, "it was never synced");
        assert_eq!(judge(&[REPLIED, WRITE, SYNC]).violations.len(), 1, "nor written");
    }

    #[test]
    fn a_sync_covers_earlier_writes_from_its_return_on() {
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
    fn a_sync_covers_nothing_when_it_fails_or_is_of_another_file() {
        let failed = "12 fdatasync(9</t/log.sqlite-wal>) = -1 EIO (Input/output error)";
        assert_eq!(judge(&[WRITE, failed, REPLIED]).violations.len(), 1);
        assert_eq!(judge(&[WRITE, "12 fdatasync(8</t/log.sqlite>) = 0", REPLIED]).violations.len(), 1);
        let elsewhere = WRITE.replace("-wal", "");
        assert_eq!(judge(&[&elsewhere, SYNC, REPLIED]).violations.len(), 1);
    }

    #[test]
    fn a_mark_is_not_sent_when_the_socket_did_not_take_it() {
        let again = REPLIED.replace(" = 60", " = -1 EAGAIN (Resource temporarily unavailable)");
        assert_eq!(judge(&[&again]), TraceReport::default(), "too early, and to nobody");
        let outcome = judge(&[WRITE, &again, SYNC, &again, REPLIED]);
        assert_eq!((outcome.replies, outcome.violations.len()), (1, 0), "{outcome:?}");
        let begins = format!("{} <unfinished ...>", again.split_once(')').unwrap().0);
        let returns = "13 <... sendto resumed>) = -1 EAGAIN (Resource temporarily unavailable)";
        assert_eq!(judge(&[&begins, returns]), TraceReport::default());
    }

    /// A reply of 46 bytes whose mark ends with the 31st.
    fn replied(from: usize, taken: usize) -> String {
        let whole = r#"}}{"type":"reply","ref":7000001,"n":4,"seq":1}"#;
        assert_eq!((whole.len(), whole.find(",\"n\"")), (46, Some(31)));
        let rest = whole[from..].replace('"', "\\\"");
        format!(r#"13 sendto(31<socket:[77]>, "{rest}", {}, MSG_NOSIGNAL, NULL, 0) = {taken}"#, 46 - from)
    }

    #[test]
    fn a_partial_send_counts_only_the_bytes_taken() {
        for (taken, replies) in [(1, 0), (30, 0), (31, 1), (32, 1), (46, 1)] {
            let outcome = judge(&[WRITE, SYNC, &replied(0, taken)]);
            assert_eq!((outcome.replies, outcome.violations.len()), (replies, 0), "{taken}");
            let outcome = judge(&[WRITE, &replied(0, taken)]);
            assert_eq!(outcome.violations.len() as u64, replies, "{taken}");
        }
        // The rest comes with the next call, wherever the reply was cut, and nothing counts twice.
        for taken in 1..46 {
            let outcome =
                judge(&[WRITE, SYNC, &replied(0, taken), &replied(taken, 46 - taken), &replied(0, 46)]);
            assert_eq!((outcome.replies, outcome.violations.len()), (2, 0), "{taken}");
        }
        let elsewhere = replied(20, 26).replace("[77]", "[78]");
        assert_eq!(judge(&[WRITE, SYNC, &replied(0, 20), &elsewhere]).replies, 0, "another connection");
        let between = replied(20, 26).replace(" = 26", " = -1 EAGAIN (Resource temporarily unavailable)");
        assert_eq!(judge(&[WRITE, SYNC, &replied(0, 20), &between, &replied(20, 26)]).replies, 1);
    }

    #[test]
    fn a_partial_write_counts_only_the_bytes_taken() {
        // The first mark ends with the 14th byte, the second with the 27th.
        for (taken, written) in [(13, 0), (14, 1), (26, 1), (27, 2)] {
            let part = WRITE.replace(" = 4096", &format!(" = {taken}"));
            assert_eq!(judge(&[&part, SYNC]).written, written, "{taken}");
        }
        let part = WRITE.replace(" = 4096", " = 10");
        let rest = r#"12 pwrite64(9</t/log.sqlite-wal>, "0001\33mark-7000002"..., 4086, 66) = 4086"#;
        assert_eq!(judge(&[&part, SYNC, rest, REPLIED]).violations.len(), 1, "the rest was not synced");
        assert_eq!(judge(&[&part, rest, SYNC, REPLIED]).violations.len(), 0);
    }

    #[test]
    fn unrelated_lines_are_ignored() {
        assert_eq!(
            judge(&["", "12", "12 +++ exited with 0 +++", "12 write(2</dev/null>, \"x\", 1) = 1"]),
            TraceReport::default()
        );
        let other = REPLIED.replace("7000001", "12");
        assert_eq!(judge(&[&other]), TraceReport::default());
    }
}
