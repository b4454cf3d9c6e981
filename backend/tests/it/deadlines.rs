//! Unfinished input ends its connection at a deadline: heads, bodies, idle connections and messages.

use crate::{
    http,
    socket::{PATIENCE, Raw, frame},
    test_server::{ServerOptions, TestServer},
};
use backend::connection::deadlines::Deadlines;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// A deadline that a test waits for.
const SHORT: Duration = Duration::from_millis(400);
/// A deadline that no test reaches.
const LONG: Duration = Duration::from_secs(60);

fn server(change: impl FnOnce(&mut Deadlines)) -> TestServer {
    let mut deadlines = Deadlines { head: LONG, body: LONG, idle: LONG, message: LONG };
    change(&mut deadlines);
    TestServer::with_options(ServerOptions { deadlines, ..ServerOptions::default() })
}

/// A connection on which one request was answered.
async fn kept_connection(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = http::head("GET", "/healthz", server, &[]).replace("Connection: close\r\n", "");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"alive\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.expect("an answer").unwrap());
    }
    stream
}

/// Reads up to the end of the connection, which comes after the deadline and not before.
async fn ended(stream: &mut TcpStream, since: Instant) -> String {
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the end of the connection");
    assert!(since.elapsed() >= SHORT, "{:?}", since.elapsed());
    String::from_utf8(rest).unwrap()
}

#[tokio::test]
async fn a_second_head_on_a_kept_connection_has_a_deadline() {
    let server = server(|deadlines| deadlines.head = SHORT);
    let mut stream = kept_connection(&server).await;
    sleep(2 * SHORT).await;
    let since = Instant::now();
    stream.write_all(b"G").await.unwrap();
    assert!(ended(&mut stream, since).await.starts_with("HTTP/1.1 408 "));

    // Byte by byte it is no different.
    let mut stream = kept_connection(&server).await;
    let since = Instant::now();
    let (mut reading, mut writing) = stream.split();
    let dribble = async {
        for byte in b"GET /healthz HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(SHORT / 10).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        _ = reading.read_to_end(&mut rest) => {}
        () = dribble => {}
        () = sleep(PATIENCE) => panic!("the connection stays open"),
    }
    assert!(since.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_part_of_a_head_behind_a_whole_request_has_a_deadline() {
    let server = server(|deadlines| deadlines.head = SHORT);
    let whole = http::head("GET", "/healthz", &server, &[]).replace("Connection: close\r\n", "");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(format!("{whole}{whole}G").as_bytes()).await.unwrap();
    let text = ended(&mut stream, Instant::now()).await;
    assert_eq!(text.matches("alive\n").count(), 2, "{text}");
    assert!(text.contains("HTTP/1.1 408 "), "{text}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_an_answer() {
    let server = server(|deadlines| deadlines.idle = SHORT);
    let since = Instant::now();
    let mut stream = kept_connection(&server).await;
    assert_eq!(ended(&mut stream, since).await, "");

    let server = self::server(|deadlines| deadlines.head = SHORT);
    let since = Instant::now();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(ended(&mut stream, since).await, "", "it never sent a byte");
}

#[tokio::test]
async fn a_slow_body_is_refused_and_ends_its_connection() {
    let server = server(|deadlines| (deadlines.body, deadlines.head) = (SHORT, SHORT));
    for (more, body) in
        [("Content-Length: 15", "{\"type\":\"pi"), ("Transfer-Encoding: chunked", "5\r\n{\"ty")]
    {
        let head = http::head("POST", "/api/join", &server, &[("content-type", "application/json")]);
        let head = head.replace("Connection: close", more);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let since = Instant::now();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let answer = ended(&mut stream, since).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":1411"), "{more}: {answer}");
    }
    // A route that reads no body does not wait for it.
    let head = http::head("POST", "/api/events", &server, &[])
        .replace("Connection: close", "Transfer-Encoding: chunked");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let since = Instant::now();
    stream.write_all(format!("{head}5\r\nab").as_bytes()).await.unwrap();
    assert!(ended(&mut stream, since).await.starts_with("HTTP/1.1 405 "));
}

#[tokio::test]
async fn a_served_request_may_take_longer_than_the_deadlines() {
    let server = server(|deadlines| (deadlines.head, deadlines.idle) = (SHORT, SHORT));
    let cookie = server.join("Wei").await;
    let mut stream = http::Stream::open(&server, "/api/events", &[("cookie", &cookie)]).await;
    let mut lin = server.join_and_open("Lin").await;
    sleep(3 * SHORT).await;
    lin.command(&crate::v1::post(2, "still open")).await;
    stream.until("still open").await;
}

#[tokio::test]
async fn an_unfinished_message_ends_its_websocket_with_4408() {
    let server = server(|deadlines| deadlines.message = SHORT);
    let whole = frame(0x81, b"0123456789");
    for begun in [&whole[..1], &whole[..6], &whole[..12], &frame(0x01, b"begun"), &frame(0x89, b"ping")[..8]]
    {
        let mut raw = Raw::open(server.address, "/conn_ws").await;
        sleep(2 * SHORT).await;
        let since = Instant::now();
        raw.send(begun).await;
        assert_eq!(raw.closed().await, 4408, "{begun:x?}");
        assert!(since.elapsed() >= SHORT);
    }
}

#[tokio::test]
async fn a_message_without_end_ends_its_websocket_with_4408() {
    let server = server(|deadlines| deadlines.message = SHORT);
    // Slow bytes, and pongs and empty fragments as fast as they go.
    let fast = [frame(0x8a, b""), frame(0x00, b"")].concat().repeat(200);
    for (piece, pause) in [(vec![b'x'], SHORT / 10), (frame(0x00, b"x"), SHORT / 10), (fast, Duration::ZERO)]
    {
        let mut raw = Raw::open(server.address, "/conn_ws").await;
        let begun = if piece.len() == 1 { &frame(0x81, &[b'x'; 60_000])[..8] } else { &frame(0x01, b"x") };
        raw.send(begun).await;
        let (mut reading, mut writing) = raw.0.into_split();
        let sending = tokio::spawn(async move {
            while writing.write_all(&piece).await.is_ok() {
                sleep(pause).await;
            }
        });
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, reading.read_to_end(&mut bytes)).await.expect("the end of TCP");
        sending.abort();
        assert!(bytes.windows(4).any(|part| part == [0x88, 0x02, 0x11, 0x38]), "{bytes:x?}");
    }
}

#[tokio::test]
async fn too_many_cookies_are_refused_with_a_page_that_says_so() {
    let server = server(|_| {});
    let cookies =
        (0..130).map(|number| format!("c{number}={}", "x".repeat(1_000))).collect::<Vec<_>>().join("; ");
    for keeps in [false, true] {
        let head = http::head("GET", "/", &server, &[("cookie", &cookies)]);
        let head = if keeps { head.replace("Connection: close\r\n", "") } else { head };
        let answer = http::request(&server, &head, b"").await;
        assert_eq!((answer.status, answer.header("content-type")), (431, Some("text/html; charset=utf-8")));
        assert!(answer.body.contains("Delete the cookies") && answer.body.contains("请删除此地址的 Cookie"));
    }
    // As many as other programs leave behind without harm.
    let some = &cookies[..90_000];
    assert_eq!(http::get(&server, "/healthz", &[("cookie", some)]).await.status, 200);
}
