//! WebSocket frames (RFC 6455 §5), as far as load and floor need them: each message in one frame, no
//! extension.

/// Longest payload from a client, in bytes. Longer: [`Violation::TooLong`].
const CLIENT_BYTES_MAX: u64 = 64 * 1_024;
/// Longest payload from a server, in bytes; a server answers with pages of long messages. Longer: the same.
const SERVER_BYTES_MAX: u64 = 4 * 1_024 * 1_024;
/// Longest payload of a control frame (§5.5), in bytes.
const CONTROL_BYTES_MAX: u64 = 125;

/// Type of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A close frame, the last one of its sender.
    Close,
    /// A ping, which the peer answers by a pong with the same payload.
    Ping,
    /// Answer to a ping.
    Pong,
}

/// Side that wrote the frames. Clients mask, servers do not (§5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// Frames are masked.
    Client,
    /// Frames are not masked.
    Server,
}

/// A breach of the protocol, or a frame beyond the supported part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A reserved bit or opcode.
    Reserved,
    /// A message in more than one frame, which no server needs for our messages.
    Fragmented,
    /// A mask by a server, or no mask by a client.
    Mask,
    /// A payload over the limit, of a message or of a control frame.
    TooLong,
}

/// Appends one frame to `out`, as a client with a `mask`, as a server without.
pub(crate) fn encode(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) {
    out.push(0x80 | opcode.bits());
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let bytes = payload.len();
    if let Ok(short) = u8::try_from(bytes)
        && short < 126
    {
        out.push(masked | short);
    } else if let Ok(medium) = u16::try_from(bytes) {
        out.push(masked | 126);
        out.extend(medium.to_be_bytes());
    } else {
        out.push(masked | 127);
        out.extend((bytes as u64).to_be_bytes());
    }
    out.extend(mask.iter().flatten());
    let begin = out.len();
    out.extend_from_slice(payload);
    if let Some(mask) = mask {
        apply_mask(mask, &mut out[begin..]);
    }
}

