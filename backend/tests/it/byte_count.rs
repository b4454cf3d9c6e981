//! A request with `trace=1` reports its bytes: as many as its client counts on the wire, without the report
//! itself.

use crate::{http, socket::PATIENCE, test_server::TestServer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A connection that counts its bytes.
struct CountingConnection {
    stream: TcpStream,
    sent: u64,
    got: u64,
}

impl CountingConnection {
    async fn open(server: &TestServer) -> Self {
        CountingConnection { stream: TcpStream::connect(server.address).await.unwrap(), sent: 0, got: 0 }
    }

    /// Sends a request, and counts from it on.
    async fn send_request(&mut self, head: &str, body: &str) {
        (self.sent, self.got) = ((head.len() + body.len()) as u64, 0);
        self.stream.write_all(head.as_bytes()).await.unwrap();
        self.stream.write_all(body.as_bytes()).await.unwrap();
    }

    async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            bytes.push(timeout(PATIENCE, self.stream.read_u8()).await.expect("a byte in time").unwrap());
        }
        self.got += bytes.len() as u64;
        String::from_utf8(bytes).unwrap()
    }

    async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    async fn take(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await.expect("bytes in time").unwrap();
        self.got += length as u64;
        String::from_utf8(bytes).unwrap()
    }

    /// The next chunk of a body. Its report is not counted.
    async fn chunk(&mut self) -> String {
        let line = self.until("\r\n").await;
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let chunk = self.take(length).await;
        assert_eq!(self.take(2).await, "\r\n");
        let report_length = report(&chunk).len();
        let header_line = format!("{:X}\r\n", length - report_length);
        self.got -= (line.len() - header_line.len() + report_length) as u64;
        chunk
    }

    /// A whole chunked body, and the number of its chunks.
    async fn chunks(&mut self) -> (String, usize) {
        let (mut body, mut count) = (String::new(), 0);
        loop {
            let chunk = self.chunk().await;
            if chunk.is_empty() {
                return (body, count);
            }
            body += &chunk;
            count += 1;
        }
    }
}

