//! A connection with `trace=1` gets a trace of its own frames. Other connections get none.

use crate::{
    http,
    socket::{PATIENCE, Raw, Socket, frame},
    test_server::{TestServer, hello},
};
use backend::limits::HEADER_NAMES_BYTES_MAX;
use shared::{
    Command, Event,
    event::{
        Trace,
        trace::{ByteCounts, Handshake, HeaderField, TraceItem, TracedFrame},
    },
    limits::{TRACE_BYTES_MAX, TRACE_PAYLOAD_BYTES_MAX},
    websocket::{Frame, FrameHeader, LengthForm, Opcode, Side, accept},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

const TRACED: &str = "/conn_ws?v=1&trace=1";

/// A traced connection, read frame by frame. The server's own pings come at any time. They and their traces
/// are counted and skipped.
struct TracedConnection {
    stream: BufReader<TcpStream>,
    pings: u64,
    /// Counts that came in place of the trace of a skipped ping.
    counted: Option<ByteCounts>,
}

impl TracedConnection {
    fn of(stream: TcpStream) -> Self {
        TracedConnection { stream: BufReader::new(stream), pings: 0, counted: None }
    }

    async fn open(server: &TestServer) -> Self {
        let mut connection = TracedConnection::of(Raw::open(server.address, TRACED).await.0);
        assert!(matches!(connection.next_trace().await, TraceItem::Handshake(_)));
        connection
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn frame(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header = loop {
            bytes.push(timeout(PATIENCE, self.stream.read_u8()).await.expect("a frame in time").unwrap());
            if let Ok(header) = FrameHeader::read(&bytes) {
                break header;
            }
        };
        bytes.resize(bytes.len() + usize::try_from(header.length).unwrap(), 0);
        let payload = self.stream.read_exact(&mut bytes[header.bytes()..]);
        timeout(PATIENCE, payload).await.expect("a frame in time").unwrap();
        bytes
    }

    /// The next frame of the server, whole.
    async fn next(&mut self) -> Vec<u8> {
        loop {
            let bytes = self.frame().await;
            if bytes != [0x89, 0] {
                return bytes;
            }
            self.pings += 1;
            if let Ok(TraceItem::Counted(counted)) = trace_item(self.frame().await) {
                self.counted = Some(counted);
            }
        }
    }

    async fn next_trace(&mut self) -> TraceItem {
        trace_item(self.next().await).unwrap_or_else(|bytes| panic!("{bytes:x?} is no trace"))
    }

    async fn next_frame(&mut self) -> TracedFrame {
        match self.next_trace().await {
            TraceItem::Frame(frame) => frame,
            other => panic!("{other:?} is no frame"),
        }
    }

    /// The next frame of the server. Checks the trace behind it.
    async fn next_traced(&mut self) -> Vec<u8> {
        let bytes = trace_item(self.next().await).expect_err("a frame of the server's own");
        let traced = self.next_frame().await;
        assert_eq!(traced.from, Side::Server);
        let length = bytes.len().min(traced.header.0.len() + TRACE_PAYLOAD_BYTES_MAX);
        assert_eq!([traced.header.0, traced.payload.0].concat(), bytes[..length]);
        bytes
    }
}

/// Decodes a frame as an item of the trace, if it is one.
fn trace_item(bytes: Vec<u8>) -> Result<TraceItem, Vec<u8>> {
    let payload = Frame::read(&bytes, Side::Server).unwrap().payload;
    match std::str::from_utf8(&payload).ok().and_then(|text| Event::parse(text).ok()) {
        Some(Event::Trace(trace)) => Ok(trace.seen),
        _ => Err(bytes),
    }
}

/// Names and values of a head, in their order.
fn fields(head: &str) -> Vec<(&str, &str)> {
    head.lines().filter_map(|line| line.split_once(": ")).collect()
}

/// Reads the head of a response.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn value<'a>(headers: &'a [HeaderField], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name == name)?.value.as_deref()
}

#[tokio::test]
async fn the_handshake_is_traced_without_secrets() {
    let server = TestServer::start();
    let origin = server.origin();
    let headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", "mqtt, teahouse.v1"),
        ("Origin", &origin),
        ("Via", "1.1 tea-proxy"),
        ("Cookie", "th_0123456789abcdef=secret-of-the-device"),
        ("Authorization", "Bearer secret-of-the-caller"),
        ("x-lower-case", "secret-of-nobody"),
        ("X-Strange", "secret-of-who-knows"),
        // The second of its name, in lower case.
        ("via", "1.1 second-proxy"),
    ];
    let head = http::head("GET", TRACED, &server, &headers).replacen("Connection: close\r\n", "", 1);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_head(&mut stream).await;
    let bytes = TracedConnection::of(stream).next().await;
    assert!(!String::from_utf8_lossy(&bytes).contains("secret"), "{}", String::from_utf8_lossy(&bytes));
    let text = String::from_utf8(Frame::read(&bytes, Side::Server).unwrap().payload).unwrap();
    let Ok(Event::Trace(Trace { seen: TraceItem::Handshake(handshake), .. })) = Event::parse(&text) else {
        panic!("{text}")
    };
    let Handshake { request, response } = *handshake;
    assert_eq!((&*request.method, &*request.target, &*request.version), ("GET", TRACED, "HTTP/1.1"));
    let hidden = ["cookie", "authorization", "x-strange", "x-lower-case"];
    // The request is traced as it was sent, header by header.
    let sent = fields(&head);
    assert_eq!(request.headers.len(), sent.len());
    for (traced, (sent_name, sent)) in request.headers.iter().zip(sent) {
        let name = sent_name.to_lowercase();
        assert_eq!((&*traced.name, traced.sent_name.as_deref().unwrap_or(&traced.name)), (&*name, sent_name));
        let value = (!hidden.contains(&&*name)).then_some(sent);
        assert_eq!((traced.value.as_deref(), traced.length), (value, sent.len() as u64), "{name}");
    }
    // The response is traced as it left, to the last header.
    assert_eq!(response.status, 101);
    let traced: Vec<_> =
        response.headers.iter().map(|header| (&*header.name, header.value.as_deref().unwrap())).collect();
    assert_eq!(traced, fields(&answer));
    let key = value(&request.headers, "sec-websocket-key").unwrap();
    assert_eq!(value(&response.headers, "sec-websocket-accept"), Some(&*accept::compute_steps(key).accept));
    assert_eq!(value(&response.headers, "sec-websocket-protocol"), Some("teahouse.v1"));
}