fn apply_mask(mask: [u8; 4], payload: &mut [u8]) {
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// Splits the bytes of one connection into frames.
#[derive(Debug)]
pub(crate) struct FrameReader {
    writer: Writer,
    /// Beginning of a frame that is not complete yet; at most one frame.
    begun: Vec<u8>,
}

impl FrameReader {
    /// A reader of the frames that `writer` sends.
    pub(crate) fn new(writer: Writer) -> Self {
        Self { writer, begun: Vec::new() }
    }

    /// Reads the next bytes, unmasks them in place, and passes each complete frame to `each`.
    ///
    /// # Errors
    /// The first violation. The connection is unusable from then on.
    pub(crate) fn feed(
        &mut self,
        bytes: &mut [u8],
        mut each: impl FnMut(Opcode, &[u8]),
    ) -> Result<(), Violation> {
        if self.begun.is_empty() {
            let used = self.emit_frames(bytes, &mut each)?;
            self.begun.extend_from_slice(&bytes[used..]);
        } else {
            let mut begun = std::mem::take(&mut self.begun);
            begun.extend_from_slice(bytes);
            let used = self.emit_frames(&mut begun, &mut each)?;
            begun.drain(..used);
            self.begun = begun;
        }
        Ok(())
    }

    /// Passes on the complete frames at the front of `bytes`. Returns their length.
    fn emit_frames(
        &self,
        bytes: &mut [u8],
        each: &mut impl FnMut(Opcode, &[u8]),
    ) -> Result<usize, Violation> {
        let mut used = 0;
        while let Some(head) = FrameHeader::parse(&bytes[used..], self.writer)? {
            let begin = used + head.bytes;
            let Some(payload) = bytes.get_mut(begin..begin + head.payload_bytes) else {
                break;
            };
            if let Some(mask) = head.mask {
                apply_mask(mask, payload);
            }
            each(head.opcode, payload);
            used = begin + head.payload_bytes;
        }
        Ok(used)
    }
}

/// Header of a frame.
struct FrameHeader {
    opcode: Opcode,
    mask: Option<[u8; 4]>,
    bytes: usize,
    payload_bytes: usize,
}

impl FrameHeader {
    /// Parses the header at the front of `bytes`. Returns `None` when it is not complete yet.
    fn parse(bytes: &[u8], writer: Writer) -> Result<Option<Self>, Violation> {
        let (Some(&first), Some(&second)) = (bytes.first(), bytes.get(1)) else {
            return Ok(None);
        };
        let opcode = parse_opcode(first)?;
        if (second & 0x80 != 0) != (writer == Writer::Client) {
            return Err(Violation::Mask);
        }
        let length_bytes = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(length) = bytes.get(2..2 + length_bytes) else {
            return Ok(None);
        };
        let payload_bytes = match length_bytes {
            0 => u64::from(second & 0x7f),
            _ => length.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        };
        let limit = match opcode {
            Opcode::Text | Opcode::Binary => match writer {
                Writer::Client => CLIENT_BYTES_MAX,
                Writer::Server => SERVER_BYTES_MAX,
            },
            Opcode::Close | Opcode::Ping | Opcode::Pong => CONTROL_BYTES_MAX,
        };
        let payload_bytes = match usize::try_from(payload_bytes) {
            Ok(fits) if payload_bytes <= limit => fits,
            _ => return Err(Violation::TooLong),
        };
        let mut head = Self { opcode, mask: None, bytes: 2 + length_bytes, payload_bytes };
        if writer == Writer::Client {
            let Some(mask) = bytes[head.bytes..].first_chunk::<4>() else {
                return Ok(None);
            };
            head.mask = Some(*mask);
            head.bytes += mask.len();
        }
        Ok(Some(head))
    }
}

impl Opcode {
    fn bits(self) -> u8 {
        match self {
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }
}

/// Parses the first byte of a frame.
fn parse_opcode(first: u8) -> Result<Opcode, Violation> {
    if first & 0x70 != 0 {
        return Err(Violation::Reserved);
    }
    let opcode = match first & 0x0f {
        0x0 => return Err(Violation::Fragmented),
        0x1 => Opcode::Text,
        0x2 => Opcode::Binary,
        0x8 => Opcode::Close,
        0x9 => Opcode::Ping,
        0xa => Opcode::Pong,
        _ => return Err(Violation::Reserved),
    };
    if first & 0x80 == 0 {
        return Err(Violation::Fragmented);
    }
    Ok(opcode)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn frames(writer: Writer, pieces: &[&[u8]]) -> Result<Vec<(Opcode, Vec<u8>)>, Violation> {
        let mut reader = FrameReader::new(writer);
        let mut found = Vec::new();
        for piece in pieces {
            let mut piece = piece.to_vec();
            reader.feed(&mut piece, |opcode, payload| {
                found.push((opcode, payload.to_vec()));
            })?;
        }
        Ok(found)
    }

    #[test]
    fn the_examples_of_the_rfc_are_read_and_written() {
        // RFC 6455 §5.7.
        let hello = [(Opcode::Text, b"Hello".to_vec())];
        let plain = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
        assert_eq!(frames(Writer::Server, &[&plain]).unwrap(), hello);
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(frames(Writer::Client, &[&masked]).unwrap(), hello);
        let mut out = Vec::new();
        encode(&mut out, Opcode::Text, b"Hello", Some(MASK));
        assert_eq!(out, masked);
        out.clear();
        encode(&mut out, Opcode::Text, b"Hello", None);
        assert_eq!(out, plain);
    }

    #[test]
    fn lengths_around_each_header_form_are_read() {
        for bytes in [0, 1, 125, 126, 127, 65_535, 65_536] {
            for (writer, mask) in [(Writer::Client, Some(MASK)), (Writer::Server, None)] {
                let payload = vec![b'x'; bytes];
                let mut out = Vec::new();
                encode(&mut out, Opcode::Binary, &payload, mask);
                let found = frames(writer, &[&out]).unwrap();
                assert_eq!(found, [(Opcode::Binary, payload)], "{bytes}");
            }
        }
        for (writer, mask, most) in
            [(Writer::Client, Some(MASK), CLIENT_BYTES_MAX), (Writer::Server, None, SERVER_BYTES_MAX)]
        {
            for (bytes, fits) in [(most - 1, true), (most, true), (most + 1, false)] {
                let mut out = Vec::new();
                encode(&mut out, Opcode::Text, &vec![b'x'; usize::try_from(bytes).unwrap()], mask);
                let found = frames(writer, &[&out]).map(|found| found.len());
                assert_eq!(found, if fits { Ok(1) } else { Err(Violation::TooLong) }, "{bytes}");
            }
        }
    }

    #[test]
    fn frames_are_complete_wherever_they_are_split() {
        for (writer, mask) in [(Writer::Client, Some(MASK)), (Writer::Server, None)] {
            let mut out = Vec::new();
            encode(&mut out, Opcode::Text, b"one", mask);
            encode(&mut out, Opcode::Ping, b"", mask);
            encode(&mut out, Opcode::Text, &[b'y'; 200], mask);
            let whole = frames(writer, &[&out]).unwrap();
            assert_eq!(whole.len(), 3);
            for at in 0..=out.len() {
                let (left, right) = out.split_at(at);
                assert_eq!(frames(writer, &[left, right]).unwrap(), whole, "{at}");
            }
            let bytes: Vec<&[u8]> = out.chunks(1).collect();
            assert_eq!(frames(writer, &bytes).unwrap(), whole);
        }
    }

    #[test]
    fn violations_are_reported() {
        for (frame, violation) in [
            (&[0xc1, 0x00][..], Violation::Reserved),
            (&[0x83, 0x00], Violation::Reserved),
            (&[0x01, 0x00], Violation::Fragmented),
            (&[0x80, 0x00], Violation::Fragmented),
            (&[0x81, 0x80], Violation::Mask),
            (&[0x89, 126, 0, 126], Violation::TooLong),
            (&[0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0], Violation::TooLong),
        ] {
            assert_eq!(frames(Writer::Server, &[frame]), Err(violation));
        }
        assert_eq!(frames(Writer::Client, &[&[0x81, 0x00]]), Err(Violation::Mask));
        let control = [&[0x89, 125][..], &[0; 125]].concat();
        assert_eq!(frames(Writer::Server, &[&control]).unwrap().len(), 1);
    }
}
