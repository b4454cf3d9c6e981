//! Records the header names of a traced handshake in the order in which the client sent them.
//!
//! actix-http keeps headers in a hash map, which loses their order and the case of their names. So the
//! socket shows the bytes that it passes on to a recorder, before actix-http parses them. The recorder keeps names
//! only, no values, and only of a request for `/conn_ws` with `trace=1`. Such a head begins a piece of bytes, because
//! requests pass one at a time. The first response that leaves discards the names, so that no later request gets
//! them.

use crate::limits::HEADER_NAMES_BYTES_MAX;

/// Beginning of the request line of a handshake with a query.
const LINE: &[u8] = b"GET /conn_ws?";

/// Records the head of a request, out of reads that are cut anywhere.
#[derive(Debug, Default)]
pub struct HeadRecorder {
    part: HeadPart,
    /// The request line so far; then the names so far, a line each.
    recorded: Vec<u8>,
}

/// The part of the head that the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum HeadPart {
    /// Nothing is recorded. The next read may begin a handshake.
    #[default]
    Before,
    RequestLine,
    Name,
    Value,
    /// The head has ended, and all its names are recorded.
    Complete,
    /// The connection is a WebSocket: no request follows.
    Off,
}

impl HeadRecorder {
    /// Takes the bytes of one read.
    #[inline]
    pub fn feed(&mut self, bytes: &[u8]) {
        match self.part {
            HeadPart::Off => return,
            // All other requests end here.
            HeadPart::Before | HeadPart::Complete if !may_begin_handshake(bytes) => return,
            HeadPart::Before | HeadPart::Complete => {
                self.part = HeadPart::RequestLine;
                self.recorded.clear();
            }
            _ => {}
        }
        for byte in bytes {
            self.record(*byte);
            if matches!(self.part, HeadPart::Before | HeadPart::Complete) {
                return;
            }
        }
    }

    /// Discards what is recorded, because a response leaves.
    #[inline]
    pub fn discard(&mut self) {
        if !matches!(self.part, HeadPart::Before | HeadPart::Off) {
            *self = HeadRecorder::default();
        }
    }

    /// The names of the request that is being answered, in their order and as they were sent. `None` if they
    /// were not recorded. Nothing is recorded afterwards.
    pub fn take(&mut self) -> Option<Vec<String>> {
        let HeadRecorder { part, recorded } =
            std::mem::replace(self, HeadRecorder { part: HeadPart::Off, recorded: Vec::new() });
        let names = (part == HeadPart::Complete).then(|| String::from_utf8(recorded).ok()).flatten()?;
        Some(names.lines().map(str::to_owned).collect())
    }

    fn record(&mut self, byte: u8) {
        match (self.part, byte) {
            (HeadPart::RequestLine, b'\n') => {
                if !is_traced(&self.recorded) {
                    return self.discard();
                }
                self.recorded.clear();
                self.part = HeadPart::Name;
            }
            (HeadPart::RequestLine, _) => {
                if LINE.get(self.recorded.len()).is_some_and(|expected| byte != *expected) {
                    return self.discard();
                }
                self.push(byte);
            }
            (HeadPart::Name, b'\r') => {}
            (HeadPart::Name, b'\n') if self.recorded.last().is_none_or(|last| *last == b'\n') => {
                self.part = HeadPart::Complete;
            }
            // A line without a name.
            (HeadPart::Name, b'\n') => self.discard(),
            (HeadPart::Name, b':') => {
                self.part = HeadPart::Value;
                self.push(b'\n');
            }
            (HeadPart::Name, _) => self.push(byte),
            (HeadPart::Value, b'\n') => self.part = HeadPart::Name,
            (HeadPart::Value | HeadPart::Before | HeadPart::Complete | HeadPart::Off, _) => {}
        }
    }

    fn push(&mut self, byte: u8) {
        if self.recorded.len() == HEADER_NAMES_BYTES_MAX {
            return self.discard();
        }
        self.recorded.push(byte);
    }
}

/// Whether a query asks for a trace.
pub fn asks_for_trace(query: &str) -> bool {
    query.split('&').any(|pair| pair == "trace=1")
}

fn may_begin_handshake(bytes: &[u8]) -> bool {
    bytes.starts_with(LINE) || (!bytes.is_empty() && LINE.starts_with(bytes))
}

