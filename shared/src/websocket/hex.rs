//! Bytes as people write them: two hexadecimal digits each.

/// The byte of a text at which it stops being hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHex(pub usize);

/// What stands before the digit that is read.
#[derive(Clone, Copy)]
enum Before {
    /// Whole bytes.
    Bytes,
    /// `0x`, from here.
    Prefix(usize),
    /// The first digit of a byte, here; whether behind `0x`.
    Half(usize, u8, bool),
}

/// The bytes that are written in this text: pairs of digits, each behind `0x` if one likes, as RFC 6455
/// §5.7 writes them; white space, commas and colons between them where one likes.
///
/// # Errors
/// Where something else stands, or a digit without its pair.
pub fn read(text: &str) -> Result<Vec<u8>, NotHex> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut before = Before::Bytes;
    for (at, letter) in text.char_indices() {
        let digit = letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        before = match (digit, before) {
            (Some(low), Before::Half(_, high, _)) => {
                bytes.push(high << 4 | low);
                Before::Bytes
            }
            (Some(high), Before::Bytes) => Before::Half(at, high, false),
            (Some(high), Before::Prefix(_)) => Before::Half(at, high, true),
            (None, Before::Half(zero, 0, false)) if matches!(letter, 'x' | 'X') => Before::Prefix(zero),
            (None, Before::Bytes) if letter.is_whitespace() || matches!(letter, ',' | ':') => Before::Bytes,
            (None, Before::Half(at, ..)) if letter.is_whitespace() => return Err(NotHex(at)),
            (None, _) => return Err(NotHex(at)),
        };
    }
    match before {
        Before::Bytes => Ok(bytes),
        Before::Prefix(at) | Before::Half(at, ..) => Err(NotHex(at)),
    }
}

/// Writes bytes so, a space between two.
pub fn write(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(read(&write(&all)), Ok(all));
        assert_eq!(read("81 05\n48656C 6c6F"), Ok(b"\x81\x05Hello".to_vec()));
        assert_eq!(read("0x81 0x05,0X48:65\t0x6c, 6c 0x6F"), Ok(b"\x81\x05Hello".to_vec()));
        assert_eq!((read(""), write(&[])), (Ok(vec![]), String::new()));
        assert_eq!(write(b"\x81\x05He"), "81 05 48 65");
    }

    #[test]
    fn what_is_no_hexadecimal_is_told_by_its_place() {
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
