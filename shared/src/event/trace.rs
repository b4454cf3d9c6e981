//! What a traced connection is told of itself: its handshake, and each frame in either direction, as the server saw
//! them. Only who opens a connection with `trace=1` is told, and only of that connection.

use crate::json::{DecodeError, FromJson, Json};
use crate::websocket::{Frame, FrameFault, Side, hex};
use serde::{Serialize, Serializer};

/// Something that the server saw on this connection. Its own frames are not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// When: milliseconds since 1970.
    pub at: u64,
    /// What.
    pub seen: TraceItem,
}

/// What was seen. On the wire an object with one field, which says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TraceItem {
    /// The request and the answer.
    Handshake(Box<Handshake>),
    /// A frame.
    Frame(TracedFrame),
    /// No more is told one by one; from here on it is counted.
    Counted(ByteCounts),
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
    pub headers: Vec<HeaderField>,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResponseHead {
    /// 101 where the connection was opened.
    pub status: u16,
    /// By name.
    pub headers: Vec<HeaderField>,
}

/// One header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderField {
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
pub struct TracedFrame {
    /// Who sent it.
    pub from: Side,
    /// Its header, mask included.
    pub header: HexBytes,
    /// The first [`crate::limits::TRACE_PAYLOAD_BYTES_MAX`] bytes of its payload: a client's are masked.
    pub payload: HexBytes,
}

impl TracedFrame {
    /// What its bytes mean. Where only a part of the payload was told, the frame says that it is short.
    ///
    /// # Errors
    /// The header is not whole.
    pub fn read(&self) -> Result<Frame, FrameFault> {
        Frame::read(&[&self.header.0[..], &self.payload.0].concat(), self.from)
    }
}

/// All frames of a connection up to now, those of `trace` events excepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByteCounts {
    /// The client's.
    pub client: DirectionCount,
    /// The server's.
    pub server: DirectionCount,
}

/// Frames of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DirectionCount {
    /// How many.
    pub frames: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
}

/// Bytes; on the wire a text of hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::write(&self.0).replace(' ', ""))
    }
}

impl FromJson for HexBytes {
    fn read(json: Json) -> Result<Self, DecodeError> {
        hex::read(&String::read(json)?).map(HexBytes).map_err(|_| DecodeError(""))
    }
}

impl FromJson for Side {
    fn read(json: Json) -> Result<Self, DecodeError> {
        match &*String::read(json)? {
            "client" => Ok(Side::Client),
            "server" => Ok(Side::Server),
            _ => Err(DecodeError("")),
        }
    }
}

impl FromJson for TraceItem {
    fn read(json: Json) -> Result<Self, DecodeError> {
        let (kind, json) = json.into_object()?.into_only()?;
        Ok(match &*kind {
            "handshake" => TraceItem::Handshake(FromJson::read(json)?),
            "frame" => TraceItem::Frame(FromJson::read(json)?),
            "counted" => TraceItem::Counted(FromJson::read(json)?),
            _ => TraceItem::Unknown,
        })
    }
}

crate::read! {
    Trace { at, seen }
    Handshake { request, response }
    RequestHead { method, target, version, headers }
    ResponseHead { status, headers }
    HeaderField { name, value, length }
    TracedFrame { from, header, payload }
    ByteCounts { client, server }
    DirectionCount { frames, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_str;
    use crate::limits::TRACE_PAYLOAD_BYTES_MAX;

    #[test]
    fn what_a_newer_server_sees_is_passed_over() {
        let trace: Trace = from_str(r#"{"at":1,"seen":{"weather":{"rain":true}}}"#).unwrap();
        assert_eq!(trace, Trace { at: 1, seen: TraceItem::Unknown });
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
            TracedFrame { from: Side::Server, header: HexBytes(header.to_vec()), payload: HexBytes(payload) }
        };
        for (length, faults) in [(63, vec![]), (64, vec![]), (65, vec![FrameFault::Short(1)])] {
            assert_eq!(frame(length).read().unwrap().faults, faults, "{length}");
        }
    }
}
