//! Input that the server has not handled yet: its memory is bounded, and nothing works on it once its
//! connection has ended.

use crate::{
    socket::{Raw, frame},
    test_server::TestServer,
};
use std::time::Duration;
use tokio::time::sleep;

/// Memory that one socket may take, however its input is cut.
#[cfg(target_os = "linux")]
const SOCKET_BYTES_MAX: usize = 256 << 10;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_socket_takes_little_memory_whatever_its_client_sends_at_once() {
    use crate::program::Program;
    use futures_util::FutureExt as _;
    use tokio::io::AsyncWriteExt as _;

    const SOCKETS: usize = 40;
    let fragments = [frame(0x01, b"x"), frame(0x00, b"x").repeat(60_000)].concat();
    let long = frame(0x81, &[b'x'; 65_536]);
    let inputs = [
        ("empty pongs", frame(0x8a, b"").repeat(40_000)),
        ("empty texts", frame(0x81, b"").repeat(40_000)),
        ("short texts", frame(0x81, b"x").repeat(40_000)),
        ("fragments of one byte", fragments),
        ("a long text without its last byte", long[..long.len() - 1].to_vec()),
    ];
    for (name, input) in inputs {
        let (program, server) = Program::start(&[]);
        let mut sockets = Vec::new();
        for _ in 0..SOCKETS {
            sockets.push(Raw::open(server.address, "/conn_ws").await);
        }
        let before = program.memory_bytes();
        for socket in &mut sockets {
            // Send as much as the kernel takes. The server stops reading at its rate.
            let _ = socket.0.write_all(&input).now_or_never();
        }
        let mut most = 0;
        for _ in 0..20 {
            sleep(Duration::from_millis(50)).await;
            most = most.max(program.memory_bytes().saturating_sub(before));
        }
        println!("{name}: {} KiB a socket", (most / SOCKETS) >> 10);
        assert!(most / SOCKETS <= SOCKET_BYTES_MAX, "{name}: {most} bytes");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_comes_back_when_the_connections_that_used_it_have_ended() {
    use crate::{program::Program, socket::PATIENCE};
    use tokio::time::Instant;

    const SOCKETS: usize = 200;
    let (program, server) = Program::start(&[]);
    let unfinished = frame(0x81, &[b'x'; 65_000]);
    let before = program.memory_bytes();
    for round in 0..3 {
        let mut sockets = Vec::new();
        for _ in 0..SOCKETS {
            let mut socket = Raw::open(server.address, "/conn_ws").await;
            socket.send(&unfinished[..60_000]).await;
            sockets.push(socket);
        }
        let since = Instant::now();
        while program.memory_bytes() < before + SOCKETS * 50_000 {
            assert!(since.elapsed() < PATIENCE, "round {round}: the server does not read");
            sleep(Duration::from_millis(50)).await;
        }
        drop(sockets);
        while program.memory_bytes() > before + SOCKETS * 30_000 {
            assert!(since.elapsed() < PATIENCE, "round {round}: {} bytes", program.memory_bytes());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn unread_input_is_dropped_when_its_connection_has_ended() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    for is_reset in [false, true] {
        let mut raw = Raw::open(server.address, "/conn_ws").await;
        let bytes: Vec<u8> = (0..2_000).flat_map(|_| frame(0x81, b"late")).collect();
        raw.send(&bytes).await;
        assert_eq!(listener.next_text().await, "late");
        if is_reset {
            raw.0.set_zero_linger().unwrap();
        }
        drop(raw);
        // The server checks once a second. Without the check it would work on for nine more seconds.
        sleep(Duration::from_secs(3)).await;
        listener.send_text("now").await;
        while listener.next_text().await != "now" {}
        sleep(Duration::from_secs(1)).await;
        listener.send_text("end").await;
        assert_eq!(listener.next_text().await, "end", "the server works on");
    }
}
