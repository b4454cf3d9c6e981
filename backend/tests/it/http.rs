//! HTTP requests, each on a connection of its own.

use crate::{socket::PATIENCE, test_server::TestServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        Some(self.header("set-cookie")?.split(';').next()?.to_owned())
    }

    pub(crate) fn code(&self) -> u64 {
        self.problem()["code"].as_u64().unwrap()
    }

    pub(crate) fn problem(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

pub(crate) async fn request(server: &TestServer, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut bytes = Vec::new();
    // A refusal may arrive while the body is still being sent, followed by a reset.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {head}: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

pub(crate) async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(server, &head("GET", path, server, headers), b"").await
}

pub(crate) async fn post(
    server: &TestServer,
    path: &str,
    headers: &[(&str, &str)],
    body: &serde_json::Value,
) -> Answer {
    let body = body.to_string();
    let length = body.len().to_string();
    let origin = server.origin();
    let all =
        [&[("content-type", "application/json"), ("content-length", &length), ("origin", &origin)], headers]
            .concat();
    request(server, &head("POST", path, server, &all), body.as_bytes()).await
}

/// Formats a request head. A Host among the headers replaces the server's own.
pub(crate) fn head(method: &str, path: &str, server: &TestServer, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {}\r\n", server.address));
    }
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head + "\r\n"
}

/// A response that is read while it arrives.
pub(crate) struct Stream {
    stream: TcpStream,
    text: String,
}

impl Stream {
    pub(crate) async fn open(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(head("GET", path, server, headers).as_bytes()).await.unwrap();
        Stream { stream, text: String::new() }
    }

    /// Everything that has arrived.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Reads until this text has arrived.
    pub(crate) async fn until(&mut self, text: &str) {
        while !self.text.contains(text) {
            let mut part = [0; 4096];
            let read =
                timeout(PATIENCE, self.stream.read(&mut part)).await.expect("the text in time").unwrap();
            assert!(read > 0, "the response has ended: {}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&part[..read]));
        }
    }
}
