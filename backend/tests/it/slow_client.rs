//! A slow client does not harm others.

use crate::{
    socket::{PATIENCE, Raw},
    test_server::{ServerOptions, TestServer},
};
use backend::store::{Store, memory::MemoryStore};
use futures_util::{future::BoxFuture, stream::BoxStream};
use hub::{
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    query::{Query, QueryResult},
    read_markers::MarkerMove,
};
use shared::{Epoch, ErrorCode, Event};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{io::AsyncReadExt, net::TcpSocket, time::timeout};

#[tokio::test]
async fn a_stalled_reader_gets_4008_when_it_reads_again() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut talker = server.open_text_socket().await;
    // The kernel ends a connection whose window is shut for 20 seconds. On a busy machine too, all posts
    // must be sent before: a small window needs fewer, and several at once need less time.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(65_536).unwrap();
    let mut slow = Raw::over(socket.connect(server.address).await.unwrap(), "/conn_ws").await;
    let text = "x".repeat(60_000);
    // More than its queue and all buffers of the kernel hold.
    let (rounds, at_once) = (20, 8);
    for _ in 0..rounds {
        for _ in 0..at_once {
            talker.send_text(&text).await;
        }
        for _ in 0..at_once {
            talker.next_text().await;
        }
    }
    let bytes = slow.rest().await;
    assert!(bytes.len() < rounds * at_once * text.len(), "its queue was dropped");
    assert_eq!(bytes[bytes.len() - 8..], *b"\x88\x06\x0f\xa8slow", "4008");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reader_that_never_reads_is_disconnected_by_the_kernel() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut talker = server.open_text_socket().await;
    let mut slow = Raw::open(server.address, "/conn_ws").await;
    let text = "x".repeat(60_000);
    for _ in 0..400 {
        talker.send_text(&text).await;
        talker.next_text().await;
    }
    let started = Instant::now();
    // The peer's window stays shut, so the server's kernel ends the connection after 20 seconds. Otherwise
    // the kernel would offer the rest for many minutes, even after the server has closed the connection.
    while server.open_connections() > 1 {
        assert!(started.elapsed() < 3 * PATIENCE, "still {} sockets", server.open_connections());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut byte = [0];
    let _ = timeout(PATIENCE, slow.0.read(&mut byte)).await;
    talker.send_text("still here").await;
    assert_eq!(talker.next_text().await, "still here");
}

#[tokio::test]
async fn a_burst_does_not_close_active_readers() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let (mut first, mut second) = (server.open_text_socket().await, server.open_text_socket().await);
    first.next_binary().await;
    let mut talker = Raw::open(server.address, "/conn_ws").await;
    // Three times as much as a queue holds, as fast as possible.
    let text = "x".repeat(65_536);
    let bytes: Vec<u8> = (0..48).flat_map(|_| crate::socket::frame(0x81, text.as_bytes())).collect();
    let sending = talker.send(&bytes);
    let reading = async {
        for _ in 0..48 {
            assert_eq!(first.next_text().await.len(), text.len());
            assert_eq!(second.next_text().await.len(), text.len());
        }
    };
    tokio::join!(sending, reading);
}

/// A store with slow appends, so that posts gather and are committed together.
struct Leisurely(Arc<Mutex<MemoryStore>>);

impl Store for Leisurely {
    fn epoch(&self) -> Epoch {
        self.0.lock().unwrap().epoch()
    }

    fn snapshot(&mut self) -> Result<std::sync::Arc<hub::House>, ErrorCode> {
        self.0.lock().unwrap().snapshot()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let store = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let outcomes = store.lock().unwrap().append(changes, now);
            outcomes.await
        })
    }

    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
        self.0.lock().unwrap().move_markers(moves)
    }

    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
        self.0.lock().unwrap().tail(after)
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        self.0.lock().unwrap().read(query)
    }
}

