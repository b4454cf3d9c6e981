//! Parses a client's frames for the trace, out of a stream of bytes that is cut anywhere.

use shared::{
    event::trace::{HexBytes, TracedFrame},
    limits::TRACE_PAYLOAD_BYTES_MAX,
    websocket::{FrameHeader, Side},
};

/// The frame that is being read.
#[derive(Debug, Default)]
pub(super) struct InboundFrames {
    /// Bytes of the header so far.
    header: Vec<u8>,
    /// The header, once it is complete.
    read: Option<FrameHeader>,
    payload: Vec<u8>,
    /// Payload bytes still to come that are not reported.
    skip: u64,
}

impl InboundFrames {
    /// Parses the next bytes. Calls `on_frame` with each frame and its length, header included, as soon as
    /// everything that is reported of it has come.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut on_frame: impl FnMut(TracedFrame, u64)) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let step = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
                self.skip -= step as u64;
                bytes = &bytes[step..];
                continue;
            }
            let Some(header) = self.read else {
                self.header.push(bytes[0]);
                bytes = &bytes[1..];
                self.read = FrameHeader::read(&self.header).ok();
                self.finish_if_complete(&mut on_frame);
                continue;
            };
            let step = (traced_length(&header) - self.payload.len()).min(bytes.len());
            self.payload.extend_from_slice(&bytes[..step]);
            bytes = &bytes[step..];
            self.finish_if_complete(&mut on_frame);
        }
    }

    /// Reports an incomplete frame at the end of the stream, with the bytes that arrived.
    pub(super) fn end(&mut self, on_frame: impl FnOnce(TracedFrame, u64)) {
        if !self.header.is_empty() {
            let length = (self.header.len() + self.payload.len()) as u64;
            on_frame(self.take(), length);
        }
    }

    fn finish_if_complete(&mut self, on_frame: &mut impl FnMut(TracedFrame, u64)) {
        let Some(header) = self.read.filter(|header| traced_length(header) == self.payload.len()) else {
            return;
        };
        self.skip = header.length - self.payload.len() as u64;
        on_frame(self.take(), header.length.saturating_add(header.bytes() as u64));
    }

    fn take(&mut self) -> TracedFrame {
        self.read = None;
        let (header, payload) = (std::mem::take(&mut self.header), std::mem::take(&mut self.payload));
        TracedFrame { from: Side::Client, header: HexBytes(header), payload: HexBytes(payload) }
    }
}

fn traced_length(header: &FrameHeader) -> usize {
    usize::try_from(header.length).unwrap_or(usize::MAX).min(TRACE_PAYLOAD_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::websocket::{Frame, Opcode};

    const KEY: [u8; 4] = [1, 2, 3, 4];

    #[test]
    fn frames_are_traced_alike_however_they_are_cut() {
        let lengths = [0, 1, 63, 64, 65, 125, 126, 65_535, 65_536];
        let frames: Vec<_> =
            lengths.iter().map(|length| Frame::write(Opcode::Binary, &vec![7; *length], Some(KEY))).collect();
        for step in [1, 3, 14, 1 << 20] {
            let mut traced = Vec::new();
            let mut inbound = InboundFrames::default();
            for chunk in frames.concat().chunks(step) {
                inbound.feed(chunk, |frame, length| traced.push((frame, length)));
            }
            inbound.end(|frame, _| panic!("{frame:?} is left"));
            assert_eq!(traced.len(), lengths.len());
            for ((frame, length), whole) in traced.into_iter().zip(&frames) {
                let (header, payload) = (frame.header.0, frame.payload.0);
                assert_eq!(length, whole.len() as u64);
                assert_eq!(payload.len(), (whole.len() - header.len()).min(TRACE_PAYLOAD_BYTES_MAX));
                assert_eq!([&header[..], &payload].concat(), whole[..header.len() + payload.len()]);
            }
        }
    }

    #[test]
    fn a_cut_frame_is_traced_as_far_as_it_came() {
        let whole = Frame::write(Opcode::Text, b"Hello", Some(KEY));
        for received in 1..whole.len() {
            let mut inbound = InboundFrames::default();
            inbound.feed(&whole[..received], |frame, _| panic!("{frame:?} is not whole"));
            let mut traced = None;
            inbound.end(|frame, length| traced = Some((frame, length)));
            let (frame, length) = traced.unwrap();
            assert_eq!([frame.header.0, frame.payload.0].concat(), whole[..received]);
            assert_eq!(length, received as u64);
        }
    }

    #[test]
    fn a_long_frame_is_traced_before_its_payload_ends() {
        let mut bytes = vec![0x82, 0xff];
        bytes.extend(u64::MAX.to_be_bytes());
        bytes.extend(KEY);
        bytes.extend([0; 100]);
        let (mut inbound, mut traced) = (InboundFrames::default(), 0);
        inbound.feed(&bytes, |frame, length| {
            assert_eq!((frame.payload.0.len(), length), (TRACE_PAYLOAD_BYTES_MAX, u64::MAX));
            traced += 1;
        });
        assert_eq!(traced, 1);
    }
}
