//! Header of a WebSocket frame (RFC 6455 §5.2).

/// Bytes of the longest header: two, a length of eight, a masking key of four.
pub const HEADER_BYTES_MAX: usize = 14;

/// Bytes of the longest payload of a control frame (RFC 6455 §5.5).
pub const CONTROL_BYTES_MAX: u64 = 125;

/// Kind of a frame, in four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// Next fragment of the message before it.
    Continuation,
    /// Text in UTF-8.
    Text,
    /// Binary data, which v1 does not use.
    Binary,
    /// Closes the connection.
    Close,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
    /// Reserved: 3 to 7 and 11 to 15.
    Reserved(u8),
}

impl Opcode {
    /// Reads the opcode from the low four bits.
    pub fn of(bits: u8) -> Self {
        match bits & 0x0f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            other => Opcode::Reserved(other),
        }
    }

    /// Returns the four bits.
    pub fn bits(self) -> u8 {
        match self {
            Opcode::Continuation => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
            Opcode::Reserved(bits) => bits & 0x0f,
        }
    }

    /// Whether this is a control frame: the highest of the four bits is set.
    pub fn is_control(self) -> bool {
        self.bits() & 0x08 != 0
    }
}

/// Form in which the length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LengthForm {
    /// In the seven bits: up to 125.
    Seven,
    /// The seven bits are 126 and two bytes follow: up to 65,535.
    Sixteen,
    /// The seven bits are 127 and eight bytes follow.
    SixtyFour,
}

impl LengthForm {
    /// Returns the shortest form of a length, which RFC 6455 demands.
    pub fn shortest(length: u64) -> Self {
        match length {
            0..=125 => LengthForm::Seven,
            126..=0xffff => LengthForm::Sixteen,
            _ => LengthForm::SixtyFour,
        }
    }

    /// Returns the bytes of the length after the first two bytes of the header.
    pub fn bytes(self) -> usize {
        match self {
            LengthForm::Seven => 0,
            LengthForm::Sixteen => 2,
            LengthForm::SixtyFour => 8,
        }
    }
}

/// Header as its bits say, valid or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// True in the last frame of a message.
    pub fin: bool,
    /// Three reserved bits; RSV1 is the highest (4).
    pub rsv: u8,
    /// Kind of the frame.
    pub opcode: Opcode,
    /// Masking key, if the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// Form in which the length is written.
    pub form: LengthForm,
    /// Bytes of the payload.
    pub length: u64,
}

/// Error of an incomplete header. Holds the bytes of the whole header, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete(pub usize);

impl FrameHeader {
    /// Makes the header of an unfragmented frame with a payload of `length` bytes.
    pub fn of(opcode: Opcode, mask: Option<[u8; 4]>, length: u64) -> Self {
        FrameHeader { fin: true, rsv: 0, opcode, mask, form: LengthForm::shortest(length), length }
    }

    /// Returns the bytes of the header.
    pub fn bytes(&self) -> usize {
        2 + self.form.bytes() + if self.mask.is_some() { 4 } else { 0 }
    }

    /// Reads the header at the beginning of `bytes`, valid or not; [`super::Frame::read`] checks it.
    ///
    /// # Errors
    /// The header is incomplete.
    pub fn read(bytes: &[u8]) -> Result<Self, Incomplete> {
        let &[first, second, ref rest @ ..] = bytes else { return Err(Incomplete(2)) };
        let form = match second & 0x7f {
            126 => LengthForm::Sixteen,
            127 => LengthForm::SixtyFour,
            _ => LengthForm::Seven,
        };
        let is_masked = second & 0x80 != 0;
        let whole = 2 + form.bytes() + if is_masked { 4 } else { 0 };
        let Some((length, rest)) = rest.split_at_checked(form.bytes()) else { return Err(Incomplete(whole)) };
        let length = match form {
            LengthForm::Seven => u64::from(second & 0x7f),
            _ => length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        let mask = match (is_masked, rest.first_chunk()) {
            (false, _) => None,
            (true, Some(mask)) => Some(*mask),
            (true, None) => return Err(Incomplete(whole)),
        };
        let (fin, rsv) = (first & 0x80 != 0, first >> 4 & 0x07);
        Ok(FrameHeader { fin, rsv, opcode: Opcode::of(first), mask, form, length })
    }

    /// Writes the header, valid or not. A length that does not fit its form loses its high bits.
    pub fn write(&self) -> Vec<u8> {
        let first = u8::from(self.fin) << 7 | (self.rsv & 0x07) << 4 | self.opcode.bits();
        let masked = u8::from(self.mask.is_some()) << 7;
        let length = self.length.to_be_bytes();
        let [.., low] = length;
        let (seven, more) = match self.form {
            LengthForm::Seven => (low & 0x7f, &length[8..]),
            LengthForm::Sixteen => (126, &length[6..]),
            LengthForm::SixtyFour => (127, &length[..]),
        };
        let mut bytes = vec![first, masked | seven];
        bytes.extend_from_slice(more);
        bytes.extend(self.mask.into_iter().flatten());
        bytes
    }
}

/// Masks or unmasks a payload, which is the same operation (RFC 6455 §5.3).
pub fn mask(payload: &mut [u8], key: [u8; 4]) {
    for (byte, key) in payload.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn the_form_of_the_length_changes_where_rfc_6455_says() {
        use LengthForm::{Seven, Sixteen, SixtyFour};
        for (length, form, bytes) in [
            (0, Seven, 2),
            (124, Seven, 2),
            (125, Seven, 2),
            (126, Sixteen, 4),
            (127, Sixteen, 4),
            (65_534, Sixteen, 4),
            (65_535, Sixteen, 4),
            (65_536, SixtyFour, 10),
            (u64::MAX, SixtyFour, 10),
        ] {
            for mask in [None, Some(KEY)] {
                let header = FrameHeader::of(Opcode::Binary, mask, length);
                let written = header.write();
                let whole = bytes + if mask.is_some() { 4 } else { 0 };
                assert_eq!((header.form, header.bytes(), written.len()), (form, whole, whole), "{length}");
                assert_eq!(FrameHeader::read(&written), Ok(header));
                for many in 0..whole {
                    let needed = if many < 2 { 2 } else { whole };
                    assert_eq!(FrameHeader::read(&written[..many]), Err(Incomplete(needed)), "{many}");
                }
            }
        }
    }

    #[test]
    fn any_two_bytes_are_read_and_written_back() {
        for bits in 0..=u16::MAX {
            let [first, second] = bits.to_be_bytes();
            let mut bytes = [0; HEADER_BYTES_MAX];
            (bytes[0], bytes[1]) = (first, second);
            let header = FrameHeader::read(&bytes).unwrap();
            let written = header.write();
            assert_eq!(written[..], bytes[..header.bytes()]);
            assert_eq!(header.opcode.is_control(), first & 0x08 != 0);
        }
    }

    #[test]
    fn masking_twice_restores_the_payload() {
        let mut payload = *b"Hello";
        mask(&mut payload, KEY);
        assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58], "RFC 6455 §5.7");
        mask(&mut payload, KEY);
        assert_eq!(payload, *b"Hello");
    }
}