#[tokio::test]
async fn a_large_commit_does_not_close_active_readers() {
    let mut options = ServerOptions {
        store: Box::new(Leisurely(Arc::new(Mutex::new(MemoryStore::new(Epoch(7)))))),
        ..ServerOptions::default()
    };
    options.config.limit_posts = 0;
    let server = TestServer::with_options(options);
    let mut reader = server.join_and_open("Wei").await;
    let mut talker = Raw::open(server.address, "/conn_ws").await;
    // Each post fills more than a third of a queue as JSON.
    let text = "\u{1}".repeat(65_536);
    let bytes: Vec<u8> = (0..8).flat_map(|_| crate::socket::frame(0x81, text.as_bytes())).collect();
    let reading = async {
        let mut read = 0;
        while read < 8 {
            if let Event::Posted(posted) = reader.event().await {
                assert_eq!(posted.text.len(), text.len());
                read += 1;
            }
        }
    };
    tokio::join!(talker.send(&bytes), reading);
}

#[tokio::test]
async fn a_member_can_connect_after_the_longest_texts() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut talker = server.open_text_socket().await;
    // Each character takes six bytes in JSON.
    let text = "\u{1}".repeat(65_536);
    for _ in 0..20 {
        talker.send_text(&text).await;
        talker.next_text().await;
    }
    server.join_and_open("Wei").await;
}

/// The direct writer sends what the kernel takes at once, and actix-http's buffer holds the rest. A reader
/// with a small window that pauses again and again gets frames by both paths in turn.
#[tokio::test]
async fn frames_keep_their_order_when_they_leave_by_both_paths() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut talker = server.open_text_socket().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = Raw::over(socket.connect(server.address).await.unwrap(), "/conn_ws").await;
    let mut random = 1_u64;
    let mut draw = |range: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % range
    };
    let mut expected = Expected::default();
    for round in 0..400 {
        // Most texts are short, some are longer than a chunk of the body.
        let length = if draw(8) == 0 { 1 + draw(40_000) } else { 1 + draw(300) };
        let text: String = format!("{round} ").chars().cycle().take(length).collect();
        talker.send_text(&text).await;
        assert_eq!(talker.next_text().await, text);
        expected.push(&server_frame(text.as_bytes()));
        // The reader lags by less than its queue may hold, and sometimes not at all.
        let behind = if draw(16) == 0 { 0 } else { draw(600_000) };
        while expected.rest() > behind {
            let mut buffer = vec![0; expected.rest().min(20_000)];
            let n = timeout(PATIENCE, slow.0.read(&mut buffer)).await.expect("bytes in time").unwrap();
            assert!(n > 0, "it is still open");
            buffer[..n].iter().for_each(|byte| expected.take(*byte, round));
        }
    }
}

/// The frames that a reader should get. The server pings it in one of every 25 seconds. The ping may stand
/// before any frame, but within none.
#[derive(Default)]
struct Expected {
    bytes: Vec<u8>,
    /// Indexes in `bytes` at which frames begin.
    starts: HashSet<usize>,
    taken: usize,
    is_in_ping: bool,
}

impl Expected {
    fn push(&mut self, frame: &[u8]) {
        self.starts.insert(self.bytes.len());
        self.bytes.extend_from_slice(frame);
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.taken
    }

    fn take(&mut self, byte: u8, round: usize) {
        if self.is_in_ping {
            assert_eq!(byte, 0, "an empty ping, in round {round}");
            self.is_in_ping = false;
        } else if byte == 0x89 && (self.rest() == 0 || self.starts.contains(&self.taken)) {
            self.is_in_ping = true;
        } else {
            assert_eq!(Some(&byte), self.bytes.get(self.taken), "at {} in round {round}", self.taken);
            self.taken += 1;
        }
    }
}

/// Encodes a text frame of the server (RFC 6455 §5.2).
fn server_frame(payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut frame = vec![0x81];
    match length {
        0..=125 => frame.push(length.try_into().unwrap()),
        _ => {
            frame.push(126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}
