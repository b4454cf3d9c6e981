//! The frames that wait on a connection, and the frames that are buffered during a replay.

use crate::limits::QUEUE_BYTES_MAX;
use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// The frames that are to leave, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) frames: VecDeque<Bytes>,
    pub(super) bytes: usize,
    /// Whether a part of the first frame has left already.
    is_partly_sent: bool,
    /// Frames that were published since the attach, until the replay has left.
    pub(super) buffer: Option<ReplayBuffer>,
    /// Whether the hub waits for [`hub::Input::Drained`].
    pub(super) notifies_drained: bool,
    /// Whether a close frame is queued. Nothing may follow it.
    pub(super) is_closing: bool,
}

impl Queue {
    /// Removes this many bytes, which have left.
    pub(super) fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while let Some(first) = self.frames.front_mut() {
            if written < first.len() {
                first.advance(written);
                self.is_partly_sent |= written > 0;
                return;
            }
            written -= first.len();
            self.is_partly_sent = false;
            self.frames.pop_front();
        }
    }

    /// Takes the next bytes that are to leave: at most `bytes_max`, and all of one frame.
    pub(super) fn take(&mut self, bytes_max: usize) -> Option<Bytes> {
        let chunk = self.frames.front()?.slice(..bytes_max.min(self.frames.front()?.len()));
        self.advance(chunk.len());
        Some(chunk)
    }

    /// Takes the next frame, whole.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.len());
        Some(frame)
    }

    /// Frees all frames except one that has left in part: the peer would read the next frame as the rest of it.
    pub(super) fn clear(&mut self) {
        let partly_sent = if self.is_partly_sent { self.frames.pop_front() } else { None };
        *self = Queue { is_partly_sent: partly_sent.is_some(), ..Queue::default() };
        self.bytes = partly_sent.as_ref().map_or(0, Bytes::len);
        self.frames.extend(partly_sent);
    }
}

/// Frames that are buffered during a replay.
#[derive(Debug, Default)]
pub(super) struct ReplayBuffer {
    pub(super) frames: Vec<Bytes>,
    pub(super) bytes: usize,
    /// Whether more frames came than may be buffered. They were dropped, and so are those that follow.
    pub(super) has_overflowed: bool,
    /// Replies to commands, and events without a position. No replay holds them, so an overflow keeps
    /// them. They leave behind the frames.
    pub(super) replies: Vec<Bytes>,
    pub(super) reply_bytes: usize,
}

impl ReplayBuffer {
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if self.bytes > QUEUE_BYTES_MAX {
            self.overflow();
        }
        if !self.has_overflowed {
            self.frames.push(frame);
        }
    }

    pub(super) fn overflow(&mut self) {
        self.has_overflowed = true;
        self.bytes = 0;
        self.frames = Vec::new();
    }
}
