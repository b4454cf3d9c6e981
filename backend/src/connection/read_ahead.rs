//! Bounds the bytes that are read from a WebSocket before its task has decoded them.
//!
//! actix-http reads until the socket has nothing more, and keeps up to 128 KiB in each of its two buffers. So
//! the socket itself says that it has nothing, as long as enough bytes wait. What the socket does not read
//! waits in the kernel, which stops the peer.

use crate::limits::READ_AHEAD_BYTES_MAX;
use std::{
    cell::{Cell, RefCell},
    task::{Context, Poll, Waker},
};

/// The bytes that wait between one socket and the task that decodes its messages.
#[derive(Debug, Default)]
pub struct ReadAhead {
    /// `None` while nothing is bounded: before the upgrade, and after the task has ended.
    waiting_bytes: Cell<Option<usize>>,
    waker: RefCell<Option<Waker>>,
}

impl ReadAhead {
    /// Bounds reading from now on. Nothing behind the handshake has passed yet.
    pub fn begin(&self) {
        self.waiting_bytes.set(Some(0));
    }

    /// Ends the bound: nobody decodes any more, and actix-http discards what it still reads.
    pub fn end(&self) {
        self.waiting_bytes.set(None);
        self.wake();
    }

    /// Whether the socket may be read. If not, the task is woken when it may.
    pub fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        if self.waiting_bytes.get().is_none_or(|bytes| bytes < READ_AHEAD_BYTES_MAX) {
            return Poll::Ready(());
        }
        self.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// Notes that bytes were read from the socket.
    pub fn note_read(&self, bytes: usize) {
        self.waiting_bytes.set(self.waiting_bytes.get().map(|waiting| waiting + bytes));
    }

    /// Notes that bytes were decoded.
    pub fn note_decoded(&self, bytes: usize) {
        self.waiting_bytes.set(self.waiting_bytes.get().map(|waiting| waiting.saturating_sub(bytes)));
        if self.waiting_bytes.get().is_none_or(|bytes| bytes < READ_AHEAD_BYTES_MAX) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn reading_stops_at_the_limit_until_bytes_are_decoded() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let read_ahead = ReadAhead::default();
        let is_ready = || read_ahead.poll_ready(&Context::from_waker(&waker)).is_ready();
        read_ahead.note_read(10 * READ_AHEAD_BYTES_MAX);
        assert!(is_ready(), "plain HTTP is not bounded");
        read_ahead.begin();
        read_ahead.note_read(READ_AHEAD_BYTES_MAX - 1);
        assert!(is_ready(), "one below the limit");
        read_ahead.note_read(1);
        assert!(!is_ready(), "at the limit");
        read_ahead.note_read(1);
        assert!(!is_ready(), "one above");
        read_ahead.note_decoded(1);
        assert!(!is_ready() && wakes.0.load(Ordering::Relaxed) == 0);
        read_ahead.note_decoded(1);
        assert!(is_ready() && wakes.0.load(Ordering::Relaxed) == 1);
        read_ahead.note_read(9);
        assert!(!is_ready());
        read_ahead.end();
        assert!(is_ready() && wakes.0.load(Ordering::Relaxed) == 2, "the rest is discarded");
    }
}
