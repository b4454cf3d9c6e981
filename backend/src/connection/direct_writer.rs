//! One TCP connection as actix-http drives it, and the way past its buffer.
//!
//! actix-http owns the socket: it reads, and writes the head and the body of each response. A
//! WebSocket that is open and quiet has nothing in actix-http's buffer, and then a frame may go
//! straight to the kernel: no task is woken and nothing is copied. What the kernel does not take at
//! once leaves through the response's body, and until all of that is written nothing goes past it.
//!
//! How that is known: the dispatcher asks the body for bytes only behind the head, which is then in
//! its buffer, and it flushes the socket only when the socket has taken the whole of that buffer.
//!
//! A WebSocket's server closes TCP first (RFC 6455 §7.1.1), and behind its close frame it sends nothing.
//! actix-http lingers before it does so, for HTTP: a client that still sends a body would lose the
//! answer. So this side is shut down here, at the flush behind the last frame; the other is read on.

use crate::limits::SLICES_MAX;
use actix_web::rt::net::TcpStream;
use bytes::Bytes;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

/// What actix-http reads and writes.
pub struct Socket {
    reading: OwnedReadHalf,
    direct_writer: Rc<DirectWriter>,
}

impl Socket {
    /// A connection as it was accepted.
    pub fn new(stream: TcpStream) -> Self {
        let (reading, writing) = stream.into_split();
        let direct_writer = DirectWriter { writing: RefCell::new(Some(writing)), ..DirectWriter::default() };
        Socket { reading, direct_writer: Rc::new(direct_writer) }
    }

    /// The way past actix-http's buffer.
    pub fn direct_writer(&self) -> Rc<DirectWriter> {
        Rc::clone(&self.direct_writer)
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

impl Drop for Socket {
    fn drop(&mut self) {
        // Whoever still holds the way out must not keep the connection open. Closing the other half
        // closes the socket, so that this one need not be shut down first.
        if let Some(writing) = self.direct_writer.writing.take() {
            writing.forget();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reading).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_writing(|writing| writing.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TCP has nothing to flush. The dispatcher does it when its buffer is empty.
        self.direct_writer.note_flush();
        if self.direct_writer.ends_after_flush.get() {
            // Where that fails the peer is gone, which reading tells too.
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

/// The way out of one connection, beside actix-http's own.
#[derive(Default)]
pub struct DirectWriter {
    /// Gone with the socket.
    writing: RefCell<Option<OwnedWriteHalf>>,
    write_state: Cell<WriteState>,
    /// All that a WebSocket sends was handed over.
    ends_after_flush: Cell<bool>,
    is_shut: Cell<bool>,
}

/// How the dispatcher's buffer write_state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WriteState {
    /// The response has not begun.
    #[default]
    HeadPending,
    /// It may hold bytes that are to leave first.
    Filled,
    /// All of it has left.
    Empty,
}

impl DirectWriter {
    /// The dispatcher has asked for a chunk and got one, or none.
    pub fn note_poll(&self, got_chunk: bool) {
        if got_chunk || self.write_state.get() == WriteState::HeadPending {
            self.write_state.set(WriteState::Filled);
        }
    }

    /// A WebSocket's last frame was handed over: this side is shut down once that has left.
    pub fn end_after_flush(&self) {
        self.ends_after_flush.set(true);
    }

    fn note_flush(&self) {
        if self.write_state.get() == WriteState::Filled {
            self.write_state.set(WriteState::Empty);
        }
    }

    /// Hands the kernel as much of these frames as it takes now, and tells how many bytes that was.
    /// 0 where the dispatcher has something that is to leave first, and where the connection
    /// has failed: the dispatcher meets that too, and ends it.
    pub fn try_write(&self, frames: &VecDeque<Bytes>) -> usize {
        if self.write_state.get() != WriteState::Empty {
            return 0;
        }
        let writing = self.writing.borrow();
        let (Some(writing), Some(first)) = (&*writing, frames.front()) else { return 0 };
        let taken = if frames.len() == 1 {
            writing.try_write(first)
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = frames.len().min(SLICES_MAX);
            frames.iter().zip(&mut slices).for_each(|(frame, slice)| *slice = IoSlice::new(frame));
            writing.try_write_vectored(&slices[..count])
        };
        taken.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::frame;
    use crate::connection::{Connection, OutboundBody};
    use crate::limits::QUEUE_BYTES_MAX;
    use actix_web::body::MessageBody as _;
    use hub::{Dialect, SessionId, session::TransportKind};
    use std::task::Waker;
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.writable().await.unwrap();
        (Socket::new(stream), peer)
    }

    fn flush(socket: &mut Socket) {
        assert!(Pin::new(socket).poll_flush(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    #[tokio::test]
    async fn nothing_goes_past_what_waits_in_the_dispatcher() {
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
    async fn more_frames_than_slices_leave_in_order() {
        for count in [SLICES_MAX - 1, SLICES_MAX, SLICES_MAX + 1] {
            let (mut socket, mut peer) = pair().await;
            let connection = Connection::new(
                SessionId(1),
                Dialect::V1,
                TransportKind::Socket,
                0,
                Rc::default(),
                socket.direct_writer(),
            );
            let mut body = OutboundBody::new(Rc::clone(&connection), ());
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
    async fn a_frame_that_has_begun_is_ended_before_the_close() {
        let (mut socket, mut peer) = pair().await;
        let connection = Connection::new(
            SessionId(1),
            Dialect::V1,
            TransportKind::Socket,
            0,
            Rc::default(),
            socket.direct_writer(),
        );
        let mut body = OutboundBody::new(Rc::clone(&connection), ());
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut body).poll_next(&mut context).is_pending());
        flush(&mut socket);
        let frame = frame::binary(&vec![7; 60_000]);
        let mut sent = 0;
        // Until the kernel takes no more, and the queue no more either.
        while !connection.is_closing() {
            connection.enqueue(frame.clone());
            connection.flush();
            sent += 1;
            assert!(sent * frame.len() < 64 << 20, "the kernel takes all");
        }
        let reading = async {
            let mut bytes = Vec::new();
            // To the end of TCP, though actix-http would linger.
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
