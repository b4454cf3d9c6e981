//! Few file descriptors: what the real program says, and how it goes on.

use crate::{http, program::Program, socket::PATIENCE};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::{
    fs,
    io::Read as _,
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Runs the program in a shell that sets this limit. Returns the exit code and the error output.
fn run(limit: u32, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_teahouse")])
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn too_few_descriptors_are_explained_at_the_start() {
    for limit in [8, 16, 32, 48, 64] {
        let folder = std::env::temp_dir().join(format!("teahouse-few-{}", std::process::id()));
        let data = folder.to_str().unwrap();
        let (code, errors) = run(limit, &["--listen", "127.0.0.1:0", "--data", data]);
        assert_eq!(code, Some(1), "{limit}: {errors}");
        let sentence =
            format!("teahouse: this process may open only {limit} files and connections, but needs");
        assert!(errors.starts_with(&sentence), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(!folder.exists(), "a failed start leaves nothing behind");
    }
}

#[test]
fn a_task_needs_fewer_descriptors() {
    let (code, errors) = run(32, &["check", "--data", "/teahouse-none"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("no database found"), "{errors}");
}

#[tokio::test]
async fn a_server_without_free_descriptors_logs_it_once_and_recovers() {
    let mut program = Program::spawn(&["--listen", "127.0.0.1:0"], |command| {
        command.stderr(Stdio::piped());
    });
    let server = program.server();
    // The workers have opened what they need once the server answers.
    assert_eq!(http::get(&server, "/healthz", &[]).await.status, 200);
    let pid = Pid::from_child(&program.child);
    let before = rustix::process::getrlimit(Resource::Nofile);
    let open = fs::read_dir(format!("/proc/{}/fd", program.child.id())).unwrap().count() as u64;
    prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(open + 4), maximum: before.maximum })
        .unwrap();
    let idle: Vec<_> = (0..16).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // The server tries again twice a second.
    std::thread::sleep(Duration::from_secs(3));
    drop(idle);
    let since = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, http::get(&server, "/healthz", &[])).await.unwrap();
    assert_eq!(answer.status, 200, "after {:?}", since.elapsed());
    let mut errors = program.child.stderr.take().unwrap();
    drop(program);
    let mut logged = String::new();
    errors.read_to_string(&mut logged).unwrap();
    assert_eq!(logged.lines().count(), 1, "{logged}");
    assert!(logged.contains("Too many open files"), "{logged}");
}
