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

use crate::connection::address_limits::AddressGuard;
use crate::connection::deadlines::Deadlines;
use crate::connection::head_recorder::HeadRecorder;
use crate::connection::http_deadline::{Expired, HttpDeadline};
use crate::connection::read_ahead::ReadAhead;
use crate::limits::SLICES_MAX;
use actix_web::rt::net::TcpStream;
use bytes::Bytes;
use futures_util::FutureExt as _;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

/// Response to a head that did not become complete in time.
const LATE_HEAD: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Page for a head that is too long.
const LONG_HEAD_PAGE: &str = include_str!("long_head.html");

/// The socket that actix-http reads and writes.
pub struct ServerSocket {
    reading: OwnedReadHalf,
    direct_writer: Rc<DirectWriter>,
    http_deadline: Rc<HttpDeadline>,
    read_ahead: Rc<ReadAhead>,
    /// Counts this socket for its IP address, if those are limited.
    address_guard: Option<Rc<AddressGuard>>,
}

impl ServerSocket {
    /// Wraps a connection as it was accepted.
    pub fn new(stream: TcpStream, deadlines: Deadlines, address_guard: Option<Rc<AddressGuard>>) -> Self {
        let (reading, writing) = stream.into_split();
        let direct_writer = DirectWriter { writing: RefCell::new(Some(writing)), ..DirectWriter::default() };
        ServerSocket {
            reading,
            direct_writer: Rc::new(direct_writer),
            http_deadline: Rc::new(HttpDeadline::new(deadlines)),
            read_ahead: Rc::default(),
            address_guard,
        }
    }