/// A traced handshake with these headers besides its own.
fn handshake_head(server: &TestServer, more: &[(&str, &str)]) -> String {
    let own = [
        ("X-Zebra", "1"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    http::head("GET", TRACED, server, &[&own[..], more].concat()).replacen("Connection: close\r\n", "", 1)
}

/// The names of the request that opened this connection, as the trace reports them.
async fn told_names(stream: TcpStream) -> Vec<String> {
    let TraceItem::Handshake(told) = TracedConnection::of(stream).next_trace().await else { panic!() };
    told.request.headers.into_iter().map(|header| header.sent_name.unwrap_or(header.name)).collect()
}

fn sent_names(head: &str) -> Vec<String> {
    fields(head).into_iter().map(|(name, _)| name.to_owned()).collect()
}

fn sorted_names(head: &str) -> Vec<String> {
    let mut names = sent_names(&head.to_lowercase());
    names.sort();
    names
}

#[tokio::test]
async fn the_response_is_traced_in_its_order_in_every_handshake() {
    let server = TestServer::start();
    // The order of actix-http's map differs from map to map.
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = handshake_head(&server, &[("Sec-WebSocket-Protocol", "teahouse.v1")]);
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_head(&mut stream).await;
        let TraceItem::Handshake(told) = TracedConnection::of(stream).next_trace().await else { panic!() };
        let told: Vec<_> = told.response.headers.into_iter().map(|header| header.name).collect();
        assert_eq!(told, sent_names(&answer));
    }
}

#[tokio::test]
async fn a_handshake_is_traced_in_its_order_however_it_arrives() {
    let server = TestServer::start();
    let head = handshake_head(&server, &[]);
    for step in [3, 40] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for part in head.as_bytes().chunks(step) {
            stream.write_all(part).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        read_head(&mut stream).await;
        assert_eq!(told_names(stream).await, sent_names(&head), "{step} bytes at a time");
    }
}

#[tokio::test]
async fn a_later_handshake_of_a_connection_is_traced_in_its_own_order() {
    let server = TestServer::start();
    let head = handshake_head(&server, &[]);
    // The server keeps the connection after both. The second has the path of a handshake and is refused.
    for (method, path) in [("HEAD", "/healthz"), ("GET", TRACED)] {
        let earlier = http::head(method, path, &server, &[]).replacen("Connection: close\r\n", "", 1);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(earlier.as_bytes()).await.unwrap();
        let answer = read_head(&mut stream).await;
        let length = fields(&answer).into_iter().find(|(name, _)| *name == "content-length");
        let length = length.map_or(0, |(_, length)| length.parse().unwrap());
        let body = if method == "HEAD" { 0 } else { length };
        stream.read_exact(&mut vec![0; body]).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 101"));
        assert_eq!(told_names(stream).await, sent_names(&head));
    }
}

#[tokio::test]
async fn a_pipelined_handshake_is_traced_in_its_own_order() {
    let server = TestServer::start();
    let head = handshake_head(&server, &[]);
    let other = http::head("HEAD", "/healthz", &server, &[]).replacen("Connection: close\r\n", "", 1);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all((other + &head).as_bytes()).await.unwrap();
    read_head(&mut stream).await;
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 101"));
    assert_eq!(told_names(stream).await, sent_names(&head));
}

#[tokio::test]
async fn headers_are_sorted_by_name_when_names_exceed_the_limit() {
    let server = TestServer::start();
    let used: usize =
        sent_names(&handshake_head(&server, &[("", "1")])).iter().map(|name| name.len() + 1).sum();
    for (more, is_ordered) in [(-1, true), (0, true), (1, false)] {
        let name = "n".repeat(HEADER_NAMES_BYTES_MAX.checked_add_signed(more).unwrap() - used);
        let head = handshake_head(&server, &[(&name, "1")]);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        read_head(&mut stream).await;
        let expected = if is_ordered { sent_names(&head) } else { sorted_names(&head) };
        assert_eq!(told_names(stream).await, expected, "{more}");
    }
}

#[tokio::test]
async fn a_frame_is_traced_in_each_form_of_length() {
    let server = TestServer::start();
    let mut connection = TracedConnection::open(&server).await;
    for (length, form) in [
        (63, LengthForm::Seven),
        (64, LengthForm::Seven),
        (65, LengthForm::Seven),
        (125, LengthForm::Seven),
        (126, LengthForm::Sixteen),
        (65_535, LengthForm::Sixteen),
        (65_536, LengthForm::SixtyFour),
    ] {
        let sent = frame(0x81, &vec![b'x'; length]);
        connection.send(&sent).await;
        let traced = connection.next_frame().await;
        let read = traced.read().unwrap();
        assert_eq!((traced.from, read.header.form, read.header.length), (Side::Client, form, length as u64));
        assert_eq!((read.header.fin, read.header.opcode), (true, Opcode::Text));
        assert_eq!(read.header.mask, Some([0x37, 0xfa, 0x21, 0x3d]));
        let bytes = [traced.header.0, traced.payload.0].concat();
        assert_eq!(bytes.len(), read.header.bytes() + length.min(TRACE_PAYLOAD_BYTES_MAX));
        assert_eq!(bytes, sent[..bytes.len()], "masked, as it came");
        assert!(read.payload.iter().all(|byte| *byte == b'x'));
        // The refusal: the text is no command.
        let answer = connection.next_traced().await;
        assert!(String::from_utf8_lossy(&answer).contains("unparsable"));
    }
}

#[tokio::test]
async fn pings_fragments_and_the_close_are_traced() {
    let server = TestServer::start();
    let mut connection = TracedConnection::open(&server).await;
    connection.send(&frame(0x89, b"Hello")).await;
    assert_eq!(connection.next_frame().await.read().unwrap().header.opcode, Opcode::Ping);
    assert_eq!(connection.next_traced().await, *b"\x8a\x05Hello");
    for (first, opcode) in [(0x01, Opcode::Text), (0x80, Opcode::Continuation)] {
        connection.send(&frame(first, b"{")).await;
        let header = connection.next_frame().await.read().unwrap().header;
        assert_eq!((header.opcode, header.fin), (opcode, first == 0x80));
    }
    connection.next_traced().await;
    let close = [&3001_u16.to_be_bytes()[..], "再见".as_bytes()].concat();
    connection.send(&frame(0x88, &close)).await;
    assert_eq!(connection.next_frame().await.read().unwrap().payload, close);
    let echo = connection.next_frame().await;
    assert_eq!((echo.from, echo.read().unwrap().header.opcode), (Side::Server, Opcode::Close));
    assert_eq!(connection.next().await, [echo.header.0, echo.payload.0].concat());
    assert!(connection.stream.buffer().is_empty(), "nothing follows a close");
    assert!(Raw(connection.stream.into_inner()).rest().await.is_empty(), "nothing follows a close");
}

#[tokio::test]
async fn a_violation_is_traced_before_the_close() {
    let server = TestServer::start();
    let mut connection = TracedConnection::open(&server).await;
    connection.send(b"\x81\x02no").await;
    let traced = connection.next_frame().await;
    assert_eq!((traced.header.0, traced.payload.0), (vec![0x81, 2], b"no".to_vec()));
    let close = connection.next_frame().await;
    assert_eq!(close.read().unwrap().payload, 1002_u16.to_be_bytes());
    assert_eq!(connection.next().await, [&[0x88, 2][..], &1002_u16.to_be_bytes()].concat());
}

#[tokio::test]
async fn frames_past_the_limit_are_only_counted() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    // A long handshake takes nearly all of the limit. Without a `hello` the server closes after 10 seconds, and
    // on a busy machine the pings for the whole limit may take longer.
    let stream = TcpStream::connect(server.address).await.unwrap();
    let headers = [("X-Forwarded-For", "x".repeat(TRACE_BYTES_MAX - 3_000))];
    let mut connection = TracedConnection::of(Raw::with(stream, TRACED, &headers).await.0);
    assert!(matches!(connection.next_trace().await, TraceItem::Handshake(_)));
    // Each ping is answered by a pong. Both are traced, each with 8 bytes for the time.
    let ping = frame(0x89, &[b'x'; 56]);
    let each = (ping.len() + 8) + (2 + 56 + 8);
    let mut sent = 0_u64;
    let counted = loop {
        assert!(usize::try_from(sent).unwrap() * each < TRACE_BYTES_MAX, "the limit holds");
        connection.send(&ping).await;
        sent += 1;
        // The ping, traced or counted; then the pong; then its trace or count.
        let mut counted = None;
        while let Ok(item) = trace_item(connection.next().await) {
            if let TraceItem::Counted(item) = item {
                counted = Some(item);
            }
        }
        if let Some(counted) = counted.or(connection.counted) {
            break counted;
        }
        if let TraceItem::Counted(counted) = connection.next_trace().await {
            break counted;
        }
    };
    assert_eq!(counted.client.bytes, counted.client.frames * ping.len() as u64);
    // From here on only replies come, and the counts before the close.
    for _ in 0..5 {
        connection.send(&ping).await;
        trace_item(connection.next().await).expect_err("only the pong");
    }
    connection.send(&frame(0x88, b"")).await;
    let TraceItem::Counted(last) = connection.next_trace().await else { panic!() };
    assert_eq!(last.client.frames, sent + 6, "pings and the close");
    assert_eq!(last.server.frames, sent + 6 + connection.pings, "pongs, the close, and its own pings");
    assert_eq!(connection.next().await, [0x88, 0]);
}

