//! Bytes that a call writes, parsed from the strings that strace prints. Each string is padded to the length
//! that the call names.

/// Text that strace prints before each part of a vectored call.
const PART: &str = "iov_base=";

/// Bytes of all parts of the call. Bytes that strace left out are zeros.
pub(super) fn parse_write_data(arguments: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    if arguments.contains(PART) {
        arguments.split(PART).skip(1).for_each(|part| parse_string(part, &mut bytes));
    } else if let Some((_, text)) = arguments.split_once(", ") {
        parse_string(text, &mut bytes);
    }
    bytes
}

/// Parses one string and the length after it.
fn parse_string(text: &str, bytes: &mut Vec<u8>) {
    let Some(text) = text.strip_prefix('"') else { return };
    let begin = bytes.len();
    let rest = unquote(text.as_bytes(), bytes);
    let rest = rest.strip_prefix(b"...").unwrap_or(rest);
    let rest = rest.strip_prefix(b", ").unwrap_or(rest);
    let rest = rest.strip_prefix(b"iov_len=").unwrap_or(rest);
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let length = length.fold(0_usize, |length, digit| length.saturating_mul(10) + usize::from(digit - b'0'));
    let length = length.min(LENGTH_MAX);
    if length > bytes.len() - begin {
        bytes.resize(begin + length, 0);
    }
}

/// Longest string in bytes. No call writes more at once.
const LENGTH_MAX: usize = 64 << 20;

/// Appends the bytes up to the closing quotation mark. Returns the text after it.
fn unquote<'t>(mut text: &'t [u8], bytes: &mut Vec<u8>) -> &'t [u8] {
    loop {
        text = match text {
            [] => return text,
            [b'"', rest @ ..] => return rest,
            [b'\\', rest @ ..] => {
                let (byte, rest) = unescape_byte(rest);
                bytes.push(byte);
                rest
            }
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        }
    }
}

/// Parses the byte after a backslash: up to three octal digits, or a letter.
fn unescape_byte(text: &[u8]) -> (u8, &[u8]) {
    let digits = text.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    if digits > 0 {
        let (octal, rest) = text.split_at(digits);
        return (octal.iter().fold(0_u8, |byte, digit| byte.wrapping_mul(8) | (digit - b'0')), rest);
    }
    let Some((letter, rest)) = text.split_first() else { return (b'\\', text) };
    let byte = match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'f' => 0x0c,
        other => *other,
    };
    (byte, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_one_byte_each() {
        assert_eq!(
            parse_write_data(r#"1</a>, "\0\17\3770a\n\r\t\v\f\"\\", 12) = 12"#),
            b"\0\x0f\xff0a\n\r\t\x0b\x0c\"\\"
        );
        assert_eq!(parse_write_data(r#"1<socket:[7]>, "\1\0012", 3, MSG_NOSIGNAL, NULL, 0"#), b"\x01\x012");
    }

    #[test]
    fn bytes_that_strace_left_out_are_zeros() {
        assert_eq!(parse_write_data(r#"1</a>, "ab"..., 5, 56) = 5"#), b"ab\0\0\0");
        let parts = r#"1</a>, [{iov_base="ab"..., iov_len=4}, {iov_base="cd", iov_len=2}], 2) = 6"#;
        assert_eq!(parse_write_data(parts), b"ab\0\0cd");
        assert_eq!(parse_write_data("1</a>, NULL, 0) = 0"), b"");
        assert_eq!(parse_write_data(r#"1</a>, ""..., 3 <unfinished ...>"#), b"\0\0\0");
    }

    #[test]
    fn strings_other_than_the_data_are_ignored() {
        let to = r#"1<socket:[7]>, "ab", 2, 0, {sin_addr=inet_addr("127.0.0.1")}, 16) = 2"#;
        assert_eq!(parse_write_data(to), b"ab");
    }
}
