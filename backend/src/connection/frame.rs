//! WebSocket frames as the server sends them (RFC 6455 §5.2): unmasked, so the same bytes serve every
//! recipient.

use actix_http::ws::{OpCode, Parser};
use bytes::{Bytes, BytesMut};
use shared::{Cursor, Event, event::EventFrame};

/// Longest frame header of a server: two bytes and a 64-bit length.
const HEADER_MAX: usize = 10;

/// Longest reason that fits into a close frame beside its code (§5.5.1).
const REASON_MAX: usize = 123;

/// Code that stands for a close without a code (RFC 6455 §7.1.5).
const NO_STATUS: u16 = 1005;

/// Encodes a whole text message in one frame.
pub fn text(payload: &[u8]) -> Bytes {
    encode(payload, OpCode::Text)
}

/// Encodes an event as a frame for v1 clients.
pub fn event(event: &Event) -> Bytes {
    replayed_event(event, None)
}

/// Encodes an event that is published, as a frame that tells the cursor at the end of the event's change.
pub fn published_event(event: &Event, told: Option<Cursor>) -> Bytes {
    encode_event(&EventFrame::published(event, told))
}

/// Encodes an event of a replay, as a frame that tells a cursor.
pub fn replayed_event(event: &Event, told: Option<Cursor>) -> Bytes {
    encode_event(&EventFrame::answered(event, told))
}

fn encode_event(frame: &EventFrame<&Event>) -> Bytes {
    // Maps with string keys and plain values always serialise.
    text(&serde_json::to_vec(frame).unwrap_or_default())
}

/// Encodes a whole binary message in one frame.
pub fn binary(payload: &[u8]) -> Bytes {
    encode(payload, OpCode::Binary)
}

/// Encodes a ping without a payload.
pub fn ping() -> Bytes {
    encode(&[], OpCode::Ping)
}

/// Encodes the pong to a ping, with its payload: at most 125 bytes, as the frame guard has checked.
pub fn pong(payload: &[u8]) -> Bytes {
    encode(payload, OpCode::Pong)
}

/// Encodes a close with a code and a reason, or without either. A long reason is cut.
pub fn close(code: Option<u16>, reason: &str) -> Bytes {
    let Some(code) = code else { return encode(&[], OpCode::Close) };
    let end = reason.floor_char_boundary(REASON_MAX);
    let payload = [&code.to_be_bytes()[..], &reason.as_bytes()[..end]].concat();
    encode(&payload, OpCode::Close)
}

/// Content of one of the server's own frames, for transports that send it in another form.
#[derive(Debug, PartialEq, Eq)]
pub enum FramePayload<'f> {
    /// A text message.
    Text(&'f [u8]),
    /// A ping, whose payload the server leaves empty.
    Ping,
    /// A close: its code, 1005 if it has none, and its reason.
    Close(u16, &'f str),
    /// A frame that only WebSockets carry.
    Other,
}

impl<'f> FramePayload<'f> {
    /// Reads a whole frame that this module has encoded.
    pub fn of(frame: &'f [u8]) -> Self {
        let header = match frame.get(1) {
            Some(126) => 4,
            Some(127) => 10,
            _ => 2,
        };
        let payload = frame.get(header..).unwrap_or_default();
        match frame.first().map(|byte| byte & 0x0f) {
            Some(1) => FramePayload::Text(payload),
            Some(9) => FramePayload::Ping,
            Some(8) => match payload.split_at_checked(2) {
                Some((code, reason)) => {
                    let code = u16::from_be_bytes([code[0], code[1]]);
                    FramePayload::Close(code, str::from_utf8(reason).unwrap_or_default())
                }
                None => FramePayload::Close(NO_STATUS, ""),
            },
            _ => FramePayload::Other,
        }
    }
}

fn encode(payload: &[u8], op: OpCode) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + HEADER_MAX);
    Parser::write_message(&mut frame, payload, op, true, false);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_form_for_its_length() {
        assert_eq!(text(b"Hello")[..], *b"\x81\x05Hello", "RFC 6455 §5.7");
        assert_eq!(binary(&[7; 256])[..4], [0x82, 126, 1, 0]);
        assert_eq!(binary(&[7; 65_536])[..10], [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(pong(b"Hello")[..], *b"\x8a\x05Hello");
        assert_eq!(ping()[..], *b"\x89\x00");
    }

    #[test]
    fn an_encoded_frame_is_read_back() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            assert_eq!(FramePayload::of(&text(&payload)), FramePayload::Text(&payload));
        }
        assert_eq!(FramePayload::of(&ping()), FramePayload::Ping);
        assert_eq!(
            FramePayload::of(&close(Some(1012), "retry-ms=7")),
            FramePayload::Close(1012, "retry-ms=7")
        );
        assert_eq!(FramePayload::of(&close(None, "")), FramePayload::Close(1005, ""));
        assert_eq!(FramePayload::of(&binary(b"x")), FramePayload::Other);
        assert_eq!(FramePayload::of(b""), FramePayload::Other);
    }

    #[test]
    fn a_long_close_reason_is_cut() {
        assert_eq!(close(None, "unsaid")[..], *b"\x88\x00");
        assert_eq!(close(Some(1000), "")[..], *b"\x88\x02\x03\xe8");
        for length in [122, 123, 124] {
            assert_eq!(close(Some(1001), &"x".repeat(length)).len(), 4 + length.min(123));
        }
        assert_eq!(close(Some(1001), &"茶".repeat(50)).len(), 4 + 123);
    }
}
