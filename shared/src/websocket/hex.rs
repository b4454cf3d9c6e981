//! Bytes as people write them: two hexadecimal digits each.

/// The byte of a text at which it stops being hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHex(pub usize);

/// The bytes that are written in this text: pairs of digits, white space between them where one
/// likes.
///
/// # Errors
/// Where something else stands, or a digit without its pair.
pub fn read(text: &str) -> Result<Vec<u8>, NotHex> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut half = None;
    for (at, letter) in text.char_indices() {
        match (letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()), half.take()) {
            (Some(low), Some((_, high))) => bytes.push(high << 4 | low),
            (Some(high), None) => half = Some((at, high)),
            (None, None) if letter.is_whitespace() => {}
            (None, Some((before, _))) if letter.is_whitespace() => return Err(NotHex(before)),
            (None, _) => return Err(NotHex(at)),
        }
    }
    half.map_or(Ok(bytes), |(at, _)| Err(NotHex(at)))
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
        assert_eq!((read(""), write(&[])), (Ok(vec![]), String::new()));
        assert_eq!(write(b"\x81\x05He"), "81 05 48 65");
    }

    #[test]
    fn what_is_no_hexadecimal_is_told_by_its_place() {
        for (text, at) in [("8", 0), ("81 0", 3), ("8 1", 0), ("81 g0", 3), ("0x81", 1), ("81茶", 2)] {
            assert_eq!(read(text), Err(NotHex(at)), "{text}");
        }
    }
}
