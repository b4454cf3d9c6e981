//! Cursors: positions of a client in the log.

use crate::json::{DecodeError, FromJson, Json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap};
use std::{fmt, str::FromStr};

/// Random number that names one life of a log. A restore changes it; a log in memory has a new epoch
/// at each start.
///
/// On the wire 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// Position up to which a client holds everything addressed to it: `<epoch>.<n>` or `<epoch>.<n>.<mark>`. The
/// client returns it unchanged. It may compare epochs: another epoch means another log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// Epoch of the log.
    pub epoch: Epoch,
    /// Last position held; 0 before the first event.
    pub n: u64,
    /// Mark of the log at `n`, on the wire 8 lower-case hexadecimal digits. The server compares it with its
    /// own mark, and so notices a log that was rolled back and then grew in another way. None from a client
    /// of an older build, and in a cursor that no log has been compared with.
    pub mark: Option<u32>,
}

impl Cursor {
    /// Makes a cursor without a mark.
    pub fn new(epoch: Epoch, n: u64) -> Self {
        Cursor { epoch, n, mark: None }
    }

    /// Returns the cursor without its mark, as pages of older builds can read it.
    pub fn unmarked(self) -> Self {
        Cursor { mark: None, ..self }
    }
}

/// Error of a text that is not a cursor of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCursorError;

impl fmt::Display for ParseCursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cursor is 16 hexadecimal digits, a dot, a decimal number, and at most one dot and 8 hexadecimal digits more")
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
        parse_hex(text, 16).map(Epoch)
    }
}

/// Parses exactly this many lower-case hexadecimal digits.
fn parse_hex(text: &str, digits: usize) -> Result<u64, ParseCursorError> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != digits || !text.bytes().all(is_digit) {
        return Err(ParseCursorError);
    }
    u64::from_str_radix(text, 16).map_err(|_| ParseCursorError)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.n)?;
        self.mark.map_or(Ok(()), |mark| write!(f, ".{}", Mark(mark)))
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, rest) = text.split_once('.').ok_or(ParseCursorError)?;
        let (n, mark) = match rest.split_once('.') {
            Some((n, mark)) => (n, Some(mark.parse::<Mark>()?.0)),
            None => (rest, None),
        };
        let is_decimal = !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit());
        if !is_decimal || (n.len() > 1 && n.starts_with('0')) {
            return Err(ParseCursorError);
        }
        Ok(Cursor { epoch: epoch.parse()?, n: n.parse().map_err(|_| ParseCursorError)?, mark })
    }
}

/// Mark of the log at one position: see [`Cursor::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub u32);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for Mark {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Eight digits always fit.
        parse_hex(text, 8).map(|mark| Mark(mark as u32))
    }
}

/// Writes a cursor as the two fields of a frame: `through` without the mark, for pages of older builds, and
/// `cursor` with it. Frames of a server without marks have only `through`.
pub(crate) fn serialize_fields<S: Serializer>(cursor: &Cursor, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_map(None)?;
    fields.serialize_entry("through", &cursor.unmarked())?;
    if cursor.mark.is_some() {
        fields.serialize_entry("cursor", cursor)?;
    }
    fields.end()
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
wire_as_text!(Mark);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_parsed_from_its_own_text() {
        let cursor = Cursor::new(Epoch(0xab), u64::MAX);
        assert_eq!(cursor.to_string(), "00000000000000ab.18446744073709551615");
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let marked = Cursor { mark: Some(0xbeef), ..cursor };
        assert_eq!(marked.to_string(), "00000000000000ab.18446744073709551615.0000beef");
        assert_eq!(marked.to_string().parse(), Ok(marked));
        assert_eq!(marked.unmarked(), cursor);
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
            "00000000000000ab.1.0000BEEF",
            "00000000000000ab.1.00000beef",
            "00000000000000ab.1.0000beef.1",
            "00000000000000ab.01.0000beef",
            "00000000000000ab..0000beef",
            "00000000000000ab.18446744073709551616",
            "+0000000000000ab.1",
        ] {
            assert_eq!(wrong.parse::<Cursor>(), Err(ParseCursorError), "{wrong}");
        }
    }
}
