//! The real program under a limit on file sizes: a start that the limit forbids, and a disk that is full and gets room
//! again.

use crate::{
    http,
    metrics::samples_at,
    program::{Program, free_port},
    socket::PATIENCE,
    test_server::TestServer,
};
use rustix::process::{Resource, Rlimit, prlimit};
use shared::{ErrorCode, Event, RoomId, command::Post};
use std::{
    process::Command,
    time::{Duration, Instant},
};

/// Bytes that a file may have.
const FILE_BYTES_MAX: u64 = 2 << 20;

fn limit(program: &Program, bytes: Option<u64>) {
    let before = rustix::process::getrlimit(Resource::Fsize);
    let limit = Rlimit { current: bytes, maximum: before.maximum };
    prlimit(Some(program.pid()), Resource::Fsize, limit).unwrap();
}

#[test]
fn a_start_that_the_limit_on_file_sizes_forbids_names_the_limit() {
    let folder = std::env::temp_dir().join(format!("teahouse-fsize-{}", std::process::id()));
    // In units of 512 bytes (POSIX). A database needs 4,096 bytes at least, and the index of its log 32,768.
    for (limit, bytes) in [(0, "0"), (2, "1024"), (16, "8192"), (80, "40960")] {
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -f {limit}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_teahouse")])
            .args(["--listen", "127.0.0.1:0", "--data", folder.to_str().unwrap()])
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{limit}: {errors}");
        let named = format!("no file of more than {bytes} bytes; raise the limit with `ulimit -f unlimited`");
        let file = if limit == 0 { "held-by" } else { "log.sqlite" };
        assert!(errors.contains(folder.join(file).to_str().unwrap()), "{errors}");
        assert!(errors.contains(&named) && errors.lines().count() == 1, "{errors}");
        assert!(!folder.exists(), "a failed start leaves nothing behind");
    }
}

async fn ready(server: &TestServer) -> (u16, String) {
    let answer = http::get(server, "/readyz", &[]).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn posts_are_refused_while_the_disk_is_full() {
    let metrics = free_port();
    let (program, server) = Program::start(&["--limit-posts", "0", "--metrics", &metrics.to_string()]);
    let is_healthy =
        async || samples_at(([127, 0, 0, 1], metrics).into()).await["teahouse_store_healthy"] == 1.0;
    let mut wei = server.join_and_open("Wei").await;
    limit(&program, Some(FILE_BYTES_MAX));
    let mut number = 0;
    let mut post = || {
        number += 1;
        shared::Command::Post(Post {
            reference: number,
            room: RoomId::LOBBY,
            client_id: shared::ClientId(u128::from(number).to_be_bytes()),
            text: "x".repeat(8_000),
        })
    };
    let mut stored = 0;
    // Wait for each answer. A post that waited while the disk gets room again would be stored too.
    wei.command(&post()).await;
    let code = loop {
        assert!(stored < 1000, "the limit was never met");
        match wei.event().await {
            Event::Reply(_) => {
                stored += 1;
                wei.command(&post()).await;
            }
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
    assert!(!is_healthy().await);
    assert_eq!(http::get(&server, "/healthz", &[]).await.status, 200);

    // The log can still be read.
    let history = shared::command::HistoryQuery {
        reference: 900,
        room: RoomId::LOBBY,
        at: shared::command::PageAnchor::Newest,
    };
    wei.command(&shared::Command::History(history)).await;
    loop {
        match wei.event().await {
            Event::History(page) => break assert!(!page.messages.is_empty()),
            Event::Posted(_) => {}
            other => panic!("{other:?}"),
        }
    }

    limit(&program, None);
    let started = Instant::now();
    while ready(&server).await != (200, "ready\n".to_owned()) {
        assert!(started.elapsed() < PATIENCE, "it did not recover by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(is_healthy().await);
    let last = post();
    wei.command(&last).await;
    let shared::Command::Post(Post { reference, .. }) = last else { panic!("{last:?}") };
    loop {
        match wei.event().await {
            // The log holds every acknowledged post, and no refused one.
            Event::Reply(reply) => break assert_eq!(reply.seq, stored + 1),
            Event::Posted(_) => {}
            // The refusal of a post that was on its way when the disk was full may come after the page.
            Event::Error(error) if error.reference != Some(reference) => {}
            other => panic!("{other:?}"),
        }
    }
}
