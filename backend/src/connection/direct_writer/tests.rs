use super::*;
use crate::connection::frame;
use crate::connection::server_socket::tests::{flush, pair};
use crate::connection::{Connection, OutboundBody};
use crate::limits::QUEUE_BYTES_MAX;
use actix_web::body::MessageBody as _;
use hub::{Dialect, SessionId, session::SessionKind};
use std::{rc::Rc, task::Waker};
use tokio::io::AsyncReadExt as _;

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
