//! WebSocket frames and their faults. Any bytes are read, and each broken rule is reported.

use super::header::{CONTROL_BYTES_MAX, FrameHeader, LengthForm, Opcode, mask};
use crate::CloseCode;
use serde::Serialize;

/// Side that sends a frame. Clients mask their frames, servers do not (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The client, such as a browser, whose frames must be masked.
    Client,
    /// The server, whose frames must not be masked.
    Server,
}

/// Rule that a frame breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFault {
    /// At least this many bytes are missing.
    Short(u64),
    /// A reserved bit is set, but no extension was negotiated.
    ReservedBit,
    /// RFC 6455 defines no meaning for this opcode.
    ReservedOpcode(u8),
    /// A control frame is fragmented.
    ControlInParts,
    /// A control frame's payload is longer than 125 bytes.
    ControlTooLong,
    /// The length is not in its shortest form.
    LengthNotShortest,
    /// The highest bit of the length is set.
    LengthTooGreat,
    /// A client's frame has no mask.
    Unmasked,
    /// A server's frame has a mask.
    Masked,
    /// A continuation frame follows no unfinished message.
    ContinuesNothing,
    /// A new message begins inside an unfinished one.
    InsideMessage,
    /// A frame follows a close frame.
    AfterClose,
    /// A text is not UTF-8 from this byte of the payload on.
    NotUtf8(usize),
    /// A fragment of a text and the fragments before it are not UTF-8 together.
    PartsNotUtf8,
    /// A close frame has one byte of a code.
    HalfCode,
    /// No close frame may carry this code.
    CodeRefused(u16),
}

impl FrameFault {
    /// Returns the section of RFC 6455 that has the rule.
    pub fn section(self) -> &'static str {
        match self {
            FrameFault::Short(_) | FrameFault::ReservedBit | FrameFault::ReservedOpcode(_) => "5.2",
            FrameFault::LengthNotShortest | FrameFault::LengthTooGreat => "5.2",
            FrameFault::ControlInParts | FrameFault::ControlTooLong => "5.5",
            FrameFault::Unmasked | FrameFault::Masked => "5.1",
            FrameFault::ContinuesNothing | FrameFault::InsideMessage => "5.4",
            // After a close frame a peer sends nothing more and ignores what arrives.
            FrameFault::AfterClose => "1.4",
            FrameFault::NotUtf8(_) | FrameFault::PartsNotUtf8 => "8.1",
            FrameFault::HalfCode => "5.5.1",
            FrameFault::CodeRefused(_) => "7.4",
        }
    }

    /// Returns the code with which a peer closes the connection because of this fault. None if more
    /// bytes may arrive, or if the connection is closing already.
    pub fn close_code(self) -> Option<CloseCode> {
        match self {
            FrameFault::Short(_) | FrameFault::AfterClose => None,
            FrameFault::NotUtf8(_) | FrameFault::PartsNotUtf8 => Some(CloseCode::InvalidData),
            _ => Some(CloseCode::Protocol),
        }
    }
}

/// Frame as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Header of the frame.
    pub header: FrameHeader,
    /// Unmasked payload, as far as it is there.
    pub payload: Vec<u8>,
    /// Count of bytes that were read.
    pub bytes: usize,
    /// Broken rules, in the order in which a reader finds them.
    pub faults: Vec<FrameFault>,
}

impl Frame {
    /// Reads a frame of the side `from` at the beginning of `bytes`.
    ///
    /// # Errors
    /// [`FrameFault::Short`] if the header is incomplete.
    pub fn read(bytes: &[u8], from: Side) -> Result<Self, FrameFault> {
        let header =
            FrameHeader::read(bytes).map_err(|needed| FrameFault::Short((needed.0 - bytes.len()) as u64))?;
        let rest = &bytes[header.bytes()..];
        let available = usize::try_from(header.length).unwrap_or(usize::MAX).min(rest.len());
        let mut payload = rest[..available].to_vec();
        if let Some(key) = header.mask {
            mask(&mut payload, key);
        }
        let mut faults = find_header_faults(&header, from);
        match header.length - available as u64 {
            0 => faults.extend(find_payload_fault(&header, &payload)),
            missing => faults.push(FrameFault::Short(missing)),
        }
        Ok(Frame { header, payload, bytes: header.bytes() + available, faults })
    }

    /// Writes an unfragmented frame; `key` masks it, as a client must.
    pub fn write(opcode: Opcode, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
        let mut bytes = FrameHeader::of(opcode, key, payload.len() as u64).write();
        let begin = bytes.len();
        bytes.extend_from_slice(payload);
        if let Some(key) = key {
            mask(&mut bytes[begin..], key);
        }
        bytes
    }
}