/// The report in a chunk: at the end of a stream's chunk, or the last member of a poll's response.
fn report(chunk: &str) -> &str {
    let from = chunk.find("event: traced\n").or_else(|| chunk.find(",\"traced\":"));
    let report = from.map_or("", |from| &chunk[from..]);
    report.strip_suffix("}}").map_or(report, |but_its_end| &report[..=but_its_end.len()])
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

/// Formats a request that keeps its connection open.
fn keep_alive_head(method: &str, path: &str, server: &TestServer, headers: &[(&str, &str)]) -> String {
    http::head(method, path, server, headers).replacen("Connection: close\r\n", "", 1)
}

/// Joins as a member with a room to read. Returns the cookie and the expected identity.
async fn member(server: &TestServer, name: &str) -> (String, String, String) {
    let cookie = server.join(name).await;
    let answer = http::get(server, "/api/poll?begin=1", &[("Cookie", &cookie)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = &answer.body[answer.body.find('{').unwrap()..=answer.body.rfind('}').unwrap()];
    let body: Value = serde_json::from_str(body).unwrap();
    let through = body["through"].as_str().unwrap().to_owned();
    let member = body["events"][0]["you"]["id"].clone();
    let epoch = through.split_once('.').unwrap().0;
    (cookie, format!("member={member}&epoch={epoch}"), through)
}

fn post(text: &str) -> String {
    json!({ "type": "post", "ref": 1, "client_id": format!("{:032x}", text.len()), "room": 1, "text": text })
        .to_string()
}

async fn send_command(
    server: &TestServer,
    connection: &mut CountingConnection,
    cookie: &str,
    path: &str,
    body: &str,
) -> (String, Value) {
    let (length, origin) = (body.len().to_string(), server.origin());
    let headers = [
        ("content-type", "application/json"),
        ("content-length", &*length),
        ("origin", &origin),
        ("Cookie", cookie),
    ];
    connection.send_request(&keep_alive_head("POST", path, server, &headers), body).await;
    let head = connection.head().await;
    let reports = head.split_inclusive("\r\n").filter(|line| line.starts_with("teahouse-traced-"));
    connection.got -= reports.map(str::len).sum::<usize>() as u64;
    let length = header(&head, "content-length").unwrap().parse().unwrap();
    let body = connection.take(length).await;
    (head, serde_json::from_str(&body).unwrap())
}

fn reported_bytes(head: &str) -> (u64, u64) {
    let number = |name: &str| header(head, name).unwrap_or_else(|| panic!("{name}: {head}")).parse().unwrap();
    (number("teahouse-traced-up"), number("teahouse-traced-down"))
}

fn pair(traced: &Value) -> (u64, u64) {
    (traced["up"].as_u64().unwrap(), traced["down"].as_u64().unwrap())
}

#[tokio::test]
async fn a_poll_reports_its_bytes() {
    let server = TestServer::start();
    let (cookie, claim, through) = member(&server, "梅").await;
    let mut connection = CountingConnection::open(&server).await;
    let resumed = format!("/api/poll?cursor={through}&{claim}&trace=1");
    // So many events that responses have more than one chunk.
    for length in [3, 9_000, 16_384] {
        send_command(&server, &mut connection, &cookie, "/api/command", &post(&"茶".repeat(length / 3)))
            .await;
    }
    for path in [&*resumed, "/api/poll?begin=1&trace=1", &*resumed] {
        connection
            .send_request(
                &keep_alive_head("GET", path, &server, &[("Cookie", &cookie), ("X-Tea", "龙井")]),
                "",
            )
            .await;
        let head = connection.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let (body, chunks) = connection.chunks().await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(pair(&body["traced"]), (connection.sent, connection.got), "{path}");
        assert!(chunks > 1, "{chunks}");
    }
    // The last request of a connection.
    let head = keep_alive_head("GET", &resumed, &server, &[("Cookie", &cookie)]);
    let mut closing = CountingConnection::open(&server).await;
    closing.send_request(&head.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1), "").await;
    closing.head().await;
    let body: Value = serde_json::from_str(&closing.chunks().await.0).unwrap();
    assert_eq!(pair(&body["traced"]), (closing.sent, closing.got));
    // The request of an HTTP/1.0 client, whose response has no chunks.
    let mut old = CountingConnection::open(&server).await;
    old.send_request(&head.replacen("HTTP/1.1", "HTTP/1.0", 1), "").await;
    old.head().await;
    let mut text = String::new();
    timeout(PATIENCE, old.stream.read_to_string(&mut text)).await.expect("the end").unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(pair(&body["traced"]), (old.sent, old.got + (text.len() - report(&text).len()) as u64));
    // The parser drops white space around a value, so it is not counted.
    connection
        .send_request(
            &keep_alive_head("GET", &resumed, &server, &[("Cookie", &cookie), ("X-Tea", "  green  ")]),
            "",
        )
        .await;
    connection.head().await;
    let body: Value = serde_json::from_str(&connection.chunks().await.0).unwrap();
    assert_eq!(pair(&body["traced"]), (connection.sent - 4, connection.got));
}

#[tokio::test]
async fn a_poll_without_events_reports_its_bytes_when_its_wait_ends() {
    let server = TestServer::start();
    let (cookie, claim, mut through) = member(&server, "梅").await;
    let mut connection = CountingConnection::open(&server).await;
    let mut present = Value::from(0);
    // The first poll reports presence; the others have no event.
    for wait in [0, 0, 0, 1] {
        let path = format!("/api/poll?wait={wait}&cursor={through}&present={present}&{claim}&trace=1");
        connection.send_request(&keep_alive_head("GET", &path, &server, &[("Cookie", &cookie)]), "").await;
        connection.head().await;
        let body: Value = serde_json::from_str(&connection.chunks().await.0).unwrap();
        assert_eq!(pair(&body["traced"]), (connection.sent, connection.got));
        through = body["through"].as_str().unwrap().to_owned();
        present = body["present"].clone();
    }
}

#[tokio::test]
async fn a_stream_reports_its_bytes_at_the_end_of_each_chunk() {
    let server = TestServer::start();
    let (cookie, _, through) = member(&server, "梅").await;
    let mut connection = CountingConnection::open(&server).await;
    let path = format!("/api/events?cursor={through}&trace=1");
    connection.send_request(&keep_alive_head("GET", &path, &server, &[("Cookie", &cookie)]), "").await;
    connection.head().await;
    let mut other = CountingConnection::open(&server).await;
    for text in ["one", "two and", "three"] {
        send_command(&server, &mut other, &cookie, "/api/command", &post(text)).await;
        loop {
            let chunk = connection.chunk().await;
            let (events, report) =
                chunk.split_once("event: traced\ndata: ").unwrap_or_else(|| panic!("{chunk}"));
            let report: Value = serde_json::from_str(report.strip_suffix("\n\n").unwrap()).unwrap();
            assert_eq!(pair(&report), (connection.sent, connection.got), "{chunk}");
            if events.contains(&format!("\"text\":\"{text}\"")) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_command_reports_its_bytes_when_executed_or_refused() {
    let server = TestServer::start();
    let (cookie, claim, _) = member(&server, "梅").await;
    let mut connection = CountingConnection::open(&server).await;
    let path = format!("/api/command?{claim}&trace=1");
    for (body, status) in [
        (post("茶好了"), 200),
        (post("茶好了"), 200),
        (post(&"x".repeat(2_000)), 200),
        (post(" "), 422),
        (post("nobody's room").replace("\"room\":1", "\"room\":77"), 404),
        ("{".to_owned(), 400),
        (String::new(), 400),
    ] {
        let (head, _) = send_command(&server, &mut connection, &cookie, &path, &body).await;
        assert_eq!(head.split(' ').nth(1), Some(&*status.to_string()), "{body}");
        assert_eq!(reported_bytes(&head), (connection.sent, connection.got), "{body}");
    }
    let (head, _) =
        send_command(&server, &mut connection, "th_0123456789abcdef=nobody", &path, &post("?")).await;
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert_eq!(reported_bytes(&head), (connection.sent, connection.got));
}

#[tokio::test]
async fn a_request_without_trace_reports_nothing() {
    let server = TestServer::start();
    let (cookie, claim, through) = member(&server, "梅").await;
    let mut connection = CountingConnection::open(&server).await;
    for trace in ["", "&trace=", "&trace=0"] {
        let path = format!("/api/command?{claim}{trace}");
        let (head, _) = send_command(&server, &mut connection, &cookie, &path, &post("x")).await;
        assert!(!head.contains("traced"), "{head}");
        let path = format!("/api/poll?cursor={through}{trace}");
        connection.send_request(&keep_alive_head("GET", &path, &server, &[("Cookie", &cookie)]), "").await;
        let head = connection.head().await;
        let (body, _) = connection.chunks().await;
        assert!(!head.contains("traced") && !body.contains("traced"), "{head}{body}");
    }
    let mut stream = CountingConnection::open(&server).await;
    let path = format!("/api/events?cursor={through}");
    stream.send_request(&keep_alive_head("GET", &path, &server, &[("Cookie", &cookie)]), "").await;
    assert!(!stream.head().await.contains("traced"));
    assert!(!stream.chunk().await.contains("traced"));
    let answer = http::get(&server, "/api/poll?trace=2", &[("Cookie", &cookie)]).await;
    assert_eq!((answer.status, answer.code()), (422, 1_003));
}
