//! Ids. Each is a type of its own, so that one cannot be taken for another.

use crate::json::{DecodeError, FromJson, Json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// A member of the house. Given out by the store, never used again for another person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberId(pub u64);

impl MemberId {
    /// The one reserved member: whoever speaks over a bare WebSocket, without a name.
    pub const PASSER_BY: MemberId = MemberId(0);
}

/// A room of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomId(pub u64);

impl RoomId {
    /// The room that everyone is in.
    pub const LOBBY: RoomId = RoomId(1);
}

/// Whom an event is addressed to: everyone in one room, or one member.
///
/// On the wire `{"room":1}` or `{"member":7}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// All members of this room.
    Room(RoomId),
    /// All sessions of this member.
    Member(MemberId),
}

/// 16 random bytes that the client makes for each durable command, so that the
/// store can tell a retry from a second message. On the wire 32 lower-case
/// hexadecimal digits.
///
/// Always taken together with the author: alone it could be forged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; 16]);

/// The text is not an id of 32 hexadecimal digits.
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
        // One spelling per id: upper case would make two strings of one id.
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| ParseClientIdError)?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex(pair[0])? << 4 | hex(pair[1])?;
        }
        Ok(ClientId(bytes))
    }
}

fn hex(digit: u8) -> Result<u8, ParseClientIdError> {
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
    fn a_client_id_reads_back_what_it_writes() {
        let id = ClientId(*b"\x00\x01\x7f\x80\xffabcdefghijk");
        assert_eq!(id.to_string(), "00017f80ff6162636465666768696a6b");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_client_id_has_one_spelling() {
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
