//! A replay on one connection: its frames leave first, and what is published meanwhile is buffered.

use super::{
    Connection,
    queue::{BufferedReply, ReplayBuffer},
};
use crate::limits::QUEUE_BYTES_MAX;
use bytes::Bytes;
use hub::Input;

impl Connection {
    /// Queues a frame of the replay, ahead of buffered frames. The bound does not count it: the hub sends
    /// the replay in small parts, and waits until each has left.
    pub fn send_replay(&self, frame: Bytes) {
        self.is_urgent.set(true);
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        let traced = self.tracer.get().and_then(|tracer| tracer.sent(&frame));
        queue.push_replay(frame);
        traced.into_iter().for_each(|traced| queue.push(traced));
        drop(queue);
        self.bound_held();
    }

    /// Buffers frames until [`Connection::release`]. Frames that were buffered before are dropped, except
    /// replies: the replay that follows holds the events, and nothing holds the replies.
    pub fn buffer(&self) {
        self.is_attached.set(true);
        let mut queue = self.queue.borrow_mut();
        let before: ReplayBuffer = queue.buffer.take().unwrap_or_default();
        queue.buffer = Some(before.into_replies());
    }

    /// Whether frames are buffered during a replay.
    pub fn is_buffering(&self) -> bool {
        self.queue.borrow().buffer.is_some()
    }

    /// Queues the buffered frames. If the buffer has overflowed, the hub gets
    /// [`Input::BufferOverflowed`] instead, and frames are buffered on.
    pub fn release(&self) {
        let mut queue = self.queue.borrow_mut();
        let Some(mut buffer) = queue.buffer.take() else { return };
        if buffer.has_overflowed || queue.bytes() + buffer.bytes + buffer.reply_bytes > QUEUE_BYTES_MAX {
            buffer.overflow();
            queue.buffer = Some(buffer);
            return self.inputs.push(Input::BufferOverflowed(self.session));
        }
        drop(queue);
        buffer.frames.into_iter().for_each(|frame| self.enqueue(frame));
        for BufferedReply { frame, is_own } in buffer.replies {
            self.enqueue_frame(frame, is_own);
        }
    }
}
