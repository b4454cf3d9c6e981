//! Trace of a connection: its handshake and each frame in either direction, as the server saw them.
//!
//! Only a connection that was opened with `trace=1` is traced, and its trace goes to it alone.

use crate::json::{DecodeError, FromJson, Json};
use crate::websocket::{Frame, FrameFault, Side, hex};
use serde::{Serialize, Serializer};

/// Report of one thing that the server saw on this connection. Frames of the trace are not traced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// Time of the observation: milliseconds since 1970.
    pub at: u64,
    /// Observation of the server.
    pub seen: TraceItem,
}

/// Observation of the server. On the wire an object with one field, which names the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TraceItem {
    /// Handshake of the connection.
    Handshake(Box<Handshake>),
    /// WebSocket frame in either direction.
    Frame(TracedFrame),
    /// Counts of frames, once the trace reached its limit.
    Counted(ByteCounts),
    /// Observation of a newer server.
    #[serde(skip)]
    Unknown,
}

/// Handshake of a WebSocket (RFC 6455 §1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Handshake {
    /// Request as the server parsed it.
    pub request: RequestHead,
    /// Answer of the server.
    pub response: ResponseHead,
}

/// Head of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestHead {
    /// Method, such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// HTTP version, such as `HTTP/1.1`.
    pub version: String,
    /// Headers in the order in which they were sent; sorted by name if the server does not know it.
    pub headers: Vec<HeaderField>,
}

/// Head of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResponseHead {
    /// Status; 101 if the connection was opened.
    pub status: u16,
    /// Headers in the order in which they were sent.
    pub headers: Vec<HeaderField>,
}

/// Header of a request or response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderField {
    /// Name in lower case.
    pub name: String,
    /// Name as it was sent, if the server knows it and it is not in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_name: Option<String>,
    /// Value; absent if it may be a secret or is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Bytes of the value, which are counted even where `value` is absent.
    pub length: u64,
}

impl HeaderField {
    /// Returns the name as it was sent, as far as the server knows.
    pub fn as_sent(&self) -> &str {
        self.sent_name.as_deref().unwrap_or(&self.name)
    }
}

/// WebSocket frame as it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TracedFrame {
    /// Side that sent the frame.
    pub from: Side,
    /// Header with the masking key.
    pub header: HexBytes,
    /// First [`crate::limits::TRACE_PAYLOAD_BYTES_MAX`] bytes of the payload; still masked if a client
    /// sent them.
    pub payload: HexBytes,
}

impl TracedFrame {
    /// Parses the bytes. If the trace holds only a part of the payload, the frame has
    /// [`FrameFault::Short`].
    ///
    /// # Errors
    /// [`FrameFault::Short`] if the header is incomplete.
    pub fn read(&self) -> Result<Frame, FrameFault> {
        Frame::read(&[&self.header.0[..], &self.payload.0].concat(), self.from)
    }
}

/// Counts of all frames of a connection up to now, except those of `trace` events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByteCounts {
    /// Frames of the client.
    pub client: DirectionCount,
    /// Frames of the server.
    pub server: DirectionCount,
}

/// Count of the frames in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DirectionCount {
    /// Count of frames.
    pub frames: u64,
    /// Bytes of these frames, with their headers.
    pub bytes: u64,
}

/// Bytes that are a text of hexadecimal digits on the wire.
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
    HeaderField { name, sent_name, value, length }
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
    fn an_observation_of_a_newer_server_is_ignored() {
        let trace: Trace = from_str(r#"{"at":1,"seen":{"weather":{"rain":true}}}"#).unwrap();
        assert_eq!(trace, Trace { at: 1, seen: TraceItem::Unknown });
        for bad in [r#"{"at":1,"seen":{}}"#, r#"{"at":1,"seen":{"frame":{"from":"moon"}}}"#] {
            assert!(from_str::<Trace>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_traced_frame_is_short_when_its_payload_was_cut() {
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
