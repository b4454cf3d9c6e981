//! A request with `trace=1` is told how many bytes it took: as many as its own client counts on the wire, less those
//! that tell it.

use crate::{house::House, http, socket::PATIENCE};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A connection that counts.
struct Wire {
    stream: TcpStream,
    sent: u64,
    got: u64,
}

impl Wire {
    async fn open(house: &House) -> Self {
        Wire { stream: TcpStream::connect(house.address).await.unwrap(), sent: 0, got: 0 }
    }

    /// Sends a request, from which on it counts.
    async fn ask(&mut self, head: &str, body: &str) {
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

    /// The next chunk of a body. What it tells of itself does not count.
    async fn chunk(&mut self) -> String {
        let line = self.until("\r\n").await;
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let chunk = self.take(length).await;
        assert_eq!(self.take(2).await, "\r\n");
        let telling = telling(&chunk).len();
        let untold = format!("{:X}\r\n", length - telling);
        self.got -= (line.len() - untold.len() + telling) as u64;
        chunk
    }

    /// A whole body in chunks, and how many it had.
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

/// What a chunk tells of its response: at the end of a stream's, or the last member of a poll's answer.
fn telling(chunk: &str) -> &str {
    let from = chunk.find("event: traced\n").or_else(|| chunk.find(",\"traced\":"));
    let told = from.map_or("", |from| &chunk[from..]);
    told.strip_suffix("}}").map_or(told, |but_its_end| &told[..=but_its_end.len()])
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

/// A request whose connection stays.
fn keeping(method: &str, path: &str, house: &House, headers: &[(&str, &str)]) -> String {
    http::head(method, path, house, headers).replacen("Connection: close\r\n", "", 1)
}

/// A member with a room to read, by its cookie and the claim of its session.
async fn member(house: &House, name: &str) -> (String, String, String) {
    let cookie = house.join(name).await;
    let answer = http::get(house, "/api/poll?begin=1", &[("Cookie", &cookie)]).await;
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

async fn say(house: &House, wire: &mut Wire, cookie: &str, path: &str, body: &str) -> (String, Value) {
    let (length, origin) = (body.len().to_string(), house.origin());
    let headers = [
        ("content-type", "application/json"),
        ("content-length", &*length),
        ("origin", &origin),
        ("Cookie", cookie),
    ];
    wire.ask(&keeping("POST", path, house, &headers), body).await;
    let head = wire.head().await;
    let telling = head.split_inclusive("\r\n").filter(|line| line.starts_with("teahouse-traced-"));
    wire.got -= telling.map(str::len).sum::<usize>() as u64;
    let length = header(&head, "content-length").unwrap().parse().unwrap();
    let body = wire.take(length).await;
    (head, serde_json::from_str(&body).unwrap())
}

fn told(head: &str) -> (u64, u64) {
    let number = |name: &str| header(head, name).unwrap_or_else(|| panic!("{name}: {head}")).parse().unwrap();
    (number("teahouse-traced-up"), number("teahouse-traced-down"))
}

fn pair(traced: &Value) -> (u64, u64) {
    (traced["up"].as_u64().unwrap(), traced["down"].as_u64().unwrap())
}

#[tokio::test]
async fn polls_are_told_what_they_took() {
    let house = House::open();
    let (cookie, claim, through) = member(&house, "梅").await;
    let mut wire = Wire::open(&house).await;
    let resumed = format!("/api/poll?cursor={through}&{claim}&trace=1");
    // So much that answers have more chunks than one.
    for length in [3, 9_000, 16_384] {
        say(&house, &mut wire, &cookie, "/api/command", &post(&"茶".repeat(length / 3))).await;
    }
    for path in [&*resumed, "/api/poll?begin=1&trace=1", &*resumed] {
        wire.ask(&keeping("GET", path, &house, &[("Cookie", &cookie), ("X-Tea", "龙井")]), "").await;
        let head = wire.head().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let (body, chunks) = wire.chunks().await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(pair(&body["traced"]), (wire.sent, wire.got), "{path}");
        assert!(chunks > 1, "{chunks}");
    }
    // The last connection, and an old client's.
    for (from, to) in [("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), ("HTTP/1.1", "HTTP/1.0")] {
        let mut wire = Wire::open(&house).await;
        let head = keeping("GET", &resumed, &house, &[("Cookie", &cookie)]).replacen(from, to, 1);
        wire.ask(&head, "").await;
        wire.head().await;
        let body: Value = serde_json::from_str(&wire.chunks().await.0).unwrap();
        assert_eq!(pair(&body["traced"]), (wire.sent, wire.got), "{to}");
    }
    // White space around a value is not kept by the parser, and so not counted.
    wire.ask(&keeping("GET", &resumed, &house, &[("Cookie", &cookie), ("X-Tea", "  green  ")]), "").await;
    wire.head().await;
    let body: Value = serde_json::from_str(&wire.chunks().await.0).unwrap();
    assert_eq!(pair(&body["traced"]), (wire.sent - 4, wire.got));
}

#[tokio::test]
async fn a_poll_with_nothing_to_tell_is_told_so_in_time() {
    let house = House::open();
    let (cookie, claim, mut through) = member(&house, "梅").await;
    let mut wire = Wire::open(&house).await;
    let mut present = Value::from(0);
    // Who is present is told first; then there is nothing.
    for wait in [0, 0, 0, 1] {
        let path = format!("/api/poll?wait={wait}&cursor={through}&present={present}&{claim}&trace=1");
        wire.ask(&keeping("GET", &path, &house, &[("Cookie", &cookie)]), "").await;
        wire.head().await;
        let body: Value = serde_json::from_str(&wire.chunks().await.0).unwrap();
        assert_eq!(pair(&body["traced"]), (wire.sent, wire.got));
        through = body["through"].as_str().unwrap().to_owned();
        present = body["present"].clone();
    }
}

#[tokio::test]
async fn a_stream_tells_up_to_the_end_of_each_chunk() {
    let house = House::open();
    let (cookie, _, through) = member(&house, "梅").await;
    let mut wire = Wire::open(&house).await;
    let path = format!("/api/events?cursor={through}&trace=1");
    wire.ask(&keeping("GET", &path, &house, &[("Cookie", &cookie)]), "").await;
    wire.head().await;
    let mut other = Wire::open(&house).await;
    for text in ["one", "two and", "three"] {
        say(&house, &mut other, &cookie, "/api/command", &post(text)).await;
        loop {
            let chunk = wire.chunk().await;
            let (events, told) =
                chunk.split_once("event: traced\ndata: ").unwrap_or_else(|| panic!("{chunk}"));
            let told: Value = serde_json::from_str(told.strip_suffix("\n\n").unwrap()).unwrap();
            assert_eq!(pair(&told), (wire.sent, wire.got), "{chunk}");
            if events.contains(&format!("\"text\":\"{text}\"")) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn commands_are_told_carried_out_or_refused() {
    let house = House::open();
    let (cookie, claim, _) = member(&house, "梅").await;
    let mut wire = Wire::open(&house).await;
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
        let (head, _) = say(&house, &mut wire, &cookie, &path, &body).await;
        assert_eq!(head.split(' ').nth(1), Some(&*status.to_string()), "{body}");
        assert_eq!(told(&head), (wire.sent, wire.got), "{body}");
    }
    let (head, _) = say(&house, &mut wire, "th_0123456789abcdef=nobody", &path, &post("?")).await;
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert_eq!(told(&head), (wire.sent, wire.got));
}

#[tokio::test]
async fn who_does_not_ask_is_told_nothing() {
    let house = House::open();
    let (cookie, claim, through) = member(&house, "梅").await;
    let mut wire = Wire::open(&house).await;
    for asks in ["", "&trace=", "&trace=0"] {
        let path = format!("/api/command?{claim}{asks}");
        let (head, _) = say(&house, &mut wire, &cookie, &path, &post("x")).await;
        assert!(!head.contains("traced"), "{head}");
        let path = format!("/api/poll?cursor={through}{asks}");
        wire.ask(&keeping("GET", &path, &house, &[("Cookie", &cookie)]), "").await;
        let head = wire.head().await;
        let (body, _) = wire.chunks().await;
        assert!(!head.contains("traced") && !body.contains("traced"), "{head}{body}");
    }
    let mut stream = Wire::open(&house).await;
    let path = format!("/api/events?cursor={through}");
    stream.ask(&keeping("GET", &path, &house, &[("Cookie", &cookie)]), "").await;
    assert!(!stream.head().await.contains("traced"));
    assert!(!stream.chunk().await.contains("traced"));
    let answer = http::get(&house, "/api/poll?trace=2", &[("Cookie", &cookie)]).await;
    assert_eq!((answer.status, answer.code()), (422, 1_003));
}
