//! Clients of HTTP/1.0, which know no chunks.

use crate::{http, socket::PATIENCE, test_server::TestServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

async fn open(server: &TestServer, path: &str, cookie: &str) -> TcpStream {
    let head = http::head("GET", path, server, &[("cookie", cookie)]).replace("HTTP/1.1", "HTTP/1.0");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.replace("Connection: close", "Connection: keep-alive").as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_poll_ends_with_its_connection() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut answer = String::new();
    let mut stream = open(&server, "/api/poll?begin=1", &cookie).await;
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("the end").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    assert!(!head.to_lowercase().contains("keep-alive"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(body["events"].is_array());
}

#[tokio::test]
async fn a_stream_is_not_chunked() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut stream = open(&server, "/api/events", &cookie).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\n\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.expect("a welcome").unwrap());
    }
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    assert!(body.starts_with("data: {\"type\":\"welcome\""), "{body}");
}
