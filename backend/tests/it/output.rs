//! Standard output and standard error that are full, closed, or read by nobody.

use crate::{
    http,
    program::{Program, free_port},
    socket::PATIENCE,
};
use rustix::process::Signal;
use std::{
    fs::File,
    process::{Command, Stdio},
};

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[tokio::test]
async fn a_full_output_does_not_end_the_server() {
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut program = Program::spawn(&["--listen", &listen], |command| {
        command.env("RUST_LOG", "trace").env("TEAHOUSE_SUGAR", "1").stdout(full()).stderr(full());
    });
    program.server_at(port).await;
    program.signal(Signal::TERM);
    assert_eq!(program.wait(PATIENCE).code(), Some(0));
}

#[tokio::test]
async fn an_error_output_that_nobody_reads_does_not_stop_the_server() {
    let mut program = Program::spawn(&["--listen", "127.0.0.1:0"], |command| {
        command.env("RUST_LOG", "trace").stderr(Stdio::piped());
    });
    let server = program.server();
    // A pipe holds 64 KiB; at this level a request makes about a kilobyte.
    for _ in 0..400 {
        assert_eq!(http::get(&server, "/healthz", &[]).await.status, 200);
    }
    program.signal(Signal::TERM);
    assert_eq!(program.wait(PATIENCE).code(), Some(0));
}

#[test]
fn a_full_output_does_not_change_the_exit_code() {
    for (arguments, code) in [
        (&["--help"][..], 0),
        (&["--version"], 0),
        (&["--version", "extra"], 2),
        (&["--listen", "nonsense"], 2),
        (&["check", "--data", "/teahouse-none"], 1),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
        let status = command.args(arguments).stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}
