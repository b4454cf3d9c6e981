//! A full disk that gets room again: the real program under a limit on file sizes.

use crate::{http, socket::PATIENCE, test_server::TestServer};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use shared::{Command, ErrorCode, Event, RoomId, command::Post};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command as Process, Stdio},
    time::{Duration, Instant},
};

/// Bytes that a file may have.
const FILE_BYTES_MAX: u64 = 2 << 20;

struct Running {
    child: Child,
    folder: std::path::PathBuf,
}

impl Running {
    /// Starts the program. A write beyond the limit fails, although the system sends a signal for it.
    fn start() -> (Self, TestServer) {
        let folder = std::env::temp_dir().join(format!("teahouse-disk-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut child = Process::new(env!("CARGO_BIN_EXE_teahouse"))
            .args(["--listen", "127.0.0.1:0", "--limit-posts", "0", "--data"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap().1.trim_end_matches('/').parse().unwrap();
        (Running { child, folder }, TestServer::at_address(address))
    }

    fn limit(&self, bytes: Option<u64>) {
        let pid = Pid::from_child(&self.child);
        let before = rustix::process::getrlimit(Resource::Fsize);
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: before.maximum }).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn ready(server: &TestServer) -> (u16, String) {
    let answer = http::get(server, "/readyz", &[]).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn posts_are_refused_while_the_disk_is_full() {
    let (running, server) = Running::start();
    let mut wei = server.join_and_open("Wei").await;
    running.limit(Some(FILE_BYTES_MAX));
    let mut number = 0;
    let mut post = || {
        number += 1;
        Command::Post(Post {
            reference: number,
            room: RoomId::LOBBY,
            client_id: shared::ClientId(u128::from(number).to_be_bytes()),
            text: "x".repeat(8_000),
        })
    };
    let mut stored = 0;
    let code = loop {
        assert!(stored < 1000, "the limit was never met");
        wei.command(&post()).await;
        match wei.event().await {
            Event::Reply(_) => stored += 1,
            Event::Posted(_) => {}
            Event::Error(error) => break error.code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, ErrorCode::StoreRefused);
    assert!(code.is_temporary() && stored > 0);
    let (status, why) = ready(&server).await;
    assert_eq!(status, 503);
    assert!(why.contains("disk"), "{why}");
    assert_eq!(http::get(&server, "/healthz", &[]).await.status, 200);

    // The log can still be read.
    let history = shared::command::HistoryQuery {
        reference: 900,
        room: RoomId::LOBBY,
        at: shared::command::PageAnchor::Newest,
    };
    wei.command(&Command::History(history)).await;
    loop {
        match wei.event().await {
            Event::History(page) => break assert!(!page.messages.is_empty()),
            Event::Posted(_) | Event::Reply(_) | Event::Error(_) => {}
            other => panic!("{other:?}"),
        }
    }

    running.limit(None);
    let started = Instant::now();
    while ready(&server).await != (200, "ready\n".to_owned()) {
        assert!(started.elapsed() < PATIENCE, "it did not recover by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    wei.command(&post()).await;
    loop {
        match wei.event().await {
            // The log holds every acknowledged post, and no refused one.
            Event::Reply(reply) => break assert_eq!(reply.seq, stored + 1),
            Event::Posted(_) => {}
            other => panic!("{other:?}"),
        }
    }
}
