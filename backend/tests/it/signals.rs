//! Signals to the real program, and the end of its process.

use crate::{http, program::Program, socket::PATIENCE};
use rustix::{fs::Mode, process::Signal};
use shared::{ClientId, Command, RoomId, command::Post, limits::TEXT_BYTES_MAX};
use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    process::Command as Process,
    time::{Duration, Instant},
};

/// Longest time from a signal to the end, on a machine that does nothing else.
const END: Duration = Duration::from_secs(5);

#[test]
fn a_signal_during_the_start_ends_the_program() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        // The start waits until somebody writes into this file.
        let path = std::env::temp_dir().join(format!("teahouse-fifo-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        let mut program =
            Program::spawn(&["--listen", "127.0.0.1:0", "--config", path.to_str().unwrap()], |_| {});
        program.wait_for_handler(signal);
        program.signal(signal);
        let status = program.wait(PATIENCE);
        assert_eq!((status.code(), status.signal()), (Some(code), None), "{signal:?}");
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn a_closed_terminal_ends_the_server_cleanly() {
    let mut program = Program::spawn(&["--listen", "127.0.0.1:0"], |_| {});
    let mut socket = program.server().open_text_socket().await;
    program.signal(Signal::HUP);
    assert_eq!(socket.closed().await.0, 1012);
    assert_eq!(program.wait(PATIENCE).code(), Some(0));
}

#[tokio::test]
async fn a_program_under_nohup_outlives_its_terminal() {
    let program = env!("CARGO_BIN_EXE_teahouse");
    let mut program = Program::spawn(&["--listen", "127.0.0.1:0"], |command| {
        let mut under = Process::new("sh");
        under.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", program]);
        under.args(command.get_args()).stdout(std::process::Stdio::piped());
        *command = under;
    });
    let server = program.server();
    program.signal(Signal::HUP);
    assert_eq!(http::get(&server, "/readyz", &[]).await.status, 200);
    program.signal(Signal::TERM);
    assert_eq!(program.wait(PATIENCE).code(), Some(0));
}

#[test]
fn a_signal_ends_a_task() {
    let path = std::env::temp_dir().join(format!("teahouse-backup-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
    // The task waits for a file that nobody writes.
    let mut program = Program::spawn(&["restore", path.to_str().unwrap()], |_| {});
    program.wait_for_handler(Signal::TERM);
    program.signal(Signal::TERM);
    let status = program.wait(PATIENCE);
    assert_eq!((status.code(), status.signal()), (Some(143), None));
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_disk_that_hangs_does_not_delay_the_end() {
    if Process::new("strace").arg("-V").output().is_err() {
        return println!("strace is not installed");
    }
    let mut program = Program::spawn(&["--listen", "127.0.0.1:0", "--limit-posts", "0"], |_| {});
    let server = program.server();
    let mut member = server.join_and_open("Wei").await;
    // Each sync of the database waits for a minute from now on.
    let pid = program.child.id().to_string();
    let hang = "inject=fdatasync,fsync:delay_enter=60000000";
    let mut strace = Process::new("strace")
        .args(["-f", "-p", &pid, "-e", "trace=fdatasync,fsync", "-e", hang, "-o", "/dev/null"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status = || fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let since = Instant::now();
    while status().contains("TracerPid:\t0\n") {
        assert!(since.elapsed() < PATIENCE, "strace does not attach");
        std::thread::sleep(Duration::from_millis(5));
    }
    for number in 0..8_u8 {
        let post = Post {
            reference: number.into(),
            room: RoomId::LOBBY,
            client_id: ClientId([number; 16]),
            text: "x".repeat(TEXT_BYTES_MAX),
        };
        member.command(&Command::Post(post)).await;
    }
    std::thread::sleep(Duration::from_millis(300));
    program.signal(Signal::TERM);
    // strace holds the thread that waits, so the ended process stays until strace ends too.
    let since = Instant::now();
    while !status().contains("State:\tZ") {
        assert!(since.elapsed() < 2 * END, "the program did not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    strace.kill().unwrap();
    strace.wait().unwrap();
    assert_eq!(program.wait(PATIENCE).code(), Some(70), "the database was not closed");
}
