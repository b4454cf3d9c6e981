//! Finds pings behind messages that must wait: a ping is answered as soon as is practical (RFC 6455 §5.5.2), although
//! a client over its rate is not read for a while.
//!
//! The scan looks through bytes that wait undecoded, from one frame to the next. It judges no frame: the decoder does
//! when their turn comes.

use shared::websocket::{
    FrameHeader, Opcode,
    header::{CONTROL_BYTES_MAX, mask},
};

/// Position of the scan in the bytes that wait.
#[derive(Debug, Default)]
pub(super) struct PingScan {
    /// Bytes from the first one that waits to the next frame that was not looked at.
    offset: usize,
    /// Pings that were found and not decoded yet.
    found: usize,
}

impl PingScan {
    /// The payload of the next ping in the bytes that wait, which begin with a frame. None if no further one is whole.
    pub(super) fn next(&mut self, waiting: &[u8]) -> Option<Vec<u8>> {
        loop {
            let frame = waiting.get(self.offset..)?;
            let header = FrameHeader::read(frame).ok()?;
            // Nothing counts behind a close or a frame that cannot be skipped.
            let (key, length) = (header.mask?, usize::try_from(header.length).ok()?);
            let end = header.bytes().checked_add(length).filter(|_| header.opcode != Opcode::Close)?;
            if header.opcode == Opcode::Ping && header.length <= CONTROL_BYTES_MAX {
                let mut payload = frame.get(header.bytes()..end)?.to_vec();
                mask(&mut payload, key);
                self.offset += end;
                self.found += 1;
                return Some(payload);
            }
            self.offset = self.offset.checked_add(end)?;
        }
    }

    /// Notes that so many of the bytes that wait were decoded.
    pub(super) fn note_decoded(&mut self, bytes: usize) {
        self.offset = self.offset.saturating_sub(bytes);
    }

    /// Whether the ping that was decoded now was found before.
    pub(super) fn take_found(&mut self) -> bool {
        let was_found = self.found > 0;
        self.found = self.found.saturating_sub(1);
        was_found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::websocket::Frame;

    const KEY: [u8; 4] = [1, 2, 3, 4];

    fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        Frame::write(opcode, payload, Some(KEY))
    }

    #[test]
    fn each_ping_is_found_once_however_the_bytes_arrive() {
        let longest = [b'x'; 125];
        let frames = [
            frame(Opcode::Text, b"first"),
            frame(Opcode::Ping, b"one"),
            frame(Opcode::Binary, &[0x89; 70_000]),
            frame(Opcode::Ping, b""),
            frame(Opcode::Pong, b"pong"),
            frame(Opcode::Ping, &longest),
            frame(Opcode::Text, b"last"),
        ];
        let bytes = frames.concat();
        for step in [1, 100, bytes.len()] {
            let (mut scan, mut found) = (PingScan::default(), Vec::new());
            for end in (0..bytes.len()).step_by(step).chain([bytes.len()]) {
                while let Some(payload) = scan.next(&bytes[..end]) {
                    found.push(payload);
                }
            }
            assert_eq!(found, [b"one".to_vec(), Vec::new(), longest.to_vec()], "{step}");
            // The decoder meets the same pings, and no further one.
            assert_eq!([0; 4].map(|_| scan.take_found()), [true, true, true, false]);
        }
    }

    #[test]
    fn the_scan_goes_on_where_it_was_when_messages_are_decoded() {
        let (text, ping) = (frame(Opcode::Text, b"text"), frame(Opcode::Ping, b"p"));
        let bytes = [&text[..], &ping, &text, &ping].concat();
        let mut scan = PingScan::default();
        assert_eq!(scan.next(&bytes[..text.len() + ping.len()]), Some(b"p".to_vec()));
        scan.note_decoded(text.len());
        assert_eq!(scan.next(&bytes[text.len()..]), Some(b"p".to_vec()), "the second one");
        scan.note_decoded(bytes.len() - text.len());
        assert_eq!(scan.next(&ping), Some(b"p".to_vec()), "all before is decoded");
    }

    #[test]
    fn no_ping_is_found_behind_a_close_or_a_frame_without_a_key() {
        let ping = frame(Opcode::Ping, b"p");
        let long = FrameHeader::of(Opcode::Ping, Some(KEY), 126).write();
        for before in [
            frame(Opcode::Close, b""),
            Frame::write(Opcode::Text, b"no key", None),
            FrameHeader::of(Opcode::Text, Some(KEY), u64::MAX).write(),
        ] {
            assert_eq!(PingScan::default().next(&[before, ping.clone()].concat()), None);
        }
        assert_eq!(PingScan::default().next(&[long, vec![0; 126]].concat()), None, "too long for a ping");
        assert_eq!(PingScan::default().next(&[]), None);
    }
}