fn is_traced(line: &[u8]) -> bool {
    let query = line.strip_prefix(LINE).and_then(|rest| rest.split(|byte| *byte == b' ').next());
    query.and_then(|query| std::str::from_utf8(query).ok()).is_some_and(asks_for_trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "GET /conn_ws?v=1&trace=1 HTTP/1.1\r\nHost: a:b\r\nx-b: 1\r\nX-A:\r\nx-B: 2\r\n\r\n";
    const NAMES: [&str; 4] = ["Host", "x-b", "X-A", "x-B"];

    fn names(reads: &[&[u8]]) -> Option<Vec<String>> {
        let mut recorder = HeadRecorder::default();
        reads.iter().for_each(|read| recorder.feed(read));
        recorder.take()
    }

    #[test]
    fn names_keep_order_and_case_however_the_head_is_cut() {
        let head = HEAD.as_bytes();
        for step in [1, 2, 5, 13, 14, head.len()] {
            let reads: Vec<_> = head.chunks(step).collect();
            assert_eq!(names(&reads).unwrap(), NAMES, "{step}");
        }
        assert_eq!(names(&[HEAD.replace("\r\n", "\n").as_bytes()]).unwrap(), NAMES);
        assert_eq!(names(&[&[head, b"\x81\x80"].concat()]).unwrap(), NAMES, "frames behind the head");
        assert_eq!(names(&[&head[..head.len() - 1]]), None, "the head is not whole");
    }

    #[test]
    fn only_a_traced_handshake_is_recorded() {
        for line in [
            "GET /conn_ws?v=1 HTTP/1.1",
            "GET /conn_ws?v=1&trace=10 HTTP/1.1",
            "GET /conn_ws HTTP/1.1",
            "GET /conn_wss?trace=1 HTTP/1.1",
            "POST /conn_ws?trace=1 HTTP/1.1",
            "GET /api/poll?trace=1 HTTP/1.1",
            "G",
        ] {
            let head = HEAD.replacen("GET /conn_ws?v=1&trace=1 HTTP/1.1", line, 1);
            assert_eq!(names(&[head.as_bytes()]), None, "{line}");
            let mut recorder = HeadRecorder::default();
            recorder.feed(head.as_bytes());
            assert_eq!(recorder.recorded.capacity(), 0, "{line}: nothing is kept");
        }
        assert_eq!(names(&[]), None);
    }

    #[test]
    fn a_line_without_a_colon_ends_the_recording() {
        let head = HEAD.replace("X-A:", "X-A");
        assert_eq!(names(&[head.as_bytes()]), None);
    }

    #[test]
    fn a_later_handshake_of_the_connection_replaces_an_earlier_one() {
        let later = HEAD.replace("X-A", "X-C");
        assert_eq!(names(&[HEAD.as_bytes(), later.as_bytes()]).unwrap(), ["Host", "x-b", "X-C", "x-B"]);
        let mut recorder = HeadRecorder::default();
        recorder.feed(HEAD.as_bytes());
        recorder.discard();
        recorder.feed(b"GET /api/me HTTP/1.1\r\n\r\n");
        recorder.feed(later.as_bytes());
        assert_eq!(recorder.take().unwrap()[2], "X-C");
    }

    #[test]
    fn a_response_discards_what_was_recorded() {
        for read in [HEAD.len(), 40, 5] {
            let mut recorder = HeadRecorder::default();
            recorder.feed(&HEAD.as_bytes()[..read]);
            recorder.discard();
            assert_eq!(recorder.recorded.capacity(), 0);
            assert_eq!(recorder.take(), None, "{read}");
        }
    }

    #[test]
    fn nothing_is_recorded_after_the_handshake() {
        let mut recorder = HeadRecorder::default();
        recorder.feed(HEAD.as_bytes());
        assert_eq!(recorder.take().unwrap(), NAMES);
        recorder.feed(HEAD.as_bytes());
        recorder.discard();
        recorder.feed(HEAD.as_bytes());
        assert_eq!(recorder.take(), None);
    }

    #[test]
    fn names_and_the_request_line_are_bounded() {
        for (more, is_recorded) in [(-1, true), (0, true), (1, false)] {
            let length = HEADER_NAMES_BYTES_MAX.checked_add_signed(more).unwrap();
            // Each name counts one byte more. The bytes of a value do not count.
            let head = format!(
                "GET /conn_ws?trace=1 HTTP/1.1\r\nHost: {}\r\n{}: 1\r\n\r\n",
                "x".repeat(HEADER_NAMES_BYTES_MAX),
                "n".repeat(length - "Host".len() - 2)
            );
            assert_eq!(names(&[head.as_bytes()]).is_some(), is_recorded, "{more}");
            let line = "GET /conn_ws?trace=1& HTTP/1.1\r";
            let query = format!("trace=1&{}", "q".repeat(length - line.len()));
            let head = HEAD.replacen("v=1&trace=1", &query, 1);
            assert_eq!(names(&[head.as_bytes()]).is_some(), is_recorded, "{more}");
        }
    }
}
