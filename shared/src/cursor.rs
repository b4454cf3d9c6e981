//! Cursors: positions of a client in the log.

use crate::json::{DecodeError, FromJson, Json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// Random number that names one life of a log. A restore changes it; a log in memory has a new epoch
/// at each start.
///
/// On the wire 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// Position up to which a client holds everything addressed to it: `<epoch>.<n>`. The client returns it
/// unchanged. It may compare epochs: another epoch means another log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// Epoch of the log.
    pub epoch: Epoch,
    /// Last position held; 0 before the first event.
    pub n: u64,
}

/// Error of a text that is not a cursor of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCursorError;

impl fmt::Display for ParseCursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cursor is 16 hexadecimal digits, a dot and a decimal number")
    }
}

impl std::error::Error for ParseCursorError {}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 16 || !text.bytes().all(digit) {
            return Err(ParseCursorError);
        }
        u64::from_str_radix(text, 16).map(Epoch).map_err(|_| ParseCursorError)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.n)
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, n) = text.split_once('.').ok_or(ParseCursorError)?;
        let is_decimal = !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit());
        if !is_decimal || (n.len() > 1 && n.starts_with('0')) {
            return Err(ParseCursorError);
        }
        Ok(Cursor { epoch: epoch.parse()?, n: n.parse().map_err(|_| ParseCursorError)? })
    }
}

macro_rules! wire_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
        impl FromJson for $type {
            fn read(json: Json) -> Result<Self, DecodeError> {
                String::read(json)?.parse().map_err(|_| DecodeError(""))
            }
        }
    };
}
wire_as_text!(Epoch);
wire_as_text!(Cursor);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_parsed_from_its_own_text() {
        let cursor = Cursor { epoch: Epoch(0xab), n: u64::MAX };
        assert_eq!(cursor.to_string(), "00000000000000ab.18446744073709551615");
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn a_text_is_refused_when_no_server_writes_it_so() {
        for wrong in [
            "",
            ".",
            "ab.1",
            "00000000000000ab",
            "00000000000000ab.",
            "00000000000000AB.1",
            "00000000000000ab.-1",
            "00000000000000ab.+1",
            "00000000000000ab.01",
            "00000000000000ab.1.2",
            "00000000000000ab.18446744073709551616",
            "+0000000000000ab.1",
        ] {
            assert_eq!(wrong.parse::<Cursor>(), Err(ParseCursorError), "{wrong}");
        }
    }
}
