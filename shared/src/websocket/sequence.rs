//! Order of the frames of one side (RFC 6455 §5.4): the frames before a frame decide what it may be.

use super::frame::{Frame, FrameFault};
use super::header::Opcode;

/// State after the frames so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    unfinished: Option<OpenMessage>,
    is_closed: bool,
}

/// Message of which more fragments follow.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OpenMessage {
    /// Binary message, or a text that is known to be invalid.
    Bytes,
    /// Text, with the bytes of an incomplete character at the end of the last fragment; three at most.
    Text(Vec<u8>),
}

impl Sequence {
    /// Checks the next frame against the frames before it, and adds the faults to it.
    pub fn check(&mut self, frame: &mut Frame) {
        let opcode = frame.header.opcode;
        let misplaced = match (opcode, &self.unfinished) {
            _ if self.is_closed => Some(FrameFault::AfterClose),
            (Opcode::Continuation, None) => Some(FrameFault::ContinuesNothing),
            (Opcode::Text | Opcode::Binary, Some(_)) => Some(FrameFault::InsideMessage),
            _ => None,
        };
        if let Some(fault) = misplaced {
            // The first byte shows this fault, so a reader finds it before the others.
            return frame.faults.insert(0, fault);
        }
        match opcode {
            Opcode::Close => self.is_closed = true,
            Opcode::Binary if !frame.header.fin => self.unfinished = Some(OpenMessage::Bytes),
            // `Frame::read` checked an unfragmented text.
            Opcode::Text if !frame.header.fin => self.unfinished = Some(check_text(Vec::new(), frame)),
            Opcode::Continuation => {
                self.unfinished = match self.unfinished.take() {
                    Some(OpenMessage::Text(begun)) => Some(check_text(begun, frame)),
                    other => other,
                };
                if frame.header.fin {
                    self.unfinished = None;
                }
            }
            _ => {}
        }
    }
}

/// Checks a fragment of a text that continues the incomplete character `begun`. Returns the text's new
/// state.
fn check_text(begun: Vec<u8>, frame: &mut Frame) -> OpenMessage {
    let is_first = frame.header.opcode == Opcode::Text;
    // The end of a truncated fragment is not known.
    let is_end = frame.header.fin && frame.payload.len() as u64 == frame.header.length;
    let part = [begun, frame.payload.clone()].concat();
    match std::str::from_utf8(&part) {
        Ok(_) => OpenMessage::Text(Vec::new()),
        Err(error) if error.error_len().is_none() && !is_end => {
            OpenMessage::Text(part[error.valid_up_to()..].to_vec())
        }
        Err(error) => {
            let fault =
                if is_first { FrameFault::NotUtf8(error.valid_up_to()) } else { FrameFault::PartsNotUtf8 };
            frame.faults.push(fault);
            OpenMessage::Bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::Side;

    /// Faults of each of these frames of a server.
    fn faults_of(mut bytes: &[u8]) -> Vec<Vec<FrameFault>> {
        let (mut sequence, mut all) = (Sequence::default(), Vec::new());
        while let Ok(mut frame) = Frame::read(bytes, Side::Server) {
            sequence.check(&mut frame);
            bytes = &bytes[frame.bytes..];
            all.push(frame.faults);
        }
        all
    }

    #[test]
    fn a_continuation_is_refused_when_no_message_is_unfinished() {
        use FrameFault::{ContinuesNothing as Nothing, InsideMessage as Inside};
        let cases: [(&[u8], &[Option<FrameFault>]); 9] = [
            (b"\x01\x00\x00\x00\x80\x00\x82\x00", &[None; 4]),
            (b"\x80\x00", &[Some(Nothing)]),
            (b"\x00\x00\x80\x00", &[Some(Nothing), Some(Nothing)]),
            (b"\x81\x00\x80\x00", &[None, Some(Nothing)]),
            (b"\x01\x00\x80\x00\x80\x00", &[None, None, Some(Nothing)]),
            // A frame in between does not continue the message.
            (b"\x01\x00\x81\x00\x80\x00", &[None, Some(Inside), None]),
            (b"\x02\x00\x02\x00\x80\x00\x80\x00", &[None, Some(Inside), None, Some(Nothing)]),
            (b"\x01\x00\x89\x00\x8a\x00\x80\x00", &[None; 4]),
            (b"\x89\x00\x80\x00", &[None, Some(Nothing)]),
        ];
        for (bytes, expected) in cases {
            let expected: Vec<Vec<FrameFault>> =
                expected.iter().map(|fault| fault.iter().copied().collect()).collect();
            assert_eq!(faults_of(bytes), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_frame_is_refused_after_a_close_frame() {
        for following in [b"\x81\x00", b"\x80\x00", b"\x89\x00", b"\x88\x00"] {
            let expected = faults_of(&[b"\x01\x00\x88\x00", &following[..]].concat());
            assert_eq!(expected, [vec![], vec![], vec![FrameFault::AfterClose]], "{following:02x?}");
        }
        assert_eq!(FrameFault::AfterClose.close_code(), None, "the frame is ignored");
    }

    #[test]
    fn a_fault_of_order_precedes_other_faults() {
        assert_eq!(faults_of(b"\xc0\x00"), [[FrameFault::ContinuesNothing, FrameFault::ReservedBit]]);
        assert_eq!(faults_of(b"\x80\x05a"), [[FrameFault::ContinuesNothing, FrameFault::Short(4)]]);
    }

    #[test]
    fn a_fragmented_text_is_checked_as_a_whole() {
        let tea = "茶".as_bytes();
        for at in 0..=tea.len() {
            let (one, two) = tea.split_at(at);
            let part = |first: u8, bytes: &[u8]| [&[first, bytes.len() as u8][..], bytes].concat();
            let whole = [part(0x01, one), part(0x89, b""), part(0x00, b""), part(0x80, two)].concat();
            assert!(faults_of(&whole).iter().all(Vec::is_empty), "{at}");
        }
        let cases: [(&[u8], &[&[FrameFault]]); 7] = [
            (b"\x01\x02a\xff\x80\x00", &[&[FrameFault::NotUtf8(1)], &[]]),
            (b"\x01\x01\xe8\x80\x00", &[&[], &[FrameFault::PartsNotUtf8]]),
            (b"\x01\x01\xe8\x00\x01a\x80\x01\xff", &[&[], &[FrameFault::PartsNotUtf8], &[]]),
            (b"\x02\x01\xff\x80\x01\xff", &[&[], &[]]),
            (b"\x01\x01a\x80\x01\xff\x81\x01b", &[&[], &[FrameFault::PartsNotUtf8], &[]]),
            (b"\x01\x01\xe8\x80\x02\x8c", &[&[], &[FrameFault::Short(1)]]),
            (b"\x01\x01\xe8\x80\x02a", &[&[], &[FrameFault::Short(1), FrameFault::PartsNotUtf8]]),
        ];
        for (bytes, expected) in cases {
            assert_eq!(faults_of(bytes), expected, "{bytes:02x?}");
        }
        for fault in [FrameFault::ContinuesNothing, FrameFault::InsideMessage] {
            assert_eq!((fault.section(), fault.close_code().map(|code| code.number())), ("5.4", Some(1002)));
        }
        assert_eq!(FrameFault::PartsNotUtf8.close_code().map(|code| code.number()), Some(1007));
    }
}
