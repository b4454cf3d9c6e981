//! Ids. Each kind has its own type, so that the compiler refuses to mix them.

use crate::json::{DecodeError, FromJson, Json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// Id of a member. The store assigns it and never gives it to another person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberId(pub u64);

impl MemberId {
    /// Reserved member that stands for everyone who posts through the text dialect, without a name.
    pub const PASSER_BY: MemberId = MemberId(0);
}

/// Id of a room. The store assigns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomId(pub u64);

impl RoomId {
    /// The lobby, which every member is in.
    pub const LOBBY: RoomId = RoomId(1);
}

/// Room or member that an event belongs to.
///
/// On the wire `{"room":1}` or `{"member":7}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// Every member of this room.
    Room(RoomId),
    /// Every session of this member.
    Member(MemberId),
}

/// 16 random bytes that a client makes for each durable command. A retry carries the same bytes, so the
/// store can distinguish it from a second command. On the wire 32 lower-case hexadecimal digits.
///
/// The key is always the pair of author and `client_id`: the bytes alone could be copied from another
/// member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; 16]);

/// Error of a text that is not 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseClientIdError;

impl fmt::Display for ParseClientIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a client_id is 32 lower-case hexadecimal digits")
    }
}

impl std::error::Error for ParseClientIdError {}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ClientId {
    type Err = ParseClientIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Upper case is refused: with it one id would have several spellings.
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| ParseClientIdError)?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = parse_hex_digit(pair[0])? << 4 | parse_hex_digit(pair[1])?;
        }
        Ok(ClientId(bytes))
    }
}

fn parse_hex_digit(digit: u8) -> Result<u8, ParseClientIdError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(ParseClientIdError),
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl FromJson for MemberId {
    fn read(json: Json) -> Result<Self, DecodeError> {
        u64::read(json).map(MemberId)
    }
}

impl FromJson for RoomId {
    fn read(json: Json) -> Result<Self, DecodeError> {
        u64::read(json).map(RoomId)
    }
}

impl FromJson for Address {
    fn read(json: Json) -> Result<Self, DecodeError> {
        let (kind, json) = json.into_object()?.into_only()?;
        match &*kind {
            "room" => RoomId::read(json).map(Address::Room),
            "member" => MemberId::read(json).map(Address::Member),
            _ => Err(DecodeError("")),
        }
    }
}

impl FromJson for ClientId {
    fn read(json: Json) -> Result<Self, DecodeError> {
        String::read(json)?.parse().map_err(|_| DecodeError(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_parsed_from_its_own_text() {
        let id = ClientId(*b"\x00\x01\x7f\x80\xffabcdefghijk");
        assert_eq!(id.to_string(), "00017f80ff6162636465666768696a6b");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_client_id_is_refused_in_any_other_spelling() {
        for wrong in [
            "",
            "00017F80ff6162636465666768696a6b",
            "00017f80ff6162636465666768696a6",
            "00017f80ff6162636465666768696a6b0",
            "00017f80ff6162636465666768696a6g",
            "茶茶茶茶茶茶茶茶茶茶ab",
        ] {
            assert_eq!(wrong.parse::<ClientId>(), Err(ParseClientIdError), "{wrong}");
        }
    }
}
