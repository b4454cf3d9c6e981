//! Finds the end of a chunked body (RFC 9112 §7.1) in bytes that are cut anywhere. It decodes nothing:
//! actix-http does.

/// Place in a chunked body.
#[derive(Debug, Default)]
pub(super) struct ChunkedEnd {
    part: Part,
    /// Bytes of the current chunk that are still to come.
    chunk_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// Digits of a chunk's length.
    #[default]
    Length,
    /// Rest of the line with the length.
    Extension,
    Data,
    /// Line end behind the data.
    DataEnd,
    /// Line of the trailer. The first empty one ends the body.
    Trailer {
        is_in_line: bool,
    },
    Over,
    /// No chunk begins here. actix-http refuses the request, so everything passes.
    Malformed,
}

impl ChunkedEnd {
    /// Takes the next bytes. Returns the number of them that belong to the body.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let Some((byte, rest)) = bytes.get(taken..).and_then(<[u8]>::split_first) {
            match self.part {
                Part::Over => return taken,
                Part::Malformed => return bytes.len(),
                Part::Data => {
                    let available = rest.len() + 1;
                    let step = usize::try_from(self.chunk_bytes).unwrap_or(usize::MAX).min(available);
                    self.chunk_bytes -= step as u64;
                    if self.chunk_bytes == 0 {
                        self.part = Part::DataEnd;
                    }
                    taken += step;
                }
                _ => {
                    self.part = self.next(*byte);
                    taken += 1;
                }
            }
        }
        taken
    }

    /// Whether the whole body was taken.
    pub(super) fn is_over(&self) -> bool {
        self.part == Part::Over
    }

    /// The part behind this byte, which is not one of a chunk's data.
    fn next(&mut self, byte: u8) -> Part {
        match (self.part, byte) {
            (Part::Length, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).map_or(0, u64::from);
                match self.chunk_bytes.checked_mul(16) {
                    Some(bytes) => self.chunk_bytes = bytes + digit,
                    None => return Part::Malformed,
                }
                Part::Length
            }
            (Part::Length | Part::Extension, b'\n') if self.chunk_bytes == 0 => {
                Part::Trailer { is_in_line: false }
            }
            (Part::Length | Part::Extension, b'\n') => Part::Data,
            (Part::Length | Part::Extension, _) => Part::Extension,
            (Part::DataEnd, b'\r') => Part::DataEnd,
            (Part::DataEnd, b'\n') => Part::Length,
            (Part::Trailer { is_in_line: false }, b'\n') => Part::Over,
            (Part::Trailer { .. }, b'\n') => Part::Trailer { is_in_line: false },
            (Part::Trailer { is_in_line }, b'\r') => Part::Trailer { is_in_line },
            (Part::Trailer { .. }, _) => Part::Trailer { is_in_line: true },
            _ => Part::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes bytes in steps of this length. Returns the number taken in all, and whether the body is over.
    fn taken(bytes: &[u8], step: usize) -> (usize, bool) {
        let mut end = ChunkedEnd::default();
        let mut all = 0;
        for chunk in bytes.chunks(step) {
            let taken = end.take(chunk);
            all += taken;
            if taken < chunk.len() {
                break;
            }
        }
        (all, end.is_over())
    }

    #[test]
    fn the_end_is_found_however_the_body_is_cut() {
        for body in [
            "0\r\n\r\n",
            "000\r\n\r\n",
            "2\r\n{}\r\n0\r\n\r\n",
            "A;name=\"value\"\r\n0123\r\n6789\r\n1\r\nx\r\n0\r\n\r\n",
            "1 \r\nx\r\n0;last\r\nTrailer: a\r\nOther: b\r\n\r\n",
            "1\nx\n0\n\n",
        ] {
            let bytes = format!("{body}GET / HTTP/1.1\r\n\r\n");
            for step in [1, 2, 3, 1 << 20] {
                assert_eq!(taken(bytes.as_bytes(), step), (body.len(), true), "{body:?} by {step}");
                let part = &bytes.as_bytes()[..body.len() - 1];
                assert_eq!(taken(part, step), (part.len(), false), "{body:?} by {step}, not whole");
            }
        }
    }

    #[test]
    fn everything_passes_behind_a_malformed_chunk() {
        for body in ["2\r\n{}x\r\n0\r\n\r\n", "11111111111111111\r\n", "1\r\nxGET / HTTP/1.1\r\n\r\n"] {
            for step in [1, 1 << 20] {
                assert_eq!(taken(body.as_bytes(), step), (body.len(), false), "{body:?} by {step}");
            }
        }
    }
}
