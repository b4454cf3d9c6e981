//! The frames that wait on a connection, and the frames that are buffered during a replay.

use crate::connection::address_limits::HeldBytes;
use crate::limits::{ANSWER_BYTES_MAX, QUEUE_BYTES_MAX, QUEUE_FRAMES_KEPT};
use bytes::{Buf, Bytes};
use std::{collections::VecDeque, task::Waker};

/// Bytes that a queued frame takes beside its content: its entry in the queue. Short frames take more by
/// their number than by their content, so the bounds count it.
pub(super) const ENTRY_BYTES: usize = size_of::<Bytes>();

/// Bytes that these frames take while they wait.
pub(super) fn queued_bytes(frame: &Bytes) -> usize {
    ENTRY_BYTES + frame.len()
}

/// The frames that are to leave, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    frames: VecDeque<Bytes>,
    /// Sum of the frames' [`queued_bytes`].
    bytes: usize,
    /// Bytes of a replay among them. The bound of a slow reader does not count these.
    replay_bytes: usize,
    /// Numbers of the frames that only this connection holds, among all that were ever queued. Others share the rest.
    own: VecDeque<u64>,
    /// Number of the first frame.
    first: u64,
    /// Sum of the own frames' [`queued_bytes`].
    own_bytes: usize,
    /// Bytes of the first frame that have left, if it is an own one. Its memory stays until it has left whole.
    own_sent_bytes: usize,
    /// Counts the own frames for the IP address.
    pub(super) held: HeldBytes,
    /// Waker of the task that reads, if it waits for own frames to leave.
    pub(super) reader: Option<Waker>,
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
    /// Adds a frame behind the others.
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += queued_bytes(&frame);
        self.frames.push_back(frame);
    }

    /// Adds a frame that only this connection holds.
    pub(super) fn push_own(&mut self, frame: Bytes) {
        self.own.push_back(self.first + self.frames.len() as u64);
        self.own_bytes += queued_bytes(&frame);
        self.push(frame);
        self.note_held();
    }

    /// Adds a frame of a replay behind the others.
    pub(super) fn push_replay(&mut self, frame: Bytes) {
        self.replay_bytes += queued_bytes(&frame);
        self.push_own(frame);
    }

    /// Counts for the IP address what only this connection holds.
    pub(super) fn note_held(&mut self) {
        self.held.set(self.held_bytes() + self.own_sent_bytes);
        if !self.holds_many_answers()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }

    /// Bytes that only this connection holds, buffered ones included.
    fn held_bytes(&self) -> usize {
        self.own_bytes + self.buffer.as_ref().map_or(0, |buffer| buffer.own_bytes)
    }

    /// Whether so many own frames wait that the client should not send more requests.
    pub(super) fn holds_many_answers(&self) -> bool {
        self.held_bytes() > ANSWER_BYTES_MAX
    }

    /// Whether only this connection holds the first frame.
    fn is_first_own(&self) -> bool {
        self.own.front() == Some(&self.first)
    }

    fn subtract_own(&mut self, bytes: usize) {
        self.own_bytes -= bytes;
        self.note_held();
    }

    /// The frames, in order. Of the first one a part may have left already.
    pub(super) fn frames(&self) -> &VecDeque<Bytes> {
        &self.frames
    }

    /// Whether no frame waits.
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes that the waiting frames take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the waiting frames take, less those of a replay.
    pub(super) fn counted_bytes(&self) -> usize {
        self.bytes - self.replay_bytes
    }

    /// Subtracts bytes that have left. The replay leaves first.
    fn subtract(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.replay_bytes = self.replay_bytes.saturating_sub(bytes);
    }

    /// Removes this many bytes of content, which have left.
    pub(super) fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.frames.front_mut() {
            if written < first.len() {
                first.advance(written);
                self.subtract(written);
                if self.is_first_own() {
                    self.own_sent_bytes += written;
                    self.subtract_own(written);
                }
                self.is_partly_sent |= written > 0;
                return;
            }
            written -= first.len();
            self.pop();
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
        self.subtract(queued_bytes(&frame));
        if self.is_first_own() {
            self.own.pop_front();
            self.own_sent_bytes = 0;
            self.subtract_own(queued_bytes(&frame));
        }
        self.first += 1;
        self.is_partly_sent = false;
        if self.frames.is_empty() && self.frames.capacity() > QUEUE_FRAMES_KEPT {
            // A connection that was behind once must not keep the entries of its longest queue.
            self.frames = VecDeque::new();
            self.own = VecDeque::new();
        }
        Some(frame)
    }

    /// Frees all frames except one that has left in part: the peer would read the next frame as the rest of it.
    pub(super) fn clear(&mut self) {
        let is_own = self.is_first_own();
        let partly_sent = if self.is_partly_sent { self.frames.pop_front() } else { None };
        let (held, reader) = (std::mem::take(&mut self.held), self.reader.take());
        *self = Queue { is_partly_sent: partly_sent.is_some(), held, reader, ..Queue::default() };
        match partly_sent {
            // The copy lets the part that has left go.
            Some(frame) if is_own => self.push_own(Bytes::copy_from_slice(&frame)),
            Some(frame) => self.push(frame),
            None => {}
        }
        self.note_held();
    }
}

/// Frames that are buffered during a replay.
#[derive(Debug, Default)]
pub(super) struct ReplayBuffer {
    pub(super) frames: Vec<Bytes>,
    /// Sum of the frames' [`queued_bytes`].
    pub(super) bytes: usize,
    /// Whether more frames came than may be buffered. They were dropped, and so are those that follow.
    pub(super) has_overflowed: bool,
    /// Replies to commands, pongs, and events without a position. No replay holds them, so an overflow keeps
    /// them. They leave behind the frames.
    pub(super) replies: Vec<BufferedReply>,
    /// Sum of the replies' [`queued_bytes`].
    pub(super) reply_bytes: usize,
    /// The part of these bytes that only this connection holds.
    own_bytes: usize,
}

/// A buffered frame that no replay holds.
#[derive(Debug)]
pub(super) struct BufferedReply {
    pub(super) frame: Bytes,
    /// Whether only this connection holds the frame.
    pub(super) is_own: bool,
}

impl ReplayBuffer {
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += queued_bytes(&frame);
        if self.bytes > QUEUE_BYTES_MAX {
            self.overflow();
        }
        if !self.has_overflowed {
            self.frames.push(frame);
        }
    }

    pub(super) fn push_reply(&mut self, frame: Bytes, is_own: bool) {
        self.reply_bytes += queued_bytes(&frame);
        if is_own {
            self.own_bytes += queued_bytes(&frame);
        }
        self.replies.push(BufferedReply { frame, is_own });
    }

    /// Frees the events, which the replay that follows holds, and keeps the rest.
    pub(super) fn into_replies(self) -> Self {
        ReplayBuffer { frames: Vec::new(), bytes: 0, has_overflowed: false, ..self }
    }

    pub(super) fn overflow(&mut self) {
        self.has_overflowed = true;
        self.bytes = 0;
        self.frames = Vec::new();
    }
}
