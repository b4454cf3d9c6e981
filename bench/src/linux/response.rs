//! An incremental parser of an HTTP response (RFC 9112): the status, and the body received so far.

use super::handshake::{HEAD_BYTES_MAX, head_bytes};

/// Bytes of a body that are kept. A longer body is malformed.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Longest line of a chunk's length, in bytes.
const LENGTH_LINE_MAX: usize = 32;

/// State of a response while its bytes arrive.
#[derive(Debug, Default)]
pub(crate) struct Response {
    /// Bytes received and not parsed yet.
    received: Vec<u8>,
    status: u16,
    state: ParseState,
    /// Bytes of the body that were parsed and not taken yet.
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ParseState {
    #[default]
    Head,
    /// This many bytes of the body are missing.
    Length(usize),
    /// The line of a chunk's length comes next.
    ChunkHead,
    /// This many bytes of the chunk are missing, its end of line included.
    Chunk(usize),
    /// The empty line after the last chunk comes next.
    Trailer,
    /// The response is complete.
    Over,
}

/// A response that is not HTTP, or that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Response {
    /// Parses the next bytes.
    ///
    /// # Errors
    /// [`Malformed`]: nothing more can be parsed.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.received.extend_from_slice(bytes);
        while self.parse_part()? {}
        let is_short = self.body.len() <= BODY_BYTES_MAX;
        if is_short { Ok(()) } else { Err(Malformed) }
    }

    /// Status code; `None` until the head is complete.
    pub(crate) fn status(&self) -> Option<u16> {
        (self.state != ParseState::Head).then_some(self.status)
    }

    /// Whether the response is complete.
    pub(crate) fn is_over(&self) -> bool {
        self.state == ParseState::Over
    }

    /// Takes the bytes of the body that arrived since the last call.
    pub(crate) fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// Parses one part. Returns `false` if more bytes must come first.
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
                // The last two bytes are the chunk's end of line.
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

    /// Takes the next line, without its end.
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
    fn a_response_is_parsed_wherever_it_is_split() {
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
    fn a_truncated_response_is_not_complete() {
        for text in [CHUNKED, LENGTH] {
            let mut response = Response::default();
            response.push(&text.as_bytes()[..text.len() - 1]).unwrap();
            assert!(!response.is_over());
        }
    }

    #[test]
    fn a_response_without_a_length_has_no_body() {
        let mut response = Response::default();
        response.push(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").unwrap();
        assert_eq!((response.is_over(), response.status()), (true, Some(502)));
    }

    #[test]
    fn malformed_responses_are_refused() {
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
