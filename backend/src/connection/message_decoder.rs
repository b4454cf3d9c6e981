//! Decodes a client's WebSocket messages out of a stream of bytes that is cut anywhere (RFC 6455 §5).
//!
//! One message is decoded at a time, so that nothing waits decoded. The decoder holds the payload of one
//! unfinished message, and of one control frame within it. Neither can exceed what [`FrameGuard`] allows.

use crate::connection::frame_guard::FrameGuard;
use bytes::{Buf, Bytes};
use shared::{
    CloseCode,
    websocket::{
        FrameHeader, Opcode,
        header::{HEADER_BYTES_MAX, Incomplete},
    },
};

/// One message of a client, its fragments joined.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// Text in UTF-8, as the client sent it.
    Text(String),
    /// Binary data of any content.
    Binary(Vec<u8>),
    /// Ping with its payload, which the pong must repeat.
    Ping(Vec<u8>),
    /// Pong with its payload.
    Pong(Vec<u8>),
    /// Close with its code, if it has one.
    Close(Option<u16>),
}

impl Message {
    /// Bytes of the payload; 0 for a close.
    pub fn length(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
            Message::Close(_) => 0,
        }
    }
}

/// Decodes the messages of one connection.
#[derive(Debug)]
pub struct MessageDecoder {
    guard: FrameGuard,
    message_max: usize,
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: usize,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// Payload of the unfinished message.
    message: Vec<u8>,
    /// Payload of the control frame that is being read.
    control: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Kind of the message, or of the control frame.
    kind: Opcode,
    fin: bool,
    /// Masking key, turned so that its first byte belongs to the next byte of the payload.
    key: [u8; 4],
    /// Payload bytes still to come.
    remaining: usize,
}

impl MessageDecoder {
    /// A decoder for messages of at most `message_max` bytes.
    pub fn new(message_max: usize) -> Self {
        MessageDecoder {
            guard: FrameGuard::new(message_max),
            message_max,
            header: [0; HEADER_BYTES_MAX],
            header_bytes: 0,
            frame: None,
            message: Vec::new(),
            control: Vec::new(),
        }
    }

    /// Whether a frame or a message has begun and is not whole yet.
    pub fn is_within_message(&self) -> bool {
        self.header_bytes > 0 || self.frame.is_some() || self.guard.is_within_message()
    }

    /// Bytes that the unfinished message takes.
    pub fn held_bytes(&self) -> usize {
        self.message.capacity()
    }

    /// Takes bytes up to the end of the next message; `None` if they hold no whole message. Then all of them
    /// are taken.
    ///
    /// # Errors
    ///
    /// The close code for the rule that the client broke. Nothing can be decoded afterwards.
    pub fn decode(&mut self, bytes: &mut Bytes) -> Result<Option<Message>, CloseCode> {
        loop {
            let Some(mut frame) = self.frame else {
                match self.read_header(bytes)? {
                    Some(frame) => self.frame = Some(frame),
                    None => return Ok(None),
                }
                continue;
            };
            let step = frame.remaining.min(bytes.len());
            let payload = if frame.kind.is_control() { &mut self.control } else { &mut self.message };
            append(payload, &bytes[..step], frame.key, self.message_max);
            bytes.advance(step);
            frame.key.rotate_left(step % 4);
            frame.remaining -= step;
            if frame.remaining > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
            self.frame = None;
            if frame.fin {
                return self.finish(frame.kind).map(Some);
            }
        }
    }

    fn read_header(&mut self, bytes: &mut Bytes) -> Result<Option<Frame>, CloseCode> {
        loop {
            let needed = match FrameHeader::read(&self.header[..self.header_bytes]) {
                Err(Incomplete(whole)) => whole - self.header_bytes,
                Ok(header) => {
                    self.header_bytes = 0;
                    let kind = self.guard.check(&header)?;
                    let remaining = usize::try_from(header.length).map_err(|_| CloseCode::TooBig)?;
                    // The guard refuses a header without a key.
                    let key = header.mask.unwrap_or_default();
                    return Ok(Some(Frame { kind, fin: header.fin, key, remaining }));
                }
            };
            let step = needed.min(bytes.len());
            if step == 0 {
                return Ok(None);
            }
            bytes.copy_to_slice(&mut self.header[self.header_bytes..][..step]);
            self.header_bytes += step;
        }
    }

    fn finish(&mut self, kind: Opcode) -> Result<Message, CloseCode> {
        let mut payload =
            std::mem::take(if kind.is_control() { &mut self.control } else { &mut self.message });
        // The message may wait in a queue that counts its length.
        payload.shrink_to_fit();
        match kind {
            Opcode::Text => String::from_utf8(payload).map(Message::Text).map_err(|_| CloseCode::InvalidData),
            Opcode::Binary => Ok(Message::Binary(payload)),
            Opcode::Ping => Ok(Message::Ping(payload)),
            Opcode::Pong => Ok(Message::Pong(payload)),
            Opcode::Close => close_code(&payload).map(Message::Close),
            Opcode::Continuation | Opcode::Reserved(_) => Err(CloseCode::Protocol),
        }
    }
}

