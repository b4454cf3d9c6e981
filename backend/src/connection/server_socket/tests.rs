use super::*;
use crate::connection::request_bytes::BodyLength;
use crate::connection::{Connection, OutboundBody};
use crate::limits::{
    ENDS_PER_TURN, HEAD_BYTES_MAX, PIPELINED_BYTES_MAX, READ_AHEAD_BYTES_MAX, SOCKET_CHUNK_BYTES_MAX,
};
use crate::server::listener::http_service;
use actix_http::{HttpService, KeepAlive, Request, Response, body::BoxBody};
use actix_service::{Service as _, ServiceFactory as _, fn_service};
use actix_web::body::MessageBody as _;
use bytes::Bytes;
use hub::{Dialect, SessionId, session::SessionKind};
use std::{
    cell::Cell,
    convert::Infallible,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
/// Time in which bytes that were sent arrive on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Reads at most this many bytes.
async fn read(socket: &mut ServerSocket, bytes_max: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes_max];
    let read = timeout(PATIENCE, socket.read(&mut buffer)).await.expect("bytes in time").unwrap();
    buffer.truncate(read);
    buffer
}

/// Sends without end until the kernel takes no more for a while, although the server has read what it would.
async fn fill(socket: &mut ServerSocket, peer: &mut TcpStream) {
    let chunk = [b'x'; 4 << 10];
    loop {
        let mut byte = [0];
        tokio::select! {
            biased;
            read = socket.read(&mut byte) => panic!("{read:?} passed"),
            written = timeout(Duration::from_millis(200), peer.write_all(&chunk)) => match written {
                Ok(written) => written.unwrap(),
                Err(_) => return,
            }
        }
    }
}

#[tokio::test]
async fn the_socket_reads_little_behind_an_open_request() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(&[GET, GET].concat()).await.unwrap();
    assert_eq!(read(&mut socket, 8 << 10).await, GET);
    socket.request_cycle.begin_request(BodyLength::Bytes(0));
    fill(&mut socket, &mut peer).await;
    // One read of one byte may exceed the limit.
    assert_eq!(socket.request_cycle.held_bytes(), PIPELINED_BYTES_MAX);
    socket.request_cycle.end_request();
    flush(&mut socket);
    assert_eq!(read(&mut socket, 8 << 10).await, GET);
    socket.request_cycle.begin_request(BodyLength::Bytes(0));
    socket.request_cycle.end_request();
    flush(&mut socket);
    assert_eq!(read(&mut socket, 4).await, b"xxxx");
}

#[tokio::test]
async fn the_end_of_the_stream_is_seen_behind_an_open_request() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(&[GET, GET].concat()).await.unwrap();
    assert_eq!(read(&mut socket, 8 << 10).await, GET);
    socket.request_cycle.begin_request(BodyLength::Bytes(0));
    drop(peer);
    assert_eq!(read(&mut socket, 8 << 10).await, b"");
}

#[tokio::test]
async fn frames_behind_a_handshake_pass_after_the_upgrade() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(&[GET, b"\x81\x80frames"].concat()).await.unwrap();
    assert_eq!(read(&mut socket, 8 << 10).await, GET);
    socket.request_cycle.begin_request(BodyLength::Bytes(0));
    socket.read_ahead.begin();
    socket.request_cycle.upgrade();
    assert_eq!(read(&mut socket, 4).await, b"\x81\x80fr");
    assert_eq!(read(&mut socket, 4).await, b"ames");
    let waiting = READ_AHEAD_BYTES_MAX - 8;
    peer.write_all(&vec![b'x'; waiting + 1]).await.unwrap();
    socket.read_exact(&mut vec![0; waiting]).await.unwrap();
    assert!(
        socket.read_ahead.poll_ready(&Context::from_waker(Waker::noop())).is_pending(),
        "all are counted"
    );
}

#[tokio::test]
async fn a_long_body_behind_an_early_response_gets_no_second_response() {
    let (mut socket, mut peer) = pair().await;
    let body = vec![b'x'; 2 * HEAD_BYTES_MAX];
    let length = body.len() as u64;
    let sending = async { peer.write_all(&[GET, &body].concat()).await.unwrap() };
    let reading = async {
        assert_eq!(read(&mut socket, 8 << 10).await, GET);
        socket.request_cycle.begin_request(BodyLength::Bytes(length));
        socket.request_cycle.end_request();
        flush(&mut socket);
        socket.read_exact(&mut vec![0; body.len()]).await.unwrap();
    };
    tokio::join!(sending, reading);
    drop(socket);
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "");
}

/// Serves the socket by actix-http. The first request is never answered. Returns the number of the dispatcher's polls
/// while the peer does `act`.
async fn polls_while(socket: ServerSocket, act: impl Future<Output = ()>) -> usize {
    let service = HttpService::build()
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .on_connect_ext(|socket: &ServerSocket, data| {
            data.insert(socket.request_cycle());
        })
        .h1(fn_service(|request: Request| {
            let cycle = request.conn_data::<Rc<RequestCycle>>().cloned().unwrap();
            cycle.begin_request(BodyLength::Bytes(0));
            std::future::pending::<Result<Response<BoxBody>, Infallible>>()
        }))
        .new_service(())
        .await
        .unwrap();
    let mut polls = 0;
    let mut dispatcher = std::pin::pin!(service.call((socket, None)));
    let counted = std::future::poll_fn(|cx| {
        polls += 1;
        dispatcher.as_mut().poll(cx)
    });
    tokio::select! {
        ended = counted => panic!("{ended:?}"),
        () = act => polls,
    }
}

