//! Bytes as hexadecimal digits, two lower-case digits for each byte.

/// Writes bytes as digits.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads digits, in either case; `None` if they are not exactly those of `N` bytes.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_their_own_digits() {
        let bytes = [0x00, 0x0f, 0xa0, 0xff];
        assert_eq!(encode(&bytes), "000fa0ff");
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(decode("000FA0FF"), Some(bytes));
    }

    #[test]
    fn a_text_of_other_digits_is_refused() {
        for text in ["", "000fa0f", "000fa0ff0", "000fa0fg", "+00fa0ff", "00茶茶"] {
            assert_eq!(decode::<4>(text), None, "{text}");
        }
    }
}