/// Appends the unmasked bytes. The buffer grows as they arrive, and never beyond `capacity_max`.
fn append(payload: &mut Vec<u8>, masked: &[u8], key: [u8; 4], capacity_max: usize) {
    let (begin, length) = (payload.len(), payload.len() + masked.len());
    if length > payload.capacity() {
        let capacity = length.max((2 * payload.capacity()).min(capacity_max));
        payload.reserve_exact(capacity - begin);
    }
    payload.extend_from_slice(masked);
    let mut blocks = payload[begin..].chunks_exact_mut(4);
    for block in &mut blocks {
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    }
    blocks.into_remainder().iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
}

/// Reads the code of a close frame (RFC 6455 §5.5.1, §7.4): the codes that may be sent, and a reason in UTF-8.
fn close_code(payload: &[u8]) -> Result<Option<u16>, CloseCode> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(CloseCode::Protocol) };
    };
    let code = u16::from_be_bytes(*code);
    let is_sendable = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
    if is_sendable && str::from_utf8(reason).is_ok() { Ok(Some(code)) } else { Err(CloseCode::Protocol) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader {
            fin: first & 0x80 != 0,
            ..FrameHeader::of(Opcode::of(first), Some(KEY), payload.len() as u64)
        };
        let mut frame = header.write();
        frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    /// Decodes bytes that arrive `step` at a time.
    fn decode(max: usize, bytes: &[u8], step: usize) -> Result<Vec<Message>, CloseCode> {
        let mut decoder = MessageDecoder::new(max);
        let mut messages = Vec::new();
        for chunk in bytes.chunks(step) {
            let mut chunk = Bytes::copy_from_slice(chunk);
            while let Some(message) = decoder.decode(&mut chunk)? {
                messages.push(message);
            }
            assert!(chunk.is_empty());
            let held = decoder.message.capacity() + decoder.control.capacity();
            assert!(held <= max + 256, "{held} bytes are held");
        }
        Ok(messages)
    }

    #[test]
    fn messages_are_decoded_however_they_are_cut() {
        let max = 70_000;
        for length in [0, 1, 3, 125, 126, 65_535, 65_536, max - 1, max] {
            let text: String =
                (0..length).map(|at| char::from(b'a' + u8::try_from(at % 26).unwrap())).collect();
            let bytes = [frame(0x81, text.as_bytes()), frame(0x82, text.as_bytes())].concat();
            for step in [1, 3, 7, 4096, 1 << 20] {
                let expected = [Message::Text(text.clone()), Message::Binary(text.clone().into_bytes())];
                assert_eq!(decode(max, &bytes, step).unwrap(), expected, "{length} by {step}");
            }
        }
        let bytes = [frame(0x81, b"tea"), frame(0x81, &vec![b'x'; max + 1])].concat();
        assert_eq!(decode(max, &bytes, 1 << 20), Err(CloseCode::TooBig));
    }

    #[test]
    fn fragments_are_joined_around_control_frames() {
        let bytes = [
            frame(0x01, b"to"),
            frame(0x00, b""),
            frame(0x89, b"ping"),
            frame(0x00, "茶".as_bytes()),
            frame(0x8a, b""),
            frame(0x80, b"!"),
            frame(0x88, &[0x03, 0xe8, b'o', b'k']),
        ]
        .concat();
        for step in [1, 2, 5, 100] {
            let expected = [
                Message::Ping(b"ping".to_vec()),
                Message::Pong(Vec::new()),
                Message::Text("to茶!".to_owned()),
                Message::Close(Some(1000)),
            ];
            assert_eq!(decode(100, &bytes, step).unwrap(), expected, "{step}");
        }
    }

    #[test]
    fn a_character_may_be_cut_but_a_text_must_be_utf_8() {
        let tea = "茶".as_bytes();
        let cut = [frame(0x01, &tea[..1]), frame(0x80, &tea[1..])].concat();
        assert_eq!(decode(100, &cut, 1).unwrap(), [Message::Text("茶".to_owned())]);
        assert_eq!(decode(100, &frame(0x81, &tea[..2]), 100), Err(CloseCode::InvalidData));
    }

    #[test]
    fn a_close_carries_a_code_that_may_be_sent() {
        for (payload, expected) in [
            (&b""[..], Ok(None)),
            (&[0x03], Err(CloseCode::Protocol)),
            (&[0x03, 0xe8], Ok(Some(1000))),
            (&[0x0f, 0xa0], Ok(Some(4000))),
            (&[0x03, 0xec], Err(CloseCode::Protocol)),
            (&[0x03, 0xed], Err(CloseCode::Protocol)),
            (&[0x03, 0xe7], Err(CloseCode::Protocol)),
            (&[0x13, 0x88], Err(CloseCode::Protocol)),
            (&[0x03, 0xe8, 0xff], Err(CloseCode::Protocol)),
        ] {
            let decoded = decode(100, &frame(0x88, payload), 100);
            assert_eq!(decoded, expected.map(|code| vec![Message::Close(code)]), "{payload:?}");
        }
    }

    #[test]
    fn a_message_is_unfinished_from_its_first_byte_to_its_last() {
        let bytes = [frame(0x01, b"a"), frame(0x89, b"p"), frame(0x80, b"b")].concat();
        let mut decoder = MessageDecoder::new(100);
        assert!(!decoder.is_within_message());
        let (last, rest) = bytes.split_last().unwrap();
        for byte in rest {
            let _ = decoder.decode(&mut Bytes::copy_from_slice(&[*byte])).unwrap();
            assert!(decoder.is_within_message());
        }
        assert!(decoder.decode(&mut Bytes::copy_from_slice(&[*last])).unwrap().is_some());
        assert!(!decoder.is_within_message());
    }
}
