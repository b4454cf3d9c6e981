//! What a traced connection is told of itself: its handshake, and each frame in either direction, as the server saw
//! them. Only who opens a connection with `trace=1` is told, and only of that connection.

use crate::json::{Json, Read, Unreadable};
use crate::websocket::{Fault, Frame, Side, hex};
use serde::{Serialize, Serializer};

/// Something that the server saw on this connection. Its own frames are not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// When: milliseconds since 1970.
    pub at: u64,
    /// What.
    pub seen: Seen,
}

/// What was seen. On the wire an object with one field, which says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Seen {
    /// The request and the answer.
    Handshake(Box<Handshake>),
    /// A frame.
    Frame(SeenFrame),
    /// No more is told one by one; from here on it is counted.
    Counted(Counted),
    /// From a newer server.
    #[serde(skip)]
    Unknown,
}

/// How the connection began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Handshake {
    /// The request as it was parsed.
    pub request: RequestHead,
    /// The answer.
    pub response: ResponseHead,
}

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestHead {
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Such as `HTTP/1.1`.
    pub version: String,
    /// By name: in which order they came is not kept.
    pub headers: Vec<Header>,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResponseHead {
    /// 101 where the connection was opened.
    pub status: u16,
    /// By name.
    pub headers: Vec<Header>,
}

/// One header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// In lower case.
    pub name: String,
    /// Absent where it may be a secret, or is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Bytes of the value.
    pub length: u64,
}

/// One frame, as it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenFrame {
    /// Who sent it.
    pub from: Side,
    /// Its header, mask included.
    pub header: Bytes,
    /// The first [`crate::limits::TRACE_PAYLOAD_BYTES_MAX`] bytes of its payload: a client's are masked.
    pub payload: Bytes,
}

impl SeenFrame {
    /// What its bytes mean. Where only a part of the payload was told, the frame says that it is short.
    ///
    /// # Errors
    /// The header is not whole.
    pub fn read(&self) -> Result<Frame, Fault> {
        Frame::read(&[&self.header.0[..], &self.payload.0].concat(), self.from)
    }
}

/// All frames of a connection up to now, those of `trace` events excepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The client's.
    pub client: Count,
    /// The server's.
    pub server: Count,
}

/// Frames of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many.
    pub frames: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
}

/// Bytes; on the wire a text of hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::write(&self.0).replace(' ', ""))
    }
}

impl Read for Bytes {
    fn read(json: Json) -> Result<Self, Unreadable> {
        hex::read(&String::read(json)?).map(Bytes).map_err(|_| Unreadable(""))
    }
}

impl Read for Side {
    fn read(json: Json) -> Result<Self, Unreadable> {
        match &*String::read(json)? {
            "client" => Ok(Side::Client),
            "server" => Ok(Side::Server),
            _ => Err(Unreadable("")),
        }
    }
}

impl Read for Seen {
    fn read(json: Json) -> Result<Self, Unreadable> {
        let (kind, json) = json.into_object()?.into_only()?;
        Ok(match &*kind {
            "handshake" => Seen::Handshake(Read::read(json)?),
            "frame" => Seen::Frame(Read::read(json)?),
            "counted" => Seen::Counted(Read::read(json)?),
            _ => Seen::Unknown,
        })
    }
}

crate::read! {
    Trace { at, seen }
    Handshake { request, response }
    RequestHead { method, target, version, headers }
    ResponseHead { status, headers }
    Header { name, value, length }
    SeenFrame { from, header, payload }
    Counted { client, server }
    Count { frames, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_str;
    use crate::limits::TRACE_PAYLOAD_BYTES_MAX;

    #[test]
    fn what_a_newer_server_sees_is_passed_over() {
        let trace: Trace = from_str(r#"{"at":1,"seen":{"weather":{"rain":true}}}"#).unwrap();
        assert_eq!(trace, Trace { at: 1, seen: Seen::Unknown });
        for bad in [r#"{"at":1,"seen":{}}"#, r#"{"at":1,"seen":{"frame":{"from":"moon"}}}"#] {
            assert!(from_str::<Trace>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_frame_that_was_told_in_part_is_short() {
        let frame = |length: usize| {
            let whole = Frame::write(crate::websocket::Opcode::Binary, &vec![7; length], None);
            let (header, payload) = whole.split_at(whole.len() - length);
            let payload = payload[..length.min(TRACE_PAYLOAD_BYTES_MAX)].to_vec();
            SeenFrame { from: Side::Server, header: Bytes(header.to_vec()), payload: Bytes(payload) }
        };
        for (length, faults) in [(63, vec![]), (64, vec![]), (65, vec![Fault::Short(1)])] {
            assert_eq!(frame(length).read().unwrap().faults, faults, "{length}");
        }
    }
}