fn find_header_faults(header: &FrameHeader, from: Side) -> Vec<FrameFault> {
    let is_control = header.opcode.is_control();
    let reserved = match header.opcode {
        Opcode::Reserved(bits) => Some(FrameFault::ReservedOpcode(bits)),
        _ => None,
    };
    let is_masked = header.mask.is_some();
    let mask = match from {
        Side::Client if !is_masked => Some(FrameFault::Unmasked),
        Side::Server if is_masked => Some(FrameFault::Masked),
        _ => None,
    };
    let rules = [
        (header.rsv != 0).then_some(FrameFault::ReservedBit),
        reserved,
        (is_control && !header.fin).then_some(FrameFault::ControlInParts),
        mask,
        (is_control && header.length > CONTROL_BYTES_MAX).then_some(FrameFault::ControlTooLong),
        (header.form != LengthForm::shortest(header.length)).then_some(FrameFault::LengthNotShortest),
        (header.length >> 63 != 0).then_some(FrameFault::LengthTooGreat),
    ];
    rules.into_iter().flatten().collect()
}

/// Finds faults of the payload. [`super::Sequence`] checks the UTF-8 of fragmented texts, because only
/// the whole text has to be valid.
fn find_payload_fault(header: &FrameHeader, payload: &[u8]) -> Option<FrameFault> {
    match (header.opcode, payload) {
        (Opcode::Text, text) if header.fin => find_invalid_utf8(text, 0),
        (Opcode::Close, [_]) => Some(FrameFault::HalfCode),
        (Opcode::Close, &[high, low, ref reason @ ..]) => {
            let code = u16::from_be_bytes([high, low]);
            if can_be_sent(code) { find_invalid_utf8(reason, 2) } else { Some(FrameFault::CodeRefused(code)) }
        }
        _ => None,
    }
}

fn find_invalid_utf8(text: &[u8], before: usize) -> Option<FrameFault> {
    std::str::from_utf8(text).err().map(|error| FrameFault::NotUtf8(before + error.valid_up_to()))
}

