//! Checks the header of every inbound WebSocket frame before its payload is buffered (RFC 6455 §5).
//!
//! A header that declares 2⁶² bytes would otherwise let a peer fill the memory. The rules are: the payload is
//! masked, no reserved bit and no reserved opcode is set, a control frame is whole and has at most 125 bytes,
//! fragments follow their message, and a message has at most its limit of bytes, all fragments together.

use shared::{
    CloseCode,
    websocket::{FrameHeader, Opcode, header::CONTROL_BYTES_MAX},
};

/// Checks the frames of one connection, in their order.
#[derive(Debug)]
pub struct FrameGuard {
    message_max: usize,
    /// Kind of the message of which more fragments follow.
    unfinished: Option<Opcode>,
    /// Payload bytes of that message so far.
    message_bytes: u64,
}

impl FrameGuard {
    /// A guard for messages of at most `message_max` bytes.
    pub fn new(message_max: usize) -> Self {
        FrameGuard { message_max, unfinished: None, message_bytes: 0 }
    }

    /// Whether more fragments of a message must follow.
    pub fn is_within_message(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Checks the next header. Returns the kind of the message or control frame that it belongs to.
    ///
    /// # Errors
    ///
    /// The close code for the rule that the header breaks.
    pub fn check(&mut self, header: &FrameHeader) -> Result<Opcode, CloseCode> {
        if header.mask.is_none() || header.rsv != 0 || header.length >> 63 != 0 {
            return Err(CloseCode::Protocol);
        }
        if header.opcode.is_control() {
            let is_short = header.length <= CONTROL_BYTES_MAX && header.fin;
            let is_known = !matches!(header.opcode, Opcode::Reserved(_));
            return if is_short && is_known { Ok(header.opcode) } else { Err(CloseCode::Protocol) };
        }
        let kind = match (header.opcode, self.unfinished) {
            (Opcode::Continuation, Some(kind)) => kind,
            (kind @ (Opcode::Text | Opcode::Binary), None) => kind,
            _ => return Err(CloseCode::Protocol),
        };
        self.message_bytes = self.message_bytes.saturating_add(header.length);
        if self.message_bytes > self.message_max as u64 {
            return Err(CloseCode::TooBig);
        }
        self.unfinished = (!header.fin).then_some(kind);
        if header.fin {
            self.message_bytes = 0;
        }
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(fin: bool, opcode: Opcode, length: u64) -> FrameHeader {
        FrameHeader { fin, ..FrameHeader::of(opcode, Some([1, 2, 3, 4]), length) }
    }

    fn check(max: usize, headers: &[FrameHeader]) -> Result<(), CloseCode> {
        let mut guard = FrameGuard::new(max);
        headers.iter().try_for_each(|header| guard.check(header).map(drop))
    }

    #[test]
    fn a_message_is_refused_by_its_declared_length() {
        let max = 65_536;
        for (length, expected) in [
            (0, Ok(())),
            (65_535, Ok(())),
            (65_536, Ok(())),
            (65_537, Err(CloseCode::TooBig)),
            (1 << 62, Err(CloseCode::TooBig)),
            (1 << 63, Err(CloseCode::Protocol)),
        ] {
            for opcode in [Opcode::Text, Opcode::Binary] {
                assert_eq!(check(max, &[header(true, opcode, length)]), expected, "{length}");
            }
        }
    }

    #[test]
    fn fragments_are_counted_together_without_control_frames() {
        let (text, more, ping) = (Opcode::Text, Opcode::Continuation, Opcode::Ping);
        let whole = [
            header(false, text, 60),
            header(true, ping, 125),
            header(true, more, 40),
            header(true, text, 100),
        ];
        assert_eq!(check(100, &whole), Ok(()));
        let over = [header(false, text, 60), header(false, more, 40), header(true, more, 1)];
        assert_eq!(check(100, &over), Err(CloseCode::TooBig));
    }

    #[test]
    fn a_control_frame_is_short_and_whole() {
        for (fin, length, is_right) in
            [(true, 124, true), (true, 125, true), (true, 126, false), (false, 1, false)]
        {
            for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
                assert_eq!(
                    check(1_000, &[header(fin, opcode, length)]).is_ok(),
                    is_right,
                    "{opcode:?} {length}"
                );
            }
        }
    }

    #[test]
    fn a_broken_header_is_a_protocol_error() {
        let text = header(true, Opcode::Text, 1);
        for broken in [
            FrameHeader { mask: None, ..text },
            FrameHeader { rsv: 4, ..text },
            FrameHeader { rsv: 1, ..text },
            FrameHeader { opcode: Opcode::Reserved(3), ..text },
            FrameHeader { opcode: Opcode::Reserved(11), ..text },
            FrameHeader { opcode: Opcode::Continuation, ..text },
        ] {
            assert_eq!(check(1_000, &[broken]), Err(CloseCode::Protocol), "{broken:?}");
        }
        let begun = header(false, Opcode::Text, 1);
        assert_eq!(check(1_000, &[begun, text]), Err(CloseCode::Protocol), "a message within a message");
    }
}
