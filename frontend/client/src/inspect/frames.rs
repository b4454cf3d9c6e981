//! The frames of the connection, as the server saw them.

use crate::limits::INSPECT_FRAMES_MAX;
use shared::event::trace::{ByteCounts, TracedFrame};
use shared::websocket::{Frame, FrameFault};
use std::collections::VecDeque;
use std::rc::Rc;

/// The frames, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameTable {
    /// The frames that are held.
    pub rows: VecDeque<Rc<FrameRow>>,
    /// The number of old frames that were dropped.
    pub dropped: u32,
    /// The counts of all frames so far, once the server only counts.
    pub counts: Option<ByteCounts>,
    /// The number of the expanded frame.
    pub expanded: Option<u32>,
    first_at: Option<u64>,
    count: u32,
}

/// A frame of the connection, in either direction, as the server's trace reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRow {
    /// The number, from 1.
    pub number: u32,
    /// Milliseconds since the first frame, by the server's clock.
    pub at: u64,
    /// The bytes, as far as the server reported them.
    pub traced: TracedFrame,
    /// The decoded frame.
    pub decoded: Result<Frame, FrameFault>,
    /// The number of payload bytes that arrived but were not reported.
    pub omitted: u64,
}

impl FrameTable {
    pub(super) fn toggle(&mut self, number: u32) {
        self.expanded = if self.expanded == Some(number) { None } else { Some(number) };
    }

    pub(super) fn add(&mut self, at: u64, traced: TracedFrame) {
        let first_at = *self.first_at.get_or_insert(at);
        self.count = self.count.saturating_add(1);
        let mut row = FrameRow {
            number: self.count,
            at: at.saturating_sub(first_at),
            decoded: traced.read(),
            traced,
            omitted: 0,
        };
        let is_full = row.traced.payload.0.len() >= shared::limits::TRACE_PAYLOAD_BYTES_MAX;
        if let Ok(frame) = &mut row.decoded
            && is_full
        {
            // The frame is short only because the server reports no more of it.
            frame.faults.retain(|fault| !matches!(fault, FrameFault::Short(_)));
            row.omitted = frame.header.length - frame.payload.len() as u64;
        }
        self.rows.push_back(Rc::new(row));
        if self.rows.len() > INSPECT_FRAMES_MAX {
            self.rows.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::event::trace::HexBytes;
    use shared::limits::TRACE_PAYLOAD_BYTES_MAX;
    use shared::websocket::{Opcode, Side};

    fn traced(length: usize, reported: usize) -> TracedFrame {
        let whole = Frame::write(Opcode::Text, &vec![b'x'; length], Some([1, 2, 3, 4]));
        let (header, payload) = whole.split_at(whole.len() - length);
        TracedFrame {
            from: Side::Client,
            header: HexBytes(header.into()),
            payload: HexBytes(payload[..reported].into()),
        }
    }

    #[test]
    fn payload_bytes_that_the_server_omits_are_no_fault() {
        let max = TRACE_PAYLOAD_BYTES_MAX;
        for (length, reported, omitted, faults) in [
            (max - 1, max - 1, 0, vec![]),
            (max, max, 0, vec![]),
            (max + 1, max, 1, vec![]),
            (70_000, max, 70_000 - max as u64, vec![]),
            (max + 1, 3, 0, vec![FrameFault::Short(max as u64 - 2)]),
        ] {
            let mut frames = FrameTable::default();
            frames.add(1_000, traced(length, reported));
            let row = &frames.rows[0];
            assert_eq!((row.omitted, &row.decoded.as_ref().unwrap().faults), (omitted, &faults), "{length}");
        }
    }

    #[test]
    fn one_frame_is_expanded_at_a_time() {
        let mut frames = FrameTable::default();
        let looked = [1, 2, 2].map(|number| {
            frames.toggle(number);
            frames.expanded
        });
        assert_eq!(looked, [Some(1), Some(2), None]);
    }

    #[test]
    fn the_oldest_frames_are_dropped_past_the_limit() {
        for (more, dropped) in [(-1, 0), (0, 0), (1, 1)] {
            let mut frames = FrameTable::default();
            for at in 0..i64::try_from(INSPECT_FRAMES_MAX).unwrap() + more {
                frames.add(500 + u64::try_from(at).unwrap(), traced(3, 3));
            }
            assert_eq!((frames.dropped, frames.rows[0].number), (dropped, dropped + 1));
            assert_eq!(frames.rows[0].at, u64::from(dropped));
            assert!(frames.rows.len() <= INSPECT_FRAMES_MAX);
        }
    }
}