/// Whether a close frame can carry this code (RFC 6455 §7.4 and IANA's registry). 1004, 1005, 1006 and
/// 1015 never cross the wire; 1016 to 2999 are not assigned.
pub fn can_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Whether a page can pass this code to `close(code, reason)` (WHATWG WebSockets §3.1). The protocol
/// reserves the others.
pub fn can_be_passed_to_close(code: u16) -> bool {
    matches!(code, 1000 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn faults(bytes: &[u8], from: Side) -> Vec<FrameFault> {
        Frame::read(bytes, from).unwrap().faults
    }

    #[test]
    fn the_examples_of_rfc_6455_are_read_and_written() {
        // RFC 6455 §5.7, one after the other.
        let hello = b"Hello".as_slice();
        let unmasked = Frame::write(Opcode::Text, hello, None);
        assert_eq!(unmasked, b"\x81\x05Hello");
        let masked = Frame::write(Opcode::Text, hello, Some(KEY));
        assert_eq!(masked, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
        let parts = Frame::read(b"\x01\x03Hel\x80\x02lo", Side::Server).unwrap();
        assert_eq!((parts.header.fin, &parts.payload[..], parts.bytes), (false, &b"Hel"[..], 5));
        let rest = Frame::read(b"\x80\x02lo", Side::Server).unwrap();
        assert_eq!((rest.header.fin, rest.header.opcode), (true, Opcode::Continuation));
        assert_eq!(Frame::write(Opcode::Ping, hello, None), b"\x89\x05Hello");
        let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(Frame::write(Opcode::Pong, hello, Some(KEY)), pong);
        assert_eq!(Frame::write(Opcode::Binary, &[1; 256], None)[..4], [0x82, 0x7e, 0x01, 0x00]);
        let long = Frame::write(Opcode::Binary, &[1; 65_536], None);
        assert_eq!(long[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
        for (bytes, from, payload) in [
            (&unmasked[..], Side::Server, hello),
            (&masked, Side::Client, hello),
            (&pong, Side::Client, hello),
            (&long, Side::Server, &[1; 65_536]),
        ] {
            let frame = Frame::read(bytes, from).unwrap();
            assert_eq!((&frame.payload[..], frame.bytes, &frame.faults[..]), (payload, bytes.len(), &[][..]));
        }
    }

    #[test]
    fn each_broken_rule_is_reported() {
        use Side::{Client, Server};
        let long_ping = [&[0x89, 126, 0, 126][..], &[0; 126]].concat();
        let cases: [(&[u8], Side, &[FrameFault]); 17] = [
            (b"\xc1\x01a", Server, &[FrameFault::ReservedBit]),
            (b"\x83\x00", Server, &[FrameFault::ReservedOpcode(3)]),
            (b"\x8b\x00", Server, &[FrameFault::ReservedOpcode(11)]),
            (b"\x09\x00", Server, &[FrameFault::ControlInParts]),
            (&long_ping, Server, &[FrameFault::ControlTooLong]),
            (&[0x82, 126, 0, 1, 7], Server, &[FrameFault::LengthNotShortest]),
            (&[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1, 7], Server, &[FrameFault::LengthNotShortest]),
            (
                &[0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0],
                Server,
                &[FrameFault::LengthTooGreat, FrameFault::Short(1 << 63)],
            ),
            (b"\x81\x01a", Client, &[FrameFault::Unmasked]),
            (&[0x81, 0x80, 1, 2, 3, 4], Server, &[FrameFault::Masked]),
            (b"\x81\x03a\xff\x61", Server, &[FrameFault::NotUtf8(1)]),
            (b"\x01\x01\xe8", Server, &[]),
            (b"\x88\x01\x03", Server, &[FrameFault::HalfCode]),
            (b"\x88\x02\x03\xed", Server, &[FrameFault::CodeRefused(1005)]),
            (b"\x88\x03\x03\xe8\xff", Server, &[FrameFault::NotUtf8(2)]),
            (b"\x88\x00", Server, &[]),
            (b"\x81\x05Hel", Server, &[FrameFault::Short(2)]),
        ];
        for (bytes, from, expected) in cases {
            assert_eq!(faults(bytes, from), expected, "{bytes:02x?}");
        }
        for fault in cases.into_iter().flat_map(|(.., expected)| expected) {
            assert!(fault.section() >= "5.1", "{fault:?}");
            assert_eq!(fault.close_code().is_none(), matches!(fault, FrameFault::Short(_)));
        }
        assert_eq!(Frame::read(&[], Server), Err(FrameFault::Short(2)));
        assert_eq!(Frame::read(&[0x81, 0xfe, 0], Server), Err(FrameFault::Short(5)));
    }

    #[test]
    fn any_first_two_bytes_are_read() {
        // Every first two bytes, and lengths that say more than there is.
        for bits in 0..=u16::MAX {
            let [first, second] = bits.to_be_bytes();
            let bytes = [&[first, second][..], &[0xff; 20]].concat();
            let frame = Frame::read(&bytes, Side::Client).unwrap();
            assert!(frame.bytes <= bytes.len() && frame.payload.len() <= 20);
        }
    }

    #[test]
    fn random_bytes_are_read_completely_and_written_back() {
        // splitmix64: the same bytes in every run.
        let mut state = 0x7ea_u64;
        let mut draw = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        for _ in 0..20_000 {
            let many = draw() % 64;
            let bytes: Vec<u8> = (0..many).map(|_| draw().to_le_bytes()[0]).collect();
            for from in [Side::Client, Side::Server] {
                let mut rest = &bytes[..];
                while let Ok(frame) = Frame::read(rest, from) {
                    let (read, following) = rest.split_at(frame.bytes);
                    let mut again = frame.payload.clone();
                    if let Some(key) = frame.header.mask {
                        mask(&mut again, key);
                    }
                    assert_eq!([frame.header.write(), again].concat(), read);
                    let short = frame.faults.iter().any(|fault| matches!(fault, FrameFault::Short(_)));
                    assert_eq!(short, frame.header.length > frame.payload.len() as u64);
                    rest = following;
                }
                let Err(FrameFault::Short(more)) = Frame::read(rest, from) else { panic!("{rest:02x?}") };
                assert!((1..=14).contains(&more), "{rest:02x?}");
            }
        }
    }

    #[test]
    fn a_close_code_is_refused_when_it_is_reserved() {
        let sent: Vec<u16> = (0..=u16::MAX).filter(|code| can_be_sent(*code)).collect();
        assert_eq!(sent.len(), 4 + 8 + 2000);
        for (code, may) in [
            (999, false),
            (1000, true),
            (1001, false),
            (2999, false),
            (3000, true),
            (4999, true),
            (5000, false),
        ] {
            assert_eq!(can_be_passed_to_close(code), may, "{code}");
        }
    }
}
