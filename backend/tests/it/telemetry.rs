//! The lines that the real program writes to standard error.

use crate::{
    socket::{PATIENCE, frame},
    temp_folder::TempFolder,
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

/// Times that each malformed request is sent.
const TIMES: usize = 16;

/// Bytes of a request, and whether the client hangs up without reading the response.
type Malformed = (Vec<u8>, bool);

fn malformed(address: &str) -> Vec<Malformed> {
    let shake = |version: &str, key: &str| {
        format!(
            "GET /conn_ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n\r\n"
        )
        .into_bytes()
    };
    let post = |headers: &str, body: &str| {
        let head = format!("POST /api/join HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json");
        format!("{head}\r\n{headers}\r\n\r\n{body}").into_bytes()
    };
    let opened = |frame: &[u8]| [shake("13", "dGhlIHNhbXBsZSBub25jZQ=="), frame.to_vec()].concat();
    let many: String = (0..200).map(|number| format!("X-{number}: x\r\n")).collect();
    vec![
        // A TLS client hello.
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), false),
        (b"tea, please\r\n\r\n".to_vec(), false),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), false),
        (format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Ha").into_bytes(), true),
        (format!("GET / HTTP/1.1\r\nHost: {address}\r\nX: {}", "x".repeat(140_000)).into_bytes(), false),
        (format!("GET / HTTP/1.1\r\nHost: {address}\r\n{many}\r\n").into_bytes(), false),
        (format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n\0\0\r\n\r\n").into_bytes(), false),
        (post("Transfer-Encoding: chunked", "zz\r\n"), false),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 3", "{}"), false),
        (post("Content-Length: many", "{}"), false),
        (post("Content-Length: 40", "{"), true),
        (shake("12", "dGhlIHNhbXBsZSBub25jZQ=="), true),
        (shake("13", "short"), true),
        // A continuation without a first fragment, an unknown opcode, and a fragmented ping.
        (opened(&frame(0x80, b"x")), false),
        (opened(&frame(0x03, b"x")), false),
        (opened(&frame(0x09, b"x")), false),
    ]
}

fn send(address: &str, (bytes, hangs_up): &Malformed) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may hang up on the longest request before it has read all of it.
    let _ = stream.write_all(bytes);
    if !hangs_up {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// The program. Dropping this ends it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the program while `act` uses its address. Returns standard output and standard error.
fn run(levels: Option<&str>, act: impl FnOnce(&str)) -> (String, String) {
    run_with(&["--listen", "127.0.0.1:0"], levels, |line| {
        act(line.rsplit_once("http://").unwrap().1.trim_end_matches('/'));
    })
}

/// Runs the program with these arguments. `act` gets the line that it prints at its start.
fn run_with(arguments: &[&str], levels: Option<&str>, act: impl FnOnce(&str)) -> (String, String) {
    let scratch = TempFolder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
    command.args(arguments).arg("--data").arg(scratch.path()).env_remove("RUST_LOG");
    command.envs(levels.map(|levels| ("RUST_LOG", levels)));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut server = Server(child);
    let mut errors = server.0.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).unwrap();
        text
    });
    let mut stdout = BufReader::new(server.0.stdout.take().unwrap());
    let mut output = String::new();
    stdout.read_line(&mut output).unwrap();
    act(output.trim());
    let pid = rustix::process::Pid::from_child(&server.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(server.0.wait().unwrap().success());
    stdout.read_to_string(&mut output).unwrap();
    (output, errors.join().unwrap())
}

#[test]
fn malformed_requests_are_not_logged_by_default() {
    let mut sent = 0;
    let (output, logged) = run(None, |address| {
        let malformed = malformed(address);
        for _ in 0..TIMES {
            malformed.iter().for_each(|request| send(address, request));
            sent += malformed.len();
        }
    });
    assert!(sent >= 200, "{sent}");
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(output.contains("is open: http://"), "{output}");
    assert_eq!(logged, "");
}

#[test]
fn rust_log_shows_each_malformed_request() {
    let (_, logged) = run(Some("error"), |address| {
        malformed(address).iter().for_each(|request| send(address, request));
    });
    let of_peers = logged.lines().filter(|line| line.contains("stream error")).count();
    assert!(of_peers >= 3, "{logged}");
    assert!(!logged.contains("INFO"), "{logged}");
}

#[test]
fn an_invalid_rust_log_is_reported_and_the_defaults_apply() {
    let (_, logged) = run(Some("actix_http=loudly"), |address| send(address, &malformed(address)[1]));
    let lines: Vec<_> = logged.lines().collect();
    assert_eq!(lines.len(), 1, "{logged}");
    assert!(lines[0].starts_with("teahouse: RUST_LOG: "), "{logged}");
}

#[test]
fn a_refused_name_and_an_untrusted_proxy_are_noted_once_with_the_flag() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let arguments = ["--listen", &address, "--public-url", "https://tea.example"];
    let (_, logged) = run_with(&arguments, None, |_| {
        for _ in 0..3 {
            for more in [
                format!("Host: {address}\r\nX-Forwarded-For: 203.0.113.1"),
                "Host: nas.lan".to_owned(),
                format!("Host: {address}\r\nUpgrade: websocket\r\nOrigin: https://cup.example"),
            ] {
                let request = format!("GET /api/me HTTP/1.1\r\nConnection: close\r\n{more}\r\n\r\n");
                send(&address, &(request.into_bytes(), false));
            }
        }
    });
    for flag in ["--trust-proxy on", "--host nas.lan", "--allow-origin https://cup.example"] {
        assert_eq!(logged.lines().filter(|line| line.contains(flag)).count(), 1, "{flag}: {logged}");
    }
    assert_eq!(logged.lines().count(), 3, "{logged}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn refusals_by_a_limit_are_logged_in_one_line_without_an_address() {
    use crate::{http, program::Program};
    use backend::limits::JOINS;
    use futures_util::future::join_all;
    use std::sync::mpsc;

    let mut program = Program::spawn(&["--listen", "127.0.0.1:0"], |command| {
        command.stderr(Stdio::piped());
    });
    let server = program.server();
    let (sender, lines) = mpsc::channel();
    let errors = BufReader::new(program.child.stderr.take().unwrap());
    std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let joins =
        (0..JOINS.burst + 200).map(|number| serde_json::json!({ "name": format!("Student {number}") }));
    join_all(joins.map(async |name| http::post(&server, "/api/join", &[], &name).await)).await;
    let line = lines.recv_timeout(PATIENCE).expect("a line");
    assert!(line.contains("WARN") && line.contains(" times: joins;"), "{line}");
    assert!(!line.contains("127.0.0.1") && !line.contains("Student"), "{line}");
    // A later refusal within the minute adds no line.
    for number in 0.. {
        let name = serde_json::json!({ "name": format!("Late {number}") });
        if http::post(&server, "/api/join", &[], &name).await.status == 429 {
            break;
        }
    }
    program.signal(rustix::process::Signal::TERM);
    let rest: Vec<_> = lines.iter().collect();
    assert!(rest.is_empty(), "{rest:?}");
}
