//! The requests of one connection, one after the other: which bytes may pass to actix-http, and how long each part
//! may take.
//!
//! The socket shows each read, and the app tells where a request begins and where its response ends.

use super::deadlines::Deadlines;
use super::http_deadline::{Expired, HttpDeadline};
use super::request_bytes::{BodyLength, RequestBytes};
use bytes::BytesMut;
use std::{
    cell::RefCell,
    task::{Context, Poll, Waker},
};

/// The requests of one connection.
#[derive(Debug)]
pub struct RequestCycle {
    bytes: RefCell<RequestBytes>,
    deadline: HttpDeadline,
    /// Waker of the task that reads, while bytes are held back.
    waker: RefCell<Option<Waker>>,
}

impl RequestCycle {
    /// The cycle of a connection that was just accepted.
    pub fn new(deadlines: Deadlines) -> Self {
        RequestCycle {
            bytes: RefCell::default(),
            deadline: HttpDeadline::new(deadlines),
            waker: RefCell::default(),
        }
    }

    /// Takes bytes from the socket. Returns the number of them that pass to actix-http. The rest is held back,
    /// and the task is woken when it may pass.
    pub fn receive(&self, bytes: &[u8], cx: &Context<'_>) -> usize {
        let passed = self.bytes.borrow_mut().receive(bytes);
        if passed < bytes.len() {
            self.wake_later(cx);
        }
        self.note_stage();
        passed
    }

    /// Takes bytes that were held back and may pass now, at most this many.
    pub fn take_held(&self, bytes_max: usize, cx: &Context<'_>) -> BytesMut {
        if !self.bytes.borrow().holds_bytes() {
            return BytesMut::new();
        }
        let taken = self.bytes.borrow_mut().take_held(bytes_max);
        if self.bytes.borrow().holds_bytes() {
            self.wake_later(cx);
        }
        self.note_stage();
        taken
    }

    /// Whether the socket may be read. If not, the task is woken when it may.
    pub fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.bytes.borrow().has_room() {
            return Poll::Ready(());
        }
        self.wake_later(cx);
        Poll::Pending
    }

    /// Whether the head that is being read is too long.
    pub fn is_head_too_long(&self) -> bool {
        self.bytes.borrow().is_head_too_long()
    }

    /// Whether the head that is being read is whole.
    pub fn is_head_read(&self) -> bool {
        self.bytes.borrow().is_head_read()
    }

    /// Notes that a request is served from now on, with a body of this length.
    pub fn begin_request(&self, body: BodyLength) {
        self.change(|bytes| bytes.begin_request(body));
    }

    /// Notes that the response has ended.
    pub fn end_request(&self) {
        self.change(RequestBytes::end_request);
    }

    /// Notes that every response has left actix-http's buffer.
    pub fn note_flush(&self) {
        self.change(RequestBytes::note_flush);
    }

    /// Notes that the connection is a WebSocket from now on.
    pub fn upgrade(&self) {
        self.change(RequestBytes::upgrade);
    }

    /// Whether the deadline has passed. If not, the task is woken when it does.
    pub fn poll_expired(&self, cx: &mut Context<'_>) -> Option<Expired> {
        self.deadline.poll_expired(cx)
    }

    fn change(&self, change: impl FnOnce(&mut RequestBytes)) {
        change(&mut self.bytes.borrow_mut());
        self.note_stage();
        // A task that is woken for nothing would flush, and be woken again.
        if self.bytes.borrow().can_pass_held()
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    fn note_stage(&self) {
        self.deadline.note(self.bytes.borrow().stage());
    }

    fn wake_later(&self, cx: &Context<'_>) {
        self.waker.replace(Some(cx.waker().clone()));
    }
}

#[cfg(test)]
impl RequestCycle {
    /// Number of bytes that are held back.
    pub(crate) fn held_bytes(&self) -> usize {
        self.bytes.borrow().held_bytes()
    }
}

#[cfg(test)]
mod tests;
