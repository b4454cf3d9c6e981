//! Posts that are sent right after a handshake was answered.

use crate::{
    socket::{PATIENCE, frame},
    test_server::TestServer,
};
use std::{
    hint,
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Rounds of handshakes.
const ROUNDS: usize = 40;
/// Handshakes sent together, so that a worker has many to answer at once.
const CLIENTS: usize = 48;
/// Time after which no further round begins.
const LONG: Duration = Duration::from_secs(2);
/// Threads that keep the processors busy.
const BUSY: usize = 2;

/// Keeps processors busy until it is dropped, for at most twice the time of the test.
struct Load<'s>(&'s AtomicBool);

impl<'s> Load<'s> {
    fn start<'scope>(scope: &'scope thread::Scope<'scope, 's>, is_over: &'s AtomicBool) -> Self {
        let started = Instant::now();
        for _ in 0..BUSY {
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) && started.elapsed() < 2 * LONG {
                    (0..1_000).for_each(|_| hint::spin_loop());
                }
            });
        }
        Load(is_over)
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn ask(mut stream: &TcpStream, server: &TestServer) {
    let head = format!(
        "GET /conn_ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
}

/// Reads the response to a handshake, and no byte behind it.
fn read_response_head(mut stream: &TcpStream) {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
}

/// Reads the next short text. Pings are skipped.
fn text(mut stream: &TcpStream) -> String {
    loop {
        let mut header = [0; 2];
        stream.read_exact(&mut header).unwrap();
        let mut payload = vec![0; usize::from(header[1])];
        stream.read_exact(&mut payload).unwrap();
        if header[0] == 0x81 {
            return String::from_utf8(payload).unwrap();
        }
    }
}

#[test]
fn a_text_client_gets_every_post_sent_after_its_101() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut talker = connect(&server);
    ask(&talker, &server);
    read_response_head(&talker);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _load = Load::start(scope, &is_over);
        let started = Instant::now();
        for round in 0..ROUNDS {
            if started.elapsed() > LONG {
                break;
            }
            let clients: Vec<_> = (0..CLIENTS).map(|_| connect(&server)).collect();
            clients.iter().for_each(|client| ask(client, &server));
            for (number, client) in clients.iter().enumerate() {
                read_response_head(client);
                talker.write_all(&frame(0x81, format!("{round} {number}").as_bytes())).unwrap();
            }
            let last = format!("{round} end");
            talker.write_all(&frame(0x81, last.as_bytes())).unwrap();
            while text(&talker) != last {}
            for (number, client) in clients.iter().enumerate() {
                let own = format!("{round} {number}");
                loop {
                    let next = text(client);
                    if next == own {
                        break;
                    }
                    assert_ne!(next, last, "client {number} of round {round} missed what came after its 101");
                }
            }
        }
    });
}
