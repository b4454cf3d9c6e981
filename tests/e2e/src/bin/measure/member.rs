//! A member without a browser, who fills the house and posts: HTTP requests on one kept connection.

use e2e::wait::TIMEOUT;
use serde_json::{Value, json};
use std::{
    io::{Error, ErrorKind},
    net::SocketAddr,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A member, known to the server by an address of its own, so that no limit of one address applies.
#[derive(Debug)]
pub(crate) struct Member {
    server: SocketAddr,
    stream: TcpStream,
    forwarded_for: String,
    cookie: String,
    /// The number of client ids so far, which makes each of them unique.
    ids: u64,
    number: u32,
    /// The stream of events that keeps the member present.
    events: Option<TcpStream>,
}

impl Member {
    /// Joins the house. `number` is unique among the members and at most 65,000.
    ///
    /// # Panics
    /// If the server refuses the name or does not answer.
    pub(crate) async fn join(server: SocketAddr, number: u32, name: &str) -> Member {
        let stream = connect(server).await;
        // RFC 2544 reserves this network for benchmarks.
        let forwarded_for = format!("198.18.{}.{}", number / 250, number % 250 + 1);
        let mut member =
            Member { server, stream, forwarded_for, cookie: String::new(), ids: 0, number, events: None };
        let (head, body) = member.post("/api/join", &json!({ "name": name })).await;
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        cookie.unwrap_or_else(|| panic!("{name} cannot join: {head}{body}")).clone_into(&mut member.cookie);
        member
    }

    /// Opens a stream of events, so that the member is present as long as this value lives.
    pub(crate) async fn appear(&mut self) {
        let mut events = connect(self.server).await;
        let request = format!(
            "GET /api/events HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: {}\r\nCookie: {}\r\n\r\n",
            self.server, self.forwarded_for, self.cookie
        );
        events.write_all(request.as_bytes()).await.unwrap_or_else(|error| panic!("{error}"));
        let mut first = [0; 12];
        events.read_exact(&mut first).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(&first, b"HTTP/1.1 200");
        // The rest is never read: presence alone does not fill the server's bounded queue in the time that the
        // measurement takes, and a stream that is closed as slow is gone like any other.
        self.events = Some(events);
    }

    /// Sends a command and returns the answer.
    ///
    /// # Panics
    /// If the server refuses it.
    pub(crate) async fn command(&mut self, mut command: Value) -> Value {
        self.ids += 1;
        command["ref"] = json!(self.ids);
        command["client_id"] = json!(format!("{:016x}{:016x}", self.number, self.ids));
        let (head, body) = self.post("/api/command", &command).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{command} is refused: {head}{body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    async fn post(&mut self, path: &str, body: &Value) -> (String, String) {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\nX-Forwarded-For: {}\r\n\
             Cookie: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.forwarded_for,
            self.cookie,
            body.len(),
            server = self.server
        );
        let exchange = async {
            self.stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            loop {
                if let Some(complete) = split(&answer) {
                    return Ok(complete);
                }
                if self.stream.read_buf(&mut answer).await? == 0 {
                    return Err(Error::from(ErrorKind::UnexpectedEof));
                }
            }
        };
        let answer = timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| panic!("{path}: no answer"));
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

async fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).await.unwrap_or_else(|error| panic!("{server}: {error}"));
    stream.set_nodelay(true).unwrap_or_else(|error| panic!("{server}: {error}"));
    stream
}

/// Splits a complete response into its head, with names in lower case as the server sends them, and its body.
fn split(answer: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    (body.len() >= length.unwrap_or(0)).then(|| (head.to_owned(), body.to_owned()))
}
