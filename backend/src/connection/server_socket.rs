//! The socket that actix-http reads and writes.
//!
//! It passes on the bytes of one request at a time (`request_cycle`), and bounds what is read of a WebSocket before
//! it is decoded (`read_ahead`). It refuses what actix-http would not: a head that comes too late, or is too long.
//! Frames of a WebSocket bypass it (`direct_writer`).

use super::address_limits::AddressGuard;
use super::deadlines::Deadlines;
use super::direct_writer::DirectWriter;
use super::end_queue::EndTurn;
use super::http_deadline::Expired;
use super::read_ahead::ReadAhead;
use super::request_cycle::RequestCycle;
use crate::metrics::{refusal_reason::RefusalReason, worker_counts::count_refusal};
use actix_web::rt::net::TcpStream;
use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::tcp::OwnedReadHalf,
};

/// Response to a head that did not become complete in time.
const LATE_HEAD: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Page for a head that is too long.
const LONG_HEAD_PAGE: &str = include_str!("long_head.html");

/// The socket that actix-http reads and writes.
pub struct ServerSocket {
    reading: OwnedReadHalf,
    direct_writer: Rc<DirectWriter>,
    request_cycle: Rc<RequestCycle>,
    read_ahead: Rc<ReadAhead>,
    /// Counts this socket for its IP address, if those are limited.
    address_guard: Option<Rc<AddressGuard>>,
    /// Turn to report that the connection has ended; `None` while it has not.
    end_turn: Option<Rc<EndTurn>>,
}

impl ServerSocket {
    /// Wraps a connection as it was accepted.
    pub fn new(stream: TcpStream, deadlines: Deadlines, address_guard: Option<Rc<AddressGuard>>) -> Self {
        let (reading, writing) = stream.into_split();
        ServerSocket {
            reading,
            direct_writer: Rc::new(DirectWriter::new(writing)),
            request_cycle: Rc::new(RequestCycle::new(deadlines)),
            read_ahead: Rc::default(),
            address_guard,
            end_turn: None,
        }
    }

    /// The requests of this socket while it speaks HTTP.
    pub fn request_cycle(&self) -> Rc<RequestCycle> {
        Rc::clone(&self.request_cycle)
    }

    /// The bound of this socket's reading once it is a WebSocket.
    pub fn read_ahead(&self) -> Rc<ReadAhead> {
        Rc::clone(&self.read_ahead)
    }

    /// The direct writer of this socket.
    pub fn direct_writer(&self) -> Rc<DirectWriter> {
        Rc::clone(&self.direct_writer)
    }

    /// The count of this socket for its IP address, if those are limited.
    pub fn address_guard(&self) -> Option<Rc<AddressGuard>> {
        self.address_guard.clone()
    }

    /// Reads until bytes may pass to actix-http, or until the socket has none. Returns their number; 0 at the end of
    /// the stream.
    fn poll_read_passing(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let held = self.request_cycle.take_held(buffer.remaining(), cx);
        if !held.is_empty() {
            buffer.put_slice(&held);
            return Poll::Ready(Ok(held.len()));
        }
        loop {
            ready!(self.request_cycle.poll_room(cx));
            let before = buffer.filled().len();
            let result = ready!(Pin::new(&mut self.reading).poll_read(cx, buffer));
            let read = buffer.filled().get(before..).unwrap_or_default();
            if result.is_err() || read.is_empty() {
                ready!(self.poll_end_turn(cx));
                return Poll::Ready(result.map(|()| 0));
            }
            let passed = self.request_cycle.receive(read, cx);
            buffer.set_filled(before + passed);
            if passed > 0 {
                return Poll::Ready(Ok(passed));
            }
        }
    }

    /// Whether this socket may report that its connection has ended. Until then it can be read or written again, with
    /// the same result.
    fn poll_end_turn(&mut self, cx: &Context<'_>) -> Poll<()> {
        let turn = self.end_turn.get_or_insert_with(EndTurn::wait).poll(cx);
        self.direct_writer.note_end(turn.is_pending());
        turn
    }

    /// Reads the rest of a head that is too long. A connection that is closed with unread bytes would be reset,
    /// and the client would not see the answer.
    fn poll_discard_head(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8 << 10];
        while !self.request_cycle.is_head_read() {
            match self.poll_read_passing(cx, &mut ReadBuf::new(&mut scratch)) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(self.request_cycle.poll_expired(cx).map_or(Poll::Pending, Poll::Ready));
                    break;
                }
            }
        }
        Poll::Ready(())
    }

    /// Answers a head that is too long. Only cookies get so long, and no header of the request is known.
    fn refuse_long_head(&self) {
        let (length, page) = (LONG_HEAD_PAGE.len(), LONG_HEAD_PAGE);
        let response = format!(
            "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/html; charset=utf-8\r\n\
             content-length: {length}\r\ncache-control: no-store\r\ncontent-security-policy: default-src \
             'none'; frame-ancestors 'none'\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{page}"
        );
        count_refusal(RefusalReason::HeadBytes);
        self.direct_writer.write_refusal(response.as_bytes());
    }
}

impl Drop for ServerSocket {
    fn drop(&mut self) {
        self.direct_writer.release();
    }
}

impl AsyncRead for ServerSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.read_ahead.poll_ready(cx));
        if self.request_cycle.is_head_too_long() {
            // The end of the stream: actix-http closes the connection.
            return self.poll_discard_head(cx).map(Ok);
        }
        let before = buffer.filled().len();
        let Poll::Ready(passed) = self.poll_read_passing(cx, buffer) else {
            if ready!(self.request_cycle.poll_expired(cx).map_or(Poll::Pending, Poll::Ready)) == Expired::Head
            {
                count_refusal(RefusalReason::HeadTimeout);
                self.direct_writer.write_refusal(LATE_HEAD);
            }
            // The end of the stream: actix-http closes the connection.
            return Poll::Ready(Ok(()));
        };
        self.read_ahead.note_read(passed?);
        self.direct_writer.record_head(buffer.filled().get(before..).unwrap_or_default());
        if self.request_cycle.is_head_too_long() {
            // actix-http must not take the head for complete.
            buffer.set_filled(before);
            self.refuse_long_head();
            return self.poll_discard_head(cx).map(Ok);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ServerSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(self.direct_writer.poll_write(cx, bytes));
        if written.is_err() {
            ready!(self.poll_end_turn(cx));
        }
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TCP has nothing to flush. The dispatcher calls this when its buffer is empty.
        self.request_cycle.note_flush();
        // A response may have ended since the last read, and with it the route's responsibility. Reading ends the
        // connection if the deadline has passed already.
        if self.request_cycle.poll_expired(cx).is_some() {
            cx.waker().wake_by_ref();
        }
        self.direct_writer.poll_flush(cx).map(Ok)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.direct_writer.poll_shutdown(cx)
    }
}

#[cfg(test)]
pub(crate) mod tests;