/// Events and traces up to the pong of a ping of this member.
async fn up_to_pong(socket: &mut Socket) -> (Vec<Event>, Vec<Trace>) {
    socket.command(&Command::Ping).await;
    let (mut events, mut traces) = (Vec::new(), Vec::new());
    loop {
        match socket.event().await {
            Event::Trace(trace) => traces.push(trace),
            Event::Pong(_) => return (events, traces),
            event => events.push(event),
        }
    }
}

/// The payloads of one side's frames, joined.
fn payloads(traces: &[Trace], side: Side) -> String {
    let frames = traces.iter().filter_map(|trace| match &trace.seen {
        TraceItem::Frame(frame) if frame.from == side => Some(frame.read().unwrap().payload),
        _ => None,
    });
    frames.map(|payload| String::from_utf8_lossy(&payload).into_owned() + "\n").collect()
}

#[tokio::test]
async fn a_trace_holds_only_its_own_connection() {
    let server = TestServer::start();
    let mut members = Vec::new();
    for (name, path) in [("Wei", TRACED), ("Ada", TRACED), ("Tom", "/conn_ws?v=1")] {
        let cookie = server.join(name).await;
        let headers =
            [("Origin", server.origin()), ("Cookie", cookie), ("User-Agent", format!("{name}'s own"))];
        let mut socket = Socket::open(server.address, path, &headers).await.unwrap();
        socket.command(&hello(1)).await;
        members.push((name, socket, Vec::new()));
    }
    for (name, socket, traces) in &mut members {
        // A text that only this connection sends, and that no other gets.
        socket.send_text(&format!("only-{name}")).await;
        traces.extend(up_to_pong(socket).await.1);
    }
    for (name, socket, traces) in &mut members {
        traces.extend(up_to_pong(socket).await.1);
        if *name == "Tom" {
            assert_eq!(traces[..], [], "not traced");
            continue;
        }
        let handshakes: Vec<_> = traces
            .iter()
            .filter_map(|trace| match &trace.seen {
                TraceItem::Handshake(handshake) => value(&handshake.request.headers, "user-agent"),
                _ => None,
            })
            .collect();
        assert_eq!(handshakes, [format!("{name}'s own")]);
        let sent = payloads(traces, Side::Client);
        for other in ["Wei", "Ada", "Tom"] {
            assert_eq!(sent.contains(&format!("only-{other}")), other == *name, "{sent}");
        }
        assert!(payloads(traces, Side::Server).contains("\"welcome\""));
        assert!(!payloads(traces, Side::Server).contains("\"trace\""), "traces are not traced");
    }
}

