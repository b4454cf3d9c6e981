//! Cuts off a client that reads too slowly.
//!
//! This is decided in two places. Here the queue decides: if more than [`QUEUE_BYTES_MAX`] bytes wait for one
//! connection, the queue is freed at once and the connection is closed with 4008. The connection asks this
//! whenever it enqueues a frame. In `server/listener.rs` the kernel decides, on Linux and Android: it ends a
//! connection whose peer acknowledges nothing for [`UNACKNOWLEDGED`](crate::limits::UNACKNOWLEDGED), whatever
//! the queue holds.

use super::Connection;
use crate::limits::QUEUE_BYTES_MAX;
use shared::CloseCode;

/// Returns true if the client reads too slowly, judged by the bytes that wait for it and the queue's own.
pub(super) fn is_too_slow(waiting_bytes: usize) -> bool {
    waiting_bytes > QUEUE_BYTES_MAX
}

impl Connection {
    /// Frees the queue, and closes the connection. Close 4008 tells the client to reconnect by cursor.
    pub(super) fn cut_off_slow_reader(&self) {
        self.queue.borrow_mut().clear();
        self.close(Some(CloseCode::Slow.number()), "slow");
    }
}
