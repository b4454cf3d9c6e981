//! Writes frames straight to the kernel, past the buffer of actix-http.
//!
//! actix-http owns the socket: it reads, and it writes the head and the body of each response. While a
//! WebSocket has nothing in actix-http's buffer, a frame may go straight to the kernel: no task is woken and
//! nothing is copied. Bytes that the kernel does not take at once leave through the response's body. Until
//! all of them are written, no frame bypasses the buffer.
//!
//! The state of the buffer follows from the calls of the dispatcher. It polls the body for bytes only after
//! it has put the head into its buffer. It flushes the socket only after the socket has taken the whole
//! buffer.
//!
//! The server of a WebSocket closes TCP first (RFC 6455 §7.1.1), and sends nothing behind its close frame.
//! actix-http lingers before it closes, because an HTTP client that still sends a body would lose the
//! response. So the direct writer shuts down the sending half at the flush behind the last frame. The other
//! half is read on.

use crate::connection::head_recorder::HeadRecorder;
use crate::limits::SLICES_MAX;
use crate::metrics::worker_counts::count_write;
use bytes::Bytes;
use futures_util::FutureExt as _;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncWrite as _, Interest},
    net::tcp::OwnedWriteHalf,
};

/// The writing half of one socket, which the connection and actix-http share.
#[derive(Default)]
pub struct DirectWriter {
    /// `None` once the socket is dropped.
    writing: RefCell<Option<OwnedWriteHalf>>,
    write_state: Cell<WriteState>,
    /// Whether the response's body has passed on its last frame.
    ends_after_flush: Cell<bool>,
    is_shut: Cell<bool>,
    /// Whether the end of the socket waits for its turn.
    is_end_waiting: Cell<bool>,
    head_recorder: RefCell<HeadRecorder>,
    /// Writes that the kernel was asked for.
    #[cfg(test)]
    write_count: Cell<usize>,
}

/// State of the dispatcher's buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WriteState {
    /// The head of the response is not in the buffer yet.
    #[default]
    HeadPending,
    /// The buffer may hold bytes that must leave first.
    Filled,
    /// All bytes of the buffer have left.
    Empty,
}

impl DirectWriter {
    /// The direct writer of a socket with this writing half.
    pub(super) fn new(writing: OwnedWriteHalf) -> Self {
        DirectWriter { writing: RefCell::new(Some(writing)), ..DirectWriter::default() }
    }

    /// The header names of the handshake that is being answered, as its client sent them, if they were
    /// recorded. From here on nothing is recorded: the connection is a WebSocket.
    pub fn take_header_names(&self) -> Option<Vec<String>> {
        self.head_recorder.borrow_mut().take()
    }

    /// Notes that the dispatcher has polled the body, and whether it got a chunk.
    pub fn note_poll(&self, got_chunk: bool) {
        if got_chunk || self.write_state.get() == WriteState::HeadPending {
            self.write_state.set(WriteState::Filled);
        }
    }

    /// Shuts down the sending half once the last frame has left.
    pub fn end_after_flush(&self) {
        self.ends_after_flush.set(true);
    }

    /// Whether the peer has ended the connection or its own half of it, although unread bytes may wait.
    pub fn is_peer_gone(&self) -> bool {
        let writing = self.writing.borrow();
        let Some(writing) = &*writing else { return true };
        match writing.ready(Interest::READABLE).now_or_never() {
            Some(Ok(ready)) => ready.is_read_closed(),
            Some(Err(_)) => true,
            None => false,
        }
    }

    /// Notes whether the socket has met its end, which waits for its turn. Nobody would read what is written meanwhile.
    pub(super) fn note_end(&self, is_waiting: bool) {
        self.is_end_waiting.set(is_waiting);
    }

    /// Whether the end of the socket waits for its turn.
    pub fn is_end_waiting(&self) -> bool {
        self.is_end_waiting.get()
    }

    /// Shows bytes that pass to actix-http to the recorder of heads.
    pub(super) fn record_head(&self, bytes: &[u8]) {
        self.head_recorder.borrow_mut().feed(bytes);
    }

    /// Writes bytes of the dispatcher's buffer.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.head_recorder.borrow_mut().discard();
        self.poll_writing(|writing| writing.poll_write(cx, bytes))
    }

    /// Notes that the dispatcher's buffer is empty. Shuts down the sending half if nothing may follow.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.write_state.get() == WriteState::Filled {
            self.write_state.set(WriteState::Empty);
        }
        if self.ends_after_flush.get() {
            // If this fails the peer is gone. Reading reports that too.
            let _ = ready!(self.poll_shutdown(cx));
        }
        Poll::Ready(())
    }

    /// Shuts down the sending half, once.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut.get() {
            ready!(self.poll_writing(|writing| writing.poll_shutdown(cx).map_ok(|()| 0)))?;
            self.is_shut.set(true);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes a response past the dispatcher. If the kernel does not take it, the connection ends without it.
    pub(super) fn write_refusal(&self, response: &[u8]) {
        if let Some(writing) = &*self.writing.borrow() {
            let _ = writing.try_write(response);
        }
    }

    /// Lets go of the socket, which its reading half closes. Connections that still hold the direct writer must
    /// not keep it open.
    pub(super) fn release(&self) {
        if let Some(writing) = self.writing.take() {
            writing.forget();
        }
    }

    fn poll_writing(
        &self,
        poll: impl FnOnce(Pin<&mut OwnedWriteHalf>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &mut *self.writing.borrow_mut() {
            Some(writing) => poll(Pin::new(writing)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Hands these frames to the kernel, as far as it takes them now. Returns the number of bytes taken: 0
    /// if the dispatcher's buffer is not empty, if the socket's end waits, or if the connection has failed. The
    /// dispatcher meets such a failure too, and ends the connection.
    pub fn try_write(&self, frames: &VecDeque<Bytes>) -> usize {
        if frames.len() == 1 {
            return frames.front().map_or(0, |frame| self.try_write_frame(frame));
        }
        self.try_write_by(|writing| {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = frames.len().min(SLICES_MAX);
            frames.iter().zip(&mut slices).for_each(|(frame, slice)| *slice = IoSlice::new(frame));
            writing.try_write_vectored(&slices[..count])
        })
    }

    /// Hands this frame to the kernel, like [`DirectWriter::try_write`].
    pub fn try_write_frame(&self, frame: &Bytes) -> usize {
        self.try_write_by(|writing| writing.try_write(frame))
    }

    fn try_write_by(&self, write: impl FnOnce(&OwnedWriteHalf) -> io::Result<usize>) -> usize {
        if self.write_state.get() != WriteState::Empty || self.is_end_waiting.get() {
            return 0;
        }
        let writing = self.writing.borrow();
        let Some(writing) = &*writing else { return 0 };
        #[cfg(test)]
        self.write_count.set(self.write_count.get() + 1);
        count_write();
        write(writing).unwrap_or(0)
    }
}

#[cfg(test)]
impl DirectWriter {
    /// Writes that the kernel was asked for until now.
    pub(crate) fn write_count(&self) -> usize {
        self.write_count.get()
    }
}

#[cfg(test)]
mod tests;
