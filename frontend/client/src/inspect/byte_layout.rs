//! The bytes of a frame by their place, and the way to its payload length (RFC 6455 §5.2).

use shared::websocket::{FrameHeader, LengthForm};

/// The layout of a frame. Bytes are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteLayout {
    /// Byte 1: FIN, RSV and opcode.
    pub first: u8,
    /// Byte 2: the MASK bit and seven bits of the length.
    pub second: u8,
    /// The bytes that hold the length, if byte 2 does not hold it.
    pub length: Option<HeaderPart>,
    /// The masking key, if the MASK bit is set.
    pub key: Option<HeaderPart>,
    /// The payload length, unless the header is incomplete.
    pub payload_length: Option<u64>,
    /// The number of the byte at which the payload begins.
    pub payload_begin: u64,
}

/// Bytes of the header that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPart {
    /// The first and the last byte.
    pub range: (u64, u64),
    /// The bytes, fewer than the range has if the header is incomplete.
    pub bytes: Vec<u8>,
}

impl ByteLayout {
    /// Reads the layout from the bytes of a header, complete or not. `None` if byte 2 is missing.
    pub fn read(header: &[u8]) -> Option<Self> {
        let &[first, second, ref rest @ ..] = header else { return None };
        let (mut rest, mut begin) = (rest, 3);
        let mut part = |count: usize| {
            let bytes;
            (bytes, rest) = rest.split_at(count.min(rest.len()));
            let range = (begin, begin + count as u64 - 1);
            begin += count as u64;
            HeaderPart { range, bytes: bytes.to_vec() }
        };
        let mut layout = ByteLayout {
            first,
            second,
            length: None,
            key: None,
            payload_length: FrameHeader::read(header).ok().map(|header| header.length),
            payload_begin: 0,
        };
        let form = layout.form();
        layout.length = (form != LengthForm::Seven).then(|| part(form.bytes()));
        layout.key = (second & 0x80 != 0).then(|| part(4));
        layout.payload_begin = begin;
        Some(layout)
    }

    /// Byte 2 AND 127: the length itself, or 126 or 127.
    pub fn seven_bits(&self) -> u8 {
        self.second & 127
    }

    /// The form of the length, which the seven bits determine.
    pub fn form(&self) -> LengthForm {
        match self.seven_bits() {
            126 => LengthForm::Sixteen,
            127 => LengthForm::SixtyFour,
            _ => LengthForm::Seven,
        }
    }

    /// The arithmetic on byte 2, such as `0xfe & 127 = 126`.
    pub fn second_arithmetic(&self) -> String {
        format!("0x{:02x} & 127 = {}", self.second, self.seven_bits())
    }

    /// The arithmetic on the bytes of the length, such as `0x0100 = 256`, if there are such bytes and none
    /// is missing.
    pub fn length_arithmetic(&self) -> Option<String> {
        let part = self.length.as_ref().filter(|part| part.is_complete())?;
        let value = part.bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        Some(format!("0x{value:0width$x} = {value}", width = 2 * part.bytes.len()))
    }

    /// The first and the last byte of the payload. `None` if it is empty, or if the header is incomplete.
    pub fn payload(&self) -> Option<(u64, u64)> {
        let length = self.payload_length.filter(|length| *length > 0)?;
        // A length of more than 63 bits is wrong anyway.
        Some((self.payload_begin, self.payload_begin.saturating_add(length - 1)))
    }
}

impl HeaderPart {
    /// Whether no byte is missing.
    pub fn is_complete(&self) -> bool {
        self.bytes.len() as u64 == self.range.1 - self.range.0 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::websocket::Opcode;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn layout(length: u64, mask: Option<[u8; 4]>) -> ByteLayout {
        ByteLayout::read(&FrameHeader::of(Opcode::Binary, mask, length).write()).unwrap()
    }

    #[test]
    fn the_length_is_found_where_rfc_6455_says() {
        for (length, plain, masked, range, arithmetic) in [
            (0, "0x00 & 127 = 0", "0x80 & 127 = 0", None, None),
            (125, "0x7d & 127 = 125", "0xfd & 127 = 125", None, None),
            (126, "0x7e & 127 = 126", "0xfe & 127 = 126", Some((3, 4)), Some("0x007e = 126")),
            (127, "0x7e & 127 = 126", "0xfe & 127 = 126", Some((3, 4)), Some("0x007f = 127")),
            (65_535, "0x7e & 127 = 126", "0xfe & 127 = 126", Some((3, 4)), Some("0xffff = 65535")),
            (
                65_536,
                "0x7f & 127 = 127",
                "0xff & 127 = 127",
                Some((3, 10)),
                Some("0x0000000000010000 = 65536"),
            ),
        ] {
            for (mask, second) in [(None, plain), (Some(KEY), masked)] {
                let layout = layout(length, mask);
                assert_eq!((layout.first, layout.second_arithmetic()), (0x82, second.to_owned()));
                assert_eq!(layout.length.as_ref().map(|part| part.range), range, "{length}");
                assert_eq!(layout.length_arithmetic().as_deref(), arithmetic, "{length}");
                assert_eq!(layout.payload_length, Some(length));
            }
        }
    }

    #[test]
    fn the_key_and_the_payload_follow_the_length() {
        for (length, after) in [(0, 3), (125, 3), (126, 5), (127, 5), (65_535, 5), (65_536, 11)] {
            let plain = layout(length, None);
            assert_eq!((plain.key.clone(), plain.payload_begin), (None, after), "{length}");
            let masked = layout(length, Some(KEY));
            let key = HeaderPart { range: (after, after + 3), bytes: KEY.to_vec() };
            assert_eq!((masked.key.clone(), masked.payload_begin), (Some(key), after + 4), "{length}");
            for layout in [plain, masked] {
                let range = (layout.payload_begin, layout.payload_begin + length.saturating_sub(1));
                assert_eq!(layout.payload(), (length > 0).then_some(range));
            }
        }
        assert_eq!(layout(u64::MAX, None).payload(), Some((11, u64::MAX)), "a wrong length");
    }

    #[test]
    fn an_incomplete_header_shows_the_bytes_that_are_there() {
        let whole = FrameHeader::of(Opcode::Binary, Some(KEY), 65_536).write();
        for length in 0..2 {
            assert_eq!(ByteLayout::read(&whole[..length]), None);
        }
        for length in 2..whole.len() {
            let layout = ByteLayout::read(&whole[..length]).unwrap();
            assert_eq!(layout.second_arithmetic(), "0xff & 127 = 127");
            let (size, key) = (layout.length.clone().unwrap(), layout.key.clone().unwrap());
            assert_eq!((size.range, key.range), ((3, 10), (11, 14)));
            assert_eq!([size.bytes, key.bytes].concat(), whole[2..length]);
            assert_eq!(layout.length_arithmetic().is_some(), length >= 10, "{length}");
            assert_eq!((layout.payload_length, layout.payload()), (None, None));
        }
    }
}