    /// The deadline of this socket while it speaks HTTP.
    pub fn http_deadline(&self) -> Rc<HttpDeadline> {
        Rc::clone(&self.http_deadline)
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

    /// Reads the rest of a head that is too long. A connection that is closed with unread bytes would be reset,
    /// and the client would not see the answer.
    fn poll_discard_head(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8 << 10];
        while !self.http_deadline.is_head_too_long().1 {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.reading).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.http_deadline.note_read(buffer.filled())
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(self.http_deadline.poll_expired(cx).map_or(Poll::Pending, Poll::Ready));
                    break;
                }
            }
        }
        Poll::Ready(())
    }

    fn poll_writing(
        &self,
        poll: impl FnOnce(Pin<&mut OwnedWriteHalf>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &mut *self.direct_writer.writing.borrow_mut() {
            Some(writing) => poll(Pin::new(writing)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl Drop for ServerSocket {
    fn drop(&mut self) {
        // Connections that still hold the direct writer must not keep the socket open. Closing the reading
        // half closes it, so the writing half needs no shutdown.
        if let Some(writing) = self.direct_writer.writing.take() {
            writing.forget();
        }
    }
}

impl AsyncRead for ServerSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.read_ahead.poll_ready(cx));
        if self.http_deadline.is_head_too_long().0 {
            // The end of the stream: actix-http closes the connection.
            return self.poll_discard_head(cx).map(Ok);
        }
        let before = buffer.filled().len();
        if Pin::new(&mut self.reading).poll_read(cx, buffer)?.is_pending() {
            let expired = ready!(self.http_deadline.poll_expired(cx).map_or(Poll::Pending, Poll::Ready));
            self.direct_writer.refuse_late_head(expired);
            // The end of the stream: actix-http closes the connection.
            return Poll::Ready(Ok(()));
        }
        let read = &buffer.filled()[before..];
        self.direct_writer.head_recorder.borrow_mut().feed(read);
        self.http_deadline.note_read(read);
        self.read_ahead.note_read(read.len());
        if self.http_deadline.is_head_too_long().0 {
            // actix-http must not take the head for complete.
            buffer.set_filled(before);
            self.direct_writer.refuse_long_head();
            return self.poll_discard_head(cx).map(Ok);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ServerSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.direct_writer.head_recorder.borrow_mut().discard();
        self.poll_writing(|writing| writing.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TCP has nothing to flush. The dispatcher calls this when its buffer is empty.
        self.direct_writer.note_flush();
        // A response may have ended since the last read, and with it the route's responsibility. Reading ends the
        // connection if the deadline has passed already.
        if self.http_deadline.poll_expired(cx).is_some() {
            cx.waker().wake_by_ref();
        }
        if self.direct_writer.ends_after_flush.get() {
            // If this fails the peer is gone. Reading reports that too.
            let _ = ready!(self.poll_shutdown(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.direct_writer.is_shut.get() {
            ready!(self.poll_writing(|writing| writing.poll_shutdown(cx).map_ok(|()| 0)))?;
            self.direct_writer.is_shut.set(true);
        }
        Poll::Ready(Ok(()))
    }
}

/// The writing half of one socket, which the connection and actix-http share.
#[derive(Default)]
pub struct DirectWriter {
    /// `None` once the socket is dropped.
    writing: RefCell<Option<OwnedWriteHalf>>,
    write_state: Cell<WriteState>,
    /// Whether the response's body has passed on its last frame.
    ends_after_flush: Cell<bool>,
    is_shut: Cell<bool>,
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

    /// Answers a head that did not become complete in time. If the kernel does not take the answer, the
    /// connection ends without it.
    fn refuse_late_head(&self, expired: Expired) {
        if let (Expired::Head, Some(writing)) = (expired, &*self.writing.borrow()) {
            let _ = writing.try_write(LATE_HEAD);
        }
    }

    /// Answers a head that is too long. Only cookies get so long, and no header of the request is known.
    fn refuse_long_head(&self) {
        if let Some(writing) = &*self.writing.borrow() {
            let (length, page) = (LONG_HEAD_PAGE.len(), LONG_HEAD_PAGE);
            let head = format!(
                "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/html; charset=utf-8\r\n\
                 content-length: {length}\r\ncache-control: no-store\r\ncontent-security-policy: default-src \
                 'none'; frame-ancestors 'none'\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{page}"
            );
            let _ = writing.try_write(head.as_bytes());
        }
    }

    fn note_flush(&self) {
        if self.write_state.get() == WriteState::Filled {
            self.write_state.set(WriteState::Empty);
        }
    }

    /// Hands these frames to the kernel, as far as it takes them now. Returns the number of bytes taken: 0
    /// if the dispatcher's buffer is not empty, or if the connection has failed. The dispatcher meets such a
    /// failure too, and ends the connection.
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
        if self.write_state.get() != WriteState::Empty {
            return 0;
        }
        let writing = self.writing.borrow();
        let Some(writing) = &*writing else { return 0 };
        #[cfg(test)]
        self.write_count.set(self.write_count.get() + 1);
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
pub(crate) mod tests {
    use super::*;
    use crate::connection::frame;
    use crate::connection::{Connection, OutboundBody};
    use crate::limits::QUEUE_BYTES_MAX;
    use actix_web::body::MessageBody as _;
    use hub::{Dialect, SessionId, session::SessionKind};
    use std::task::Waker;
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    /// Both ends of a TCP connection. Nothing was written to it.
    pub(crate) async fn pair() -> (ServerSocket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.writable().await.unwrap();
        (ServerSocket::new(stream, Deadlines::default(), None), peer)
    }

    /// Does what the dispatcher does once it has written all that it has.
    pub(crate) fn flush(socket: &mut ServerSocket) {
        assert!(Pin::new(socket).poll_flush(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    #[tokio::test]
    async fn no_frame_bypasses_bytes_in_the_dispatchers_buffer() {
        let (mut socket, mut peer) = pair().await;
        let direct_writer = socket.direct_writer();
        let frames: VecDeque<_> = [&b"ab"[..], b"c"].map(Bytes::from_static).into();
        flush(&mut socket);
        assert_eq!(direct_writer.try_write(&frames), 0, "the head is not written yet");
        direct_writer.note_poll(false);
        assert_eq!(direct_writer.try_write(&frames), 0, "it waits in the buffer");
        flush(&mut socket);
        assert_eq!(direct_writer.try_write(&frames), 3);
        direct_writer.note_poll(false);
        assert_eq!(direct_writer.try_write(&frames), 3, "it took nothing");
        direct_writer.note_poll(true);
        assert_eq!(direct_writer.try_write(&frames), 0, "a chunk waits in the buffer");
        flush(&mut socket);
        assert_eq!(direct_writer.try_write(&VecDeque::from([Bytes::from_static(b"d")])), 1);
        let mut read = [0; 7];
        peer.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"abcabcd");
        drop(socket);
        assert_eq!(direct_writer.try_write(&frames), 0, "it is closed");
        assert_eq!(peer.read(&mut read).await.unwrap(), 0, "whoever holds the way out");
    }

    #[tokio::test]
    async fn frames_leave_in_order_when_they_exceed_the_slices() {
        for count in [SLICES_MAX - 1, SLICES_MAX, SLICES_MAX + 1] {
            let (mut socket, mut peer) = pair().await;
            let connection = Connection::new(
                SessionId(1),
                Dialect::V1,
                SessionKind::WebSocket,
                0,
                Rc::default(),
                socket.direct_writer(),
            );
            let mut body = OutboundBody::new(Rc::clone(&connection));
            let mut context = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut body).poll_next(&mut context).is_pending());
            flush(&mut socket);
            let sent: Vec<u8> = (0..count).map(|at| u8::try_from(at).unwrap()).collect();
            sent.iter().for_each(|byte| connection.enqueue(Bytes::from(vec![*byte])));
            connection.flush();
            assert!(Pin::new(&mut body).poll_next(&mut context).is_pending(), "all has left");
            let mut read = vec![0; count];
            peer.read_exact(&mut read).await.unwrap();
            assert_eq!(read, sent);
        }
    }

    #[tokio::test]
    async fn a_partly_sent_frame_is_completed_before_the_close() {
        let (mut socket, mut peer) = pair().await;
        let connection = Connection::new(
            SessionId(1),
            Dialect::V1,
            SessionKind::WebSocket,
            0,
            Rc::default(),
            socket.direct_writer(),
        );
        let mut body = OutboundBody::new(Rc::clone(&connection));
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut body).poll_next(&mut context).is_pending());
        flush(&mut socket);
        let frame = frame::binary(&vec![7; 60_000]);
        let mut sent = 0;
        // Until neither the kernel nor the queue takes more.
        while !connection.is_closing() {
            connection.enqueue(frame.clone());
            connection.flush();
            sent += 1;
            assert!(sent * frame.len() < 64 << 20, "the kernel takes all");
        }
        let reading = async {
            let mut bytes = Vec::new();
            // Read to the end of TCP, although actix-http would linger.
            while peer.read_buf(&mut bytes).await.unwrap() > 0 {}
            bytes
        };
        let writing = async {
            while let Poll::Ready(Some(Ok(chunk))) = Pin::new(&mut body).poll_next(&mut context) {
                tokio::io::AsyncWriteExt::write_all(&mut socket, &chunk).await.unwrap();
            }
            flush(&mut socket);
        };
        let (bytes, ()) = tokio::join!(reading, writing);
        let close = frame::close(Some(4008), "slow");
        let whole = (bytes.len() - close.len()) / frame.len();
        assert!(whole < sent - QUEUE_BYTES_MAX / frame.len() + 1, "the rest of the queue was freed");
        assert!(bytes == [frame.repeat(whole), close.to_vec()].concat(), "{} bytes", bytes.len());
    }
}
