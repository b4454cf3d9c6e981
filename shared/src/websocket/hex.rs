//! Bytes as hexadecimal text, two digits each.

/// Error of a text that is not hexadecimal, with the index of the first wrong byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHex(pub usize);

/// State of the reader before the next letter.
#[derive(Clone, Copy)]
enum ReadState {
    /// Only whole bytes were read.
    WholeBytes,
    /// `0x` was read, from this index on.
    Prefix(usize),
    /// The first digit of a byte was read: its index, its value, and whether `0x` precedes it.
    HalfByte(usize, u8, bool),
}

/// Reads bytes from pairs of digits. Each pair may follow `0x`, as in RFC 6455 §5.7; white space, commas
/// and colons may separate pairs.
///
/// # Errors
/// Another letter, or a digit without its pair.
pub fn read(text: &str) -> Result<Vec<u8>, NotHex> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut state = ReadState::WholeBytes;
    for (at, letter) in text.char_indices() {
        let digit = letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        state = match (digit, state) {
            (Some(low), ReadState::HalfByte(_, high, _)) => {
                bytes.push(high << 4 | low);
                ReadState::WholeBytes
            }
            (Some(high), ReadState::WholeBytes) => ReadState::HalfByte(at, high, false),
            (Some(high), ReadState::Prefix(_)) => ReadState::HalfByte(at, high, true),
            (None, ReadState::HalfByte(zero, 0, false)) if matches!(letter, 'x' | 'X') => {
                ReadState::Prefix(zero)
            }
            (None, ReadState::WholeBytes) if letter.is_whitespace() || matches!(letter, ',' | ':') => {
                ReadState::WholeBytes
            }
            (None, ReadState::HalfByte(at, ..)) if letter.is_whitespace() => return Err(NotHex(at)),
            (None, _) => return Err(NotHex(at)),
        };
    }
    match state {
        ReadState::WholeBytes => Ok(bytes),
        ReadState::Prefix(at) | ReadState::HalfByte(at, ..) => Err(NotHex(at)),
    }
}

/// Writes bytes as pairs of digits, separated by spaces.
pub fn write(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_bytes_are_read_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(read(&write(&all)), Ok(all));
        assert_eq!(read("81 05\n48656C 6c6F"), Ok(b"\x81\x05Hello".to_vec()));
        assert_eq!(read("0x81 0x05,0X48:65\t0x6c, 6c 0x6F"), Ok(b"\x81\x05Hello".to_vec()));
        assert_eq!((read(""), write(&[])), (Ok(vec![]), String::new()));
        assert_eq!(write(b"\x81\x05He"), "81 05 48 65");
    }

    #[test]
    fn an_error_has_the_index_of_the_wrong_letter() {
        for (text, at) in [
            ("8", 0),
            ("81 0", 3),
            ("8 1", 0),
            ("8,1", 1),
            ("81 g0", 3),
            ("81茶", 2),
            ("x81", 0),
            ("80x1", 2),
            ("81 0x", 3),
            ("0x 81", 2),
            ("0x0x81", 3),
            ("1x81", 1),
        ] {
            assert_eq!(read(text), Err(NotHex(at)), "{text}");
        }
    }
}
