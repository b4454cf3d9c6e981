//! Passes on the bytes of one request at a time, and holds back what the client sends behind it.
//!
//! actix-http would read up to 128 KiB behind a request whose response is still open, parse all requests in
//! it, and then wake itself without end. So nothing behind a request passes until its response has left.

use super::chunked_end::ChunkedEnd;
use super::head_end::HeadEnd;
use crate::limits::{HEAD_BYTES_MAX, PIPELINED_BYTES_MAX, SERVED_BODY_BYTES_MAX};
use bytes::{Buf as _, BytesMut};

/// Length of a request's body, as its head gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// This many bytes.
    Bytes(u64),
    /// The body ends with its last chunk.
    Chunked,
}

/// Part of a connection's life that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No byte of the next request has passed.
    Idle,
    /// A part of a head has passed.
    Head,
    /// A request is served.
    Request,
    /// The response has ended before the request's body.
    RestOfBody,
    /// The connection is a WebSocket.
    Upgraded,
}

/// The bytes of the requests of one connection.
#[derive(Debug, Default)]
pub(super) struct RequestBytes {
    part: Part,
    is_served: bool,
    /// Whether a response may wait in actix-http's buffer.
    awaits_flush: bool,
    head_end: HeadEnd,
    /// Bytes of the head that is being read.
    head_bytes: usize,
    /// Bytes of the body that have passed.
    body_bytes: usize,
    held: BytesMut,
}

/// What may pass.
#[derive(Debug, Default)]
enum Part {
    /// Bytes of a head.
    #[default]
    Head,
    /// Nothing: the head is whole, and its request has not begun.
    HeadRead,
    /// Bytes of a body with a length; this many are still to come.
    Body(u64),
    /// Bytes of a chunked body.
    ChunkedBody(ChunkedEnd),
    /// Nothing: the request is whole.
    RequestRead,
    /// Everything: actix-http closes the connection and discards what it reads.
    Discarded,
    /// Everything: the connection is a WebSocket.
    Upgraded,
}

impl RequestBytes {
    /// Takes bytes from the socket. Returns the number of them that pass; the rest is held back.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> usize {
        let passed = if self.held.is_empty() { self.pass(bytes) } else { 0 };
        self.held.extend_from_slice(bytes.get(passed..).unwrap_or_default());
        passed
    }

    /// Takes bytes that were held back and may pass now: at most this many, and all that may pass of them
    /// together.
    pub(super) fn take_held(&mut self, bytes_max: usize) -> BytesMut {
        let mut held = std::mem::take(&mut self.held);
        let passed = self.pass(held.get(..bytes_max.min(held.len())).unwrap_or_default());
        let taken = held.split_to(passed);
        if held.has_remaining() {
            self.held = held;
        }
        taken
    }

    /// Whether more bytes may be held back.
    pub(super) fn has_room(&self) -> bool {
        self.held.len() < PIPELINED_BYTES_MAX
    }

    /// Whether bytes that are held back may pass now.
    pub(super) fn can_pass_held(&self) -> bool {
        let is_open = match self.part {
            Part::Head => !self.awaits_flush,
            Part::HeadRead | Part::RequestRead => false,
            Part::Body(_) | Part::ChunkedBody(_) => self.body_room() > 0,
            Part::Discarded | Part::Upgraded => true,
        };
        is_open && self.holds_bytes()
    }

    /// Whether bytes are held back.
    pub(super) fn holds_bytes(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether the head that is being read is too long.
    pub(super) fn is_head_too_long(&self) -> bool {
        matches!(self.part, Part::Head | Part::HeadRead) && self.head_bytes > HEAD_BYTES_MAX
    }

    /// Whether the head that is being read is whole.
    pub(super) fn is_head_read(&self) -> bool {
        matches!(self.part, Part::HeadRead)
    }

    /// Notes that a request is served from now on.
    pub(super) fn begin_request(&mut self, body: BodyLength) {
        if !matches!(self.part, Part::Upgraded) {
            (self.is_served, self.body_bytes) = (true, 0);
            self.part = match body {
                BodyLength::Bytes(0) => Part::RequestRead,
                BodyLength::Bytes(bytes) => Part::Body(bytes),
                BodyLength::Chunked => Part::ChunkedBody(ChunkedEnd::default()),
            };
        }
    }

    /// Notes that the response has ended.
    pub(super) fn end_request(&mut self) {
        if !std::mem::take(&mut self.is_served) || matches!(self.part, Part::Upgraded) {
            return;
        }
        self.awaits_flush = true;
        self.part = match std::mem::take(&mut self.part) {
            // actix-http closes such a connection, but reads a chunked body to its end.
            Part::Body(_) => Part::Discarded,
            chunked @ Part::ChunkedBody(_) => chunked,
            _ => self.next_head(),
        };
    }

    /// Notes that every response has left actix-http's buffer.
    pub(super) fn note_flush(&mut self) {
        self.awaits_flush = false;
    }

    /// Notes that the connection is a WebSocket from now on.
    pub(super) fn upgrade(&mut self) {
        self.part = Part::Upgraded;
    }

    /// Part of the connection's life.
    pub(super) fn stage(&self) -> Stage {
        match self.part {
            Part::Upgraded => Stage::Upgraded,
            _ if self.is_served => Stage::Request,
            Part::Head if self.head_bytes == 0 => Stage::Idle,
            Part::Head | Part::HeadRead => Stage::Head,
            Part::Body(_) | Part::ChunkedBody(_) | Part::RequestRead | Part::Discarded => Stage::RestOfBody,
        }
    }

    /// Returns how many of these bytes may pass.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while let Some(rest) = bytes.get(passed..).filter(|rest| !rest.is_empty()) {
            match &mut self.part {
                // A client that does not read its responses must not have more of them written.
                Part::Head if self.awaits_flush => break,
                Part::Head => {
                    let taken = self.head_end.take(rest);
                    self.head_bytes += taken;
                    passed += taken;
                    if self.head_end.is_found() {
                        self.part = Part::HeadRead;
                    }
                }
                Part::HeadRead | Part::RequestRead => break,
                Part::Body(_) | Part::ChunkedBody(_) => match self.pass_body(rest) {
                    0 => break,
                    taken => passed += taken,
                },
                Part::Discarded | Part::Upgraded => return bytes.len(),
            }
        }
        passed
    }

    /// Returns how many of these bytes of a body, or behind one, may pass.
    fn pass_body(&mut self, bytes: &[u8]) -> usize {
        let allowed = bytes.get(..self.body_room().min(bytes.len())).unwrap_or_default();
        let (taken, is_over) = match &mut self.part {
            Part::Body(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(allowed.len());
                *left -= taken as u64;
                (taken, *left == 0)
            }
            Part::ChunkedBody(end) => (end.take(allowed), end.is_over()),
            _ => (0, false),
        };
        self.body_bytes = self.body_bytes.saturating_add(taken);
        if is_over {
            self.part = if self.is_served { Part::RequestRead } else { self.next_head() };
        }
        taken
    }

    /// Bytes of a body that may pass. The end of the response ends the limit: the body has a deadline then.
    fn body_room(&self) -> usize {
        if self.is_served { SERVED_BODY_BYTES_MAX.saturating_sub(self.body_bytes) } else { usize::MAX }
    }

    fn next_head(&mut self) -> Part {
        (self.head_end, self.head_bytes) = (HeadEnd::default(), 0);
        Part::Head
    }
}

#[cfg(test)]
impl RequestBytes {
    /// Number of bytes that are held back.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests;