#[test]
fn a_worker_rests_when_requests_wait_behind_an_open_one() {
    actix_web::rt::System::new().block_on(async {
        let (socket, mut peer) = pair().await;
        let flood = async {
            // Until the kernel takes no more for a while.
            while timeout(Duration::from_millis(500), peer.write_all(&GET.repeat(100))).await.is_ok() {}
        };
        let polls = polls_while(socket, flood).await;
        assert!(polls <= 100, "{polls} polls");
    });
}

/// Ends that come first, so that the next one on this thread waits for its turn.
fn busy_end_queue() -> Vec<Rc<EndTurn>> {
    let context = Context::from_waker(Waker::noop());
    let mut others = vec![EndTurn::wait()];
    while others.iter().all(|turn| turn.poll(&context).is_ready()) {
        others.push(EndTurn::wait());
    }
    others
}

#[actix_web::test]
async fn nothing_is_written_to_a_socket_whose_end_waits() {
    let (mut socket, peer) = pair().await;
    let direct_writer = socket.direct_writer();
    let connection = Connection::new(
        SessionId(1),
        Dialect::V1,
        SessionKind::WebSocket,
        0,
        Rc::default(),
        Rc::clone(&direct_writer),
    );
    let mut body = OutboundBody::new(Rc::clone(&connection));
    let woken = Arc::new(WakeCount::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    assert!(Pin::new(&mut body).poll_next(&mut context).is_pending());
    flush(&mut socket);
    let others = busy_end_queue();
    drop(peer);
    socket.reading.readable().await.unwrap();
    let mut byte = [0];
    assert!(Pin::new(&mut socket).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending());
    for _ in 0..3 {
        connection.enqueue_and_flush(&[Bytes::from_static(b"tea")]);
        connection.enqueue(Bytes::from_static(b"tea"));
        connection.flush();
    }
    assert_eq!((direct_writer.write_count(), woken.0.load(Ordering::Relaxed)), (0, 0));
    drop(others);
    let ended = poll_fn(|cx| Pin::new(&mut socket).poll_read(cx, &mut ReadBuf::new(&mut byte)));
    timeout(PATIENCE, ended).await.expect("the turn in time").unwrap();
    connection.flush();
    assert!(direct_writer.write_count() > 0, "the end is no secret any more");
}

/// A waker that counts how often it is woken.
#[derive(Default)]
struct WakeCount(AtomicUsize);

impl Wake for WakeCount {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[actix_web::test]
async fn many_sockets_end_in_turns() {
    let mut sockets = Vec::new();
    let mut peers = Vec::new();
    for _ in 0..4 * ENDS_PER_TURN {
        let (socket, peer) = pair().await;
        sockets.push(socket);
        peers.push(peer);
    }
    // All ends are there before the first is read, so that no socket waits for its peer below.
    peers.clear();
    for socket in &sockets {
        socket.reading.readable().await.unwrap();
    }
    // Others end too, so that none of these ends at once, however slow the machine is.
    let _others = busy_end_queue();
    let mut context = Context::from_waker(Waker::noop());
    let mut ended = 0;
    let mut most_in_a_turn = 0;
    while ended < 4 * ENDS_PER_TURN {
        let before = sockets.len();
        sockets.retain_mut(|socket| {
            let mut byte = [0];
            Pin::new(socket).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
        });
        ended += before - sockets.len();
        most_in_a_turn = most_in_a_turn.max(before - sockets.len());
        tokio::task::yield_now().await;
    }
    assert_eq!(most_in_a_turn, ENDS_PER_TURN);
}

/// A transport whose kernel takes no byte.
struct Stalled {
    request: &'static [u8],
}

impl AsyncRead for Stalled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.request.is_empty() {
            return Poll::Pending;
        }
        buffer.put_slice(std::mem::take(&mut self.request));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stalled {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[actix_web::test]
async fn the_dispatcher_takes_one_chunk_of_a_websocket_that_is_not_read() {
    let connection =
        Connection::new(SessionId(1), Dialect::V1, SessionKind::WebSocket, 0, Rc::default(), Rc::default());
    connection.enqueue(Bytes::from(vec![b'x'; 10 * SOCKET_CHUNK_BYTES_MAX]));
    let body = Rc::new(Cell::new(Some(OutboundBody::new(Rc::clone(&connection)))));
    let service = http_service()
        .h1(fn_service(move |_: Request| {
            let body = body.take().unwrap();
            async move { Ok::<_, Infallible>(Response::ok().set_body(body)) }
        }))
        .new_service(())
        .await
        .unwrap();
    let mut dispatcher = std::pin::pin!(service.call((Stalled { request: GET }, None)));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..10 {
        assert!(dispatcher.as_mut().poll(&mut context).is_pending());
    }
    let waiting = connection.queued_bytes() - size_of::<Bytes>();
    assert_eq!(waiting, 9 * SOCKET_CHUNK_BYTES_MAX, "one chunk is in the dispatcher's buffer");
}