#[tokio::test]
async fn a_head_past_the_limit_is_not_traced() {
    let server = TestServer::start();
    let fixed = {
        let mut connection = TracedConnection::of(Raw::open(server.address, TRACED).await.0);
        let TraceItem::Handshake(handshake) = connection.next_trace().await else { panic!() };
        traced_bytes(&handshake)
    };
    // The name of a public header, and 8 bytes for the time.
    let free = TRACE_BYTES_MAX - fixed - "x-forwarded-for".len() - 8;
    for (length, is_traced) in [(free - 1, true), (free, true), (free + 1, false)] {
        let headers = [("X-Forwarded-For", "t".repeat(length))];
        let raw = Raw::with(TcpStream::connect(server.address).await.unwrap(), TRACED, &headers).await;
        let item = TracedConnection::of(raw.0).next_trace().await;
        assert_eq!(matches!(item, TraceItem::Handshake(_)), is_traced, "{length}: {fixed}");
        assert_eq!(matches!(item, TraceItem::Counted(_)), !is_traced);
    }
}

fn traced_bytes(Handshake { request, response }: &Handshake) -> usize {
    let line = request.method.len() + request.target.len() + request.version.len();
    let headers = request.headers.iter().chain(&response.headers);
    line + headers
        .map(|header| header.name.len() + header.value.as_ref().map_or(0, String::len))
        .sum::<usize>()
}

#[tokio::test]
async fn a_text_connection_is_not_traced() {
    let server = TestServer::start();
    let mut raw = Raw::open(server.address, "/conn_ws?trace=1").await;
    raw.send(&frame(0x89, b"Hello")).await;
    let mut connection = TracedConnection::of(raw.0);
    let mut bytes = connection.frame().await;
    if bytes == [0x89, 0] {
        bytes = connection.frame().await;
    }
    assert_eq!(bytes, *b"\x8a\x05Hello");
}
