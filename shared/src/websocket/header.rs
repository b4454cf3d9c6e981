//! The header of a frame (RFC 6455 §5.2).

/// Bytes of the longest header: two, a length of eight, a mask of four.
pub const HEADER_BYTES_MAX: usize = 14;

/// The longest payload of a control frame (RFC 6455 §5.5).
pub const CONTROL_BYTES_MAX: u64 = 125;

/// What a frame is for: four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message before it.
    Continuation,
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
    /// The end.
    Close,
    /// To be answered with a pong.
    Ping,
    /// The answer to a ping.
    Pong,
    /// 3 to 7 and 11 to 15: nobody knows yet.
    Reserved(u8),
}

impl Opcode {
    /// Of the low four bits.
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

    /// The four bits.
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

    /// Whether it is a control frame: the highest of the four bits says so.
    pub fn is_control(self) -> bool {
        self.bits() & 0x08 != 0
    }
}

/// How the length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LengthForm {
    /// In the seven bits themselves: up to 125.
    Seven,
    /// The seven bits say 126, two bytes follow: up to 65,535.
    Sixteen,
    /// The seven bits say 127, eight bytes follow.
    SixtyFour,
}

impl LengthForm {
    /// The one that must be used: the shortest.
    pub fn shortest(length: u64) -> Self {
        match length {
            0..=125 => LengthForm::Seven,
            126..=0xffff => LengthForm::Sixteen,
            _ => LengthForm::SixtyFour,
        }
    }

    /// Bytes that it takes behind the first two.
    pub fn bytes(self) -> usize {
        match self {
            LengthForm::Seven => 0,
            LengthForm::Sixteen => 2,
            LengthForm::SixtyFour => 8,
        }
    }
}

/// A header, as its bits say, right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The last frame of its message.
    pub fin: bool,
    /// The three reserved bits, RSV1 the highest of them (4).
    pub rsv: u8,
    /// What it is for.
    pub opcode: Opcode,
    /// The key that masks the payload, if it is masked.
    pub mask: Option<[u8; 4]>,
    /// How the length is written.
    pub form: LengthForm,
    /// The payload's bytes.
    pub length: u64,
}

/// The header goes on: so many bytes make it whole, as far as can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete(pub usize);

impl FrameHeader {
    /// A frame of its own with this payload's length, written as it must be.
    pub fn of(opcode: Opcode, mask: Option<[u8; 4]>, length: u64) -> Self {
        FrameHeader { fin: true, rsv: 0, opcode, mask, form: LengthForm::shortest(length), length }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        2 + self.form.bytes() + if self.mask.is_some() { 4 } else { 0 }
    }

    /// Reads the header at the beginning of these bytes. All bytes mean something; whether it is
    /// allowed is [`super::Frame::read`]'s to say.
    ///
    /// # Errors
    /// There are not enough of them.
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

    /// Writes it as it is, right or wrong. A length that its form cannot hold is cut off.
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

/// Masks a payload, or takes the mask off: the same (RFC 6455 §5.3).
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
    fn the_three_forms_of_length_change_where_the_standard_says() {
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
    fn every_two_bytes_are_read_and_written_as_they_were() {
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
    fn a_mask_is_taken_off_as_it_was_put_on() {
        let mut payload = *b"Hello";
        mask(&mut payload, KEY);
        assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58], "RFC 6455 §5.7");
        mask(&mut payload, KEY);
        assert_eq!(payload, *b"Hello");
    }
}
