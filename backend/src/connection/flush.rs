//! How queued frames leave: straight to the kernel, or to the task that waits for them.
//!
//! That task is the dispatcher of a WebSocket, or the body of a response over plain HTTP, which takes whole frames.

use super::{Connection, queue::Queue};
use bytes::Bytes;
use hub::{Input, session::SessionKind};
use shared::Event;
use std::task::{Context, Poll};

impl Connection {
    /// Notes that something was queued. Returns true if no [`Connection::flush`] was due before.
    pub fn mark_dirty(&self) -> bool {
        !self.is_dirty.replace(true)
    }

    /// Whether something was queued since the last call of [`Connection::flush`].
    pub fn is_dirty(&self) -> bool {
        self.is_dirty.get()
    }

    /// Notes that something was queued that nobody waits for. Returns true if no
    /// [`Connection::flush_later_frames`] was due before.
    pub fn mark_for_later_flush(&self) -> bool {
        !self.is_flushed_later.replace(true)
    }

    /// Flushes, unless everything has left meanwhile. Returns whether it flushed.
    pub fn flush_later_frames(&self) -> bool {
        self.is_flushed_later.set(false);
        let has_frames = !self.is_empty();
        if has_frames {
            self.flush();
        }
        has_frames
    }

    /// Queues frames and flushes. A single frame that nothing precedes goes to the kernel without a place in the
    /// queue, as far as the kernel takes it.
    pub fn enqueue_and_flush(&self, frames: &[Bytes]) {
        match frames {
            [frame] if self.is_waiting.get() && self.takes_joined_frames() => {
                let mut queue = self.queue.borrow_mut();
                if !queue.is_empty() || queue.is_closing || queue.buffer.is_some() {
                    drop(queue);
                    self.enqueue(frame.clone());
                } else {
                    let written = self.direct_writer.try_write_frame(frame);
                    if written == frame.len() {
                        return;
                    }
                    queue.push(frame.clone());
                    queue.advance(written);
                }
            }
            _ => frames.iter().for_each(|frame| self.enqueue(frame.clone())),
        }
        self.flush();
    }

    /// Starts to write the queued frames. Callers that queue frames call this once afterwards.
    pub fn flush(&self) {
        self.is_dirty.set(false);
        if !self.is_waiting.get() {
            // The dispatcher was woken, or has not polled yet: it takes the queued frames.
            return;
        }
        if self.direct_writer.is_end_waiting() {
            // Nobody reads the frames. The dispatcher is woken when it is the turn of this end.
            return;
        }
        let mut queue = self.queue.borrow_mut();
        self.write(&mut queue);
        let is_empty = queue.is_empty() && !queue.is_closing;
        if is_empty && std::mem::take(&mut queue.notifies_drained) {
            self.inputs.push(Input::Drained(self.session));
        }
        drop(queue);
        // A response over plain HTTP waits for more than frames: also to learn that there are none.
        if !is_empty || self.kind != SessionKind::WebSocket {
            self.wake();
        }
    }

    /// Writes the queued frames as far as the kernel takes them now. The dispatcher must be waiting.
    pub(super) fn write(&self, queue: &mut Queue) {
        while !queue.is_empty() {
            match self.direct_writer.try_write(queue.frames()) {
                0 => break,
                written => queue.advance(written),
            }
        }
    }

    /// The next whole frame, for transports that send frames in another form; `None` after a close.
    pub fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut queue = self.queue.borrow_mut();
        let frame = queue.pop();
        if frame.is_some() || queue.is_closing {
            return Poll::Ready(frame);
        }
        if std::mem::take(&mut queue.notifies_drained) {
            self.inputs.push(Input::Drained(self.session));
        }
        drop(queue);
        self.wait(cx);
        Poll::Pending
    }

    /// The answer to the command of this request.
    ///
    /// # Errors
    ///
    /// The code with which the hub closed the session instead.
    pub fn poll_answer(&self, cx: &Context<'_>) -> Poll<Result<Box<Event>, u16>> {
        if let Some(event) = self.answer.take() {
            return Poll::Ready(Ok(event));
        }
        if let Some(code) = self.close_code() {
            return Poll::Ready(Err(code));
        }
        self.wait(cx);
        Poll::Pending
    }

    /// Returns when something was queued or released.
    pub async fn wait_for_change(&self) {
        let mut is_polled = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut is_polled, true) && !self.is_waiting.get() {
                return Poll::Ready(());
            }
            self.wait(cx);
            Poll::Pending
        })
        .await;
    }

    pub(super) fn wait(&self, cx: &Context<'_>) {
        self.is_waiting.set(true);
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    fn wake(&self) {
        if self.is_waiting.take()
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}
