//! What waits on a connection: the frames that are to leave, and those that are
//! held back until what was missed is there.

use crate::limits::QUEUE_BYTES_MAX;
use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// The frames that are to leave, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) frames: VecDeque<Bytes>,
    pub(super) bytes: usize,
    /// A part of the first frame has left already.
    is_begun: bool,
    /// What was published since the attach, until what was missed is there.
    pub(super) held: Option<Held>,
    /// The registry wants to know when the frames have left.
    pub(super) is_drain_asked: bool,
    /// A close frame is queued: nothing may follow it.
    pub(super) is_closing: bool,
}

impl Queue {
    /// So many bytes have left.
    pub(super) fn advance(&mut self, mut taken: usize) {
        self.bytes = self.bytes.saturating_sub(taken);
        while let Some(first) = self.frames.front_mut() {
            if taken < first.len() {
                first.advance(taken);
                self.is_begun |= taken > 0;
                return;
            }
            taken -= first.len();
            self.is_begun = false;
            self.frames.pop_front();
        }
    }

    /// The first bytes that are to leave, at most so many.
    pub(super) fn take(&mut self, bytes_max: usize) -> Option<Bytes> {
        let chunk = self.frames.front()?.slice(..bytes_max.min(self.frames.front()?.len()));
        self.advance(chunk.len());
        Some(chunk)
    }

    /// The first frame that is to leave, whole.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.len());
        Some(frame)
    }

    /// Frees all but a frame of which a part has left: its peer would take what follows for the rest of it.
    pub(super) fn clear(&mut self) {
        let begun = if self.is_begun { self.frames.pop_front() } else { None };
        *self = Queue { is_begun: begun.is_some(), ..Queue::default() };
        self.bytes = begun.as_ref().map_or(0, Bytes::len);
        self.frames.extend(begun);
    }
}

/// Frames that are held back.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) frames: Vec<Bytes>,
    pub(super) bytes: usize,
    /// There were more than may be held: they are gone, and so is what comes.
    pub(super) is_over: bool,
    /// Answers to what the client asked meanwhile, and words without a position. They are nowhere to
    /// be read again, so they stay; they leave behind the frames.
    pub(super) answers: Vec<Bytes>,
    pub(super) answer_bytes: usize,
}

impl Held {
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if self.bytes > QUEUE_BYTES_MAX {
            self.overflow();
        }
        if !self.is_over {
            self.frames.push(frame);
        }
    }

    pub(super) fn overflow(&mut self) {
        self.is_over = true;
        self.bytes = 0;
        self.frames = Vec::new();
    }
}
