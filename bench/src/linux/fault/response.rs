//! The answer to a request (RFC 9112) as it comes, piece by piece: the status,
//! and what has come of the body.

use crate::linux::handshake::{HEAD_BYTES_MAX, head_bytes};

/// Bytes of a body that are held. Past it: it is no answer of a house.
const BODY_BYTES_MAX: usize = 16 << 20;
/// The longest line that tells a chunk's length.
const LENGTH_LINE_MAX: usize = 32;

/// The answer.
#[derive(Debug, Default)]
pub(super) struct Response {
    /// What has come and is not read yet.
    received: Vec<u8>,
    status: u16,
    state: ParseState,
    /// What has come of the body and was not taken yet.
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ParseState {
    #[default]
    Head,
    /// So many bytes of the body are to come.
    Length(usize),
    /// The line that tells the length of a chunk is next.
    ChunkHead,
    /// So many bytes of the chunk are to come, its end of line included.
    Chunk(usize),
    /// The empty line behind the last chunk is next.
    Trailer,
    /// All has come.
    Over,
}

/// That is no answer of HTTP, or one that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl Response {
    /// Reads what has come now.
    ///
    /// # Errors
    /// [`Malformed`]: nothing more can be read.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.received.extend_from_slice(bytes);
        while self.parse_part()? {}
        let is_short = self.body.len() <= BODY_BYTES_MAX;
        if is_short { Ok(()) } else { Err(Malformed) }
    }

    /// The status; none before the head is whole.
    pub(super) fn status(&self) -> Option<u16> {
        (self.state != ParseState::Head).then_some(self.status)
    }

    /// All has come.
    pub(super) fn is_over(&self) -> bool {
        self.state == ParseState::Over
    }

    /// What has come of the body since the last time.
    pub(super) fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// Reads one part; false if more must come first.
    fn parse_part(&mut self) -> Result<bool, Malformed> {
        match self.state {
            ParseState::Head => self.read_head(),
            ParseState::ChunkHead => {
                let Some(line) = self.take_line()? else { return Ok(false) };
                let length = line.split(';').next().unwrap_or_default().trim();
                let length = usize::from_str_radix(length, 16).map_err(|_| Malformed)?;
                let whole = length.checked_add(2).filter(|whole| *whole <= BODY_BYTES_MAX);
                self.state = if length == 0 {
                    ParseState::Trailer
                } else {
                    ParseState::Chunk(whole.ok_or(Malformed)?)
                };
                Ok(true)
            }
            ParseState::Chunk(left) => {
                let count = left.min(self.received.len());
                // The last two are the end of its line.
                let of_body = count.min(left.saturating_sub(2));
                self.body.extend_from_slice(&self.received[..of_body]);
                self.received.drain(..count);
                self.state =
                    if count == left { ParseState::ChunkHead } else { ParseState::Chunk(left - count) };
                Ok(count == left)
            }
            ParseState::Trailer => {
                if let Some(line) = self.take_line()?
                    && line.is_empty()
                {
                    self.state = ParseState::Over;
                }
                Ok(false)
            }
            ParseState::Length(left) => {
                let count = left.min(self.received.len());
                self.body.extend(self.received.drain(..count));
                self.state = if count == left { ParseState::Over } else { ParseState::Length(left - count) };
                Ok(false)
            }
            ParseState::Over => Ok(false),
        }
    }

    fn read_head(&mut self) -> Result<bool, Malformed> {
        let Some(end) = head_bytes(&self.received) else {
            return if self.received.len() <= HEAD_BYTES_MAX { Ok(false) } else { Err(Malformed) };
        };
        let head = String::from_utf8_lossy(&self.received[..end]).into_owned();
        self.received.drain(..end);
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        self.status = status.ok_or(Malformed)?;
        let field = |wanted: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let is_chunked =
            field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let length = || field("content-length").map_or(Ok(0), str::parse).map_err(|_| Malformed);
        self.state = if is_chunked { ParseState::ChunkHead } else { ParseState::Length(length()?) };
        Ok(true)
    }

    /// The next line, without its end.
    fn take_line(&mut self) -> Result<Option<String>, Malformed> {
        let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") else {
            return if self.received.len() <= LENGTH_LINE_MAX { Ok(None) } else { Err(Malformed) };
        };
        let line = String::from_utf8_lossy(&self.received[..end]).into_owned();
        self.received.drain(..end + 2);
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                           5\r\ndata:\r\nb;x=y\r\n \u{8336}\u{597d}\u{4e86}\n\r\n0\r\n\r\n";
    const LENGTH: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\n{  }";

    #[test]
    fn it_does_not_matter_where_an_answer_is_cut() {
        for (text, status, body) in [(CHUNKED, 200, "data: 茶好了\n"), (LENGTH, 503, "{  }")] {
            for first in 0..text.len() {
                let (mut response, mut read) = (Response::default(), Vec::new());
                for piece in [&text.as_bytes()[..first], &text.as_bytes()[first..]] {
                    assert!(!response.is_over(), "{first}");
                    response.push(piece).unwrap();
                    read.extend(response.take_body());
                }
                assert!(response.is_over(), "{first}");
                assert_eq!(response.status(), Some(status));
                assert_eq!(String::from_utf8(read).unwrap(), body);
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_not_over() {
        for text in [CHUNKED, LENGTH] {
            let mut response = Response::default();
            response.push(&text.as_bytes()[..text.len() - 1]).unwrap();
            assert!(!response.is_over());
        }
    }

    #[test]
    fn an_answer_without_a_length_has_no_body() {
        let mut response = Response::default();
        response.push(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").unwrap();
        assert_eq!((response.is_over(), response.status()), (true, Some(502)));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "\r\n\r\n",
            "HTTP/1.1 tea\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000000\r\n",
        ] {
            assert_eq!(Response::default().push(text.as_bytes()), Err(Malformed), "{text:?}");
        }
        for (bytes, is_taken) in
            [(HEAD_BYTES_MAX - 1, true), (HEAD_BYTES_MAX, true), (HEAD_BYTES_MAX + 1, false)]
        {
            assert_eq!(Response::default().push(&vec![b'x'; bytes]).is_ok(), is_taken, "{bytes}");
        }
    }
}
