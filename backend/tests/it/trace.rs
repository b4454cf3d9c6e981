//! A connection that is opened with `trace=1` is told what the server saw of it; no other is, of none.

use crate::{
    house::{House, hello},
    http,
    socket::{PATIENCE, Raw, Socket, frame},
};
use shared::{
    Command, Event,
    event::{
        Trace,
        trace::{Handshake, Header, Seen, SeenFrame},
    },
    limits::{TRACE_BYTES_MAX, TRACE_PAYLOAD_BYTES_MAX},
    websocket::{Frame, LengthForm, Opcode, Side, accept},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const TRACED: &str = "/conn_ws?v=1&trace=1";

/// The next frame of the server's, whole.
async fn next(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let read = Frame::read(&bytes, Side::Server);
        if read.is_ok_and(|frame| frame.header.length == frame.payload.len() as u64) {
            return bytes;
        }
        bytes.push(timeout(PATIENCE, stream.read_u8()).await.expect("a frame in time").unwrap());
    }
}

/// The next frame of the server's and, if it is a trace, what it tells.
async fn next_seen(stream: &mut TcpStream) -> Result<Seen, Vec<u8>> {
    let bytes = next(stream).await;
    let payload = Frame::read(&bytes, Side::Server).unwrap().payload;
    match std::str::from_utf8(&payload).ok().and_then(|text| Event::parse(text).ok()) {
        Some(Event::Trace(trace)) => Ok(trace.seen),
        _ => Err(bytes),
    }
}

async fn next_trace(stream: &mut TcpStream) -> Seen {
    next_seen(stream).await.unwrap_or_else(|bytes| panic!("{bytes:x?} is no trace"))
}

async fn next_frame(stream: &mut TcpStream) -> SeenFrame {
    match next_trace(stream).await {
        Seen::Frame(frame) => frame,
        other => panic!("{other:?} is no frame"),
    }
}

/// A frame and behind it what is told of it.
async fn next_told(stream: &mut TcpStream) -> Vec<u8> {
    let bytes = next_seen(stream).await.expect_err("a frame of the server's own");
    let told = next_frame(stream).await;
    assert_eq!(told.from, Side::Server);
    let length = bytes.len().min(told.header.0.len() + TRACE_PAYLOAD_BYTES_MAX);
    assert_eq!([told.header.0, told.payload.0].concat(), bytes[..length]);
    bytes
}

async fn open_raw(house: &House) -> TcpStream {
    let mut stream = Raw::open(house.address, TRACED).await.0;
    assert!(matches!(next_trace(&mut stream).await, Seen::Handshake(_)));
    stream
}

fn value<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name == name)?.value.as_deref()
}

#[tokio::test]
async fn the_handshake_is_told_as_it_was_without_secrets() {
    let house = House::open();
    let origin = house.origin();
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
        ("X-Strange", "secret-of-who-knows"),
    ];
    let head = http::head("GET", TRACED, &house, &headers).replacen("Connection: close\r\n", "", 1);
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    let bytes = next(&mut stream).await;
    assert!(!String::from_utf8_lossy(&bytes).contains("secret"), "{}", String::from_utf8_lossy(&bytes));
    let text = String::from_utf8(Frame::read(&bytes, Side::Server).unwrap().payload).unwrap();
    let Ok(Event::Trace(Trace { seen: Seen::Handshake(told), .. })) = Event::parse(&text) else {
        panic!("{text}")
    };
    let Handshake { request, response } = *told;
    assert_eq!((&*request.method, &*request.target, &*request.version), ("GET", TRACED, "HTTP/1.1"));
    let hidden = ["cookie", "authorization", "x-strange"];
    for (name, sent) in headers {
        let name = name.to_lowercase();
        let told = request.headers.iter().find(|header| header.name == name).expect("each header");
        let shown = (!hidden.contains(&&*name)).then_some(sent);
        assert_eq!((told.value.as_deref(), told.length), (shown, sent.len() as u64), "{name}");
    }
    assert_eq!(request.headers.len(), headers.len() + 1, "and Host");
    // The answer is told as it left, to the last header.
    assert_eq!(response.status, 101);
    let answer = String::from_utf8(answer).unwrap();
    let mut left: Vec<_> = answer.lines().filter_map(|line| line.split_once(": ")).collect();
    left.sort_unstable();
    let told: Vec<_> =
        response.headers.iter().map(|header| (&*header.name, header.value.as_deref().unwrap())).collect();
    assert_eq!(told, left);
    let key = value(&request.headers, "sec-websocket-key").unwrap();
    assert_eq!(value(&response.headers, "sec-websocket-accept"), Some(&*accept::answer(key).accept));
    assert_eq!(value(&response.headers, "sec-websocket-protocol"), Some("teahouse.v1"));
}

#[tokio::test]
async fn frames_are_told_in_each_form_of_length() {
    let house = House::open();
    let mut stream = open_raw(&house).await;
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
        stream.write_all(&sent).await.unwrap();
        let told = next_frame(&mut stream).await;
        let read = told.read().unwrap();
        assert_eq!((told.from, read.header.form, read.header.length), (Side::Client, form, length as u64));
        assert_eq!((read.header.fin, read.header.opcode), (true, Opcode::Text));
        assert_eq!(read.header.mask, Some([0x37, 0xfa, 0x21, 0x3d]));
        let bytes = [told.header.0, told.payload.0].concat();
        assert_eq!(bytes.len(), read.header.bytes() + length.min(TRACE_PAYLOAD_BYTES_MAX));
        assert_eq!(bytes, sent[..bytes.len()], "masked, as it came");
        assert!(read.payload.iter().all(|byte| *byte == b'x'));
        // The answer that it is no command.
        let answer = next_told(&mut stream).await;
        assert!(String::from_utf8_lossy(&answer).contains("unparsable"));
    }
}

#[tokio::test]
async fn pings_parts_and_the_close_are_told() {
    let house = House::open();
    let mut stream = open_raw(&house).await;
    stream.write_all(&frame(0x89, b"Hello")).await.unwrap();
    assert_eq!(next_frame(&mut stream).await.read().unwrap().header.opcode, Opcode::Ping);
    assert_eq!(next_told(&mut stream).await, *b"\x8a\x05Hello");
    for (first, opcode) in [(0x01, Opcode::Text), (0x80, Opcode::Continuation)] {
        stream.write_all(&frame(first, b"{")).await.unwrap();
        let header = next_frame(&mut stream).await.read().unwrap().header;
        assert_eq!((header.opcode, header.fin), (opcode, first == 0x80));
    }
    next_told(&mut stream).await;
    let close = [&3001_u16.to_be_bytes()[..], "再见".as_bytes()].concat();
    stream.write_all(&frame(0x88, &close)).await.unwrap();
    assert_eq!(next_frame(&mut stream).await.read().unwrap().payload, close);
    let echo = next_frame(&mut stream).await;
    assert_eq!((echo.from, echo.read().unwrap().header.opcode), (Side::Server, Opcode::Close));
    assert_eq!(next(&mut stream).await, [echo.header.0, echo.payload.0].concat());
    assert!(Raw(stream).rest().await.is_empty(), "nothing follows a close");
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_before_the_end() {
    let house = House::open();
    let mut stream = open_raw(&house).await;
    stream.write_all(b"\x81\x02no").await.unwrap();
    let told = next_frame(&mut stream).await;
    assert_eq!((told.header.0, told.payload.0), (vec![0x81, 2], b"no".to_vec()));
    let close = next_frame(&mut stream).await;
    assert_eq!(close.read().unwrap().payload, 1002_u16.to_be_bytes());
    assert_eq!(next(&mut stream).await, [&[0x88, 2][..], &1002_u16.to_be_bytes()].concat());
}

#[tokio::test]
async fn past_the_limit_frames_are_counted() {
    let house = House::with(|config| config.limit_posts = 0);
    let mut stream = open_raw(&house).await;
    // Each is answered by a pong; both are told, with 8 bytes for the time.
    let ping = frame(0x89, &[b'x'; 56]);
    let each = (ping.len() + 8) + (2 + 56 + 8);
    let mut sent = 0_u64;
    let counted = loop {
        assert!(usize::try_from(sent).unwrap() * each < TRACE_BYTES_MAX, "the limit holds");
        stream.write_all(&ping).await.unwrap();
        sent += 1;
        let came = next_trace(&mut stream).await;
        next_seen(&mut stream).await.expect_err("the pong");
        if let Seen::Counted(counted) = came {
            assert_eq!(counted.server.frames, sent - 1);
            break counted;
        }
        if let Seen::Counted(counted) = next_trace(&mut stream).await {
            assert_eq!(counted.server.frames, sent);
            break counted;
        }
    };
    assert_eq!((counted.client.frames, counted.client.bytes), (sent, sent * ping.len() as u64));
    // From here on nothing but what was asked for, and the count before the close.
    for _ in 0..5 {
        stream.write_all(&ping).await.unwrap();
        next_seen(&mut stream).await.expect_err("only the pong");
    }
    stream.write_all(&frame(0x88, b"")).await.unwrap();
    let Seen::Counted(last) = next_trace(&mut stream).await else { panic!() };
    assert_eq!((last.client.frames, last.server.frames), (sent + 6, sent + 6), "pings, pongs and closes");
    assert_eq!(next(&mut stream).await, [0x88, 0]);
}

/// What comes to a member up to the answer to a ping of its own: events, and what was traced.
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

/// The payloads of one side's frames.
fn told(traces: &[Trace], side: Side) -> String {
    let frames = traces.iter().filter_map(|trace| match &trace.seen {
        Seen::Frame(frame) if frame.from == side => Some(frame.read().unwrap().payload),
        _ => None,
    });
    frames.map(|payload| String::from_utf8_lossy(&payload).into_owned() + "\n").collect()
}

#[tokio::test]
async fn nobody_is_told_of_another() {
    let house = House::open();
    let mut members = Vec::new();
    for (name, path) in [("Wei", TRACED), ("Ada", TRACED), ("Tom", "/conn_ws?v=1")] {
        let cookie = house.join(name).await;
        let headers =
            [("Origin", house.origin()), ("Cookie", cookie), ("User-Agent", format!("{name}'s own"))];
        let mut socket = Socket::open(house.address, path, &headers).await.unwrap();
        socket.command(&hello(1)).await;
        members.push((name, socket, Vec::new()));
    }
    for (name, socket, traces) in &mut members {
        // Something that only this one says, and that nobody else hears.
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
                Seen::Handshake(handshake) => value(&handshake.request.headers, "user-agent"),
                _ => None,
            })
            .collect();
        assert_eq!(handshakes, [format!("{name}'s own")]);
        let sent = told(traces, Side::Client);
        for other in ["Wei", "Ada", "Tom"] {
            assert_eq!(sent.contains(&format!("only-{other}")), other == *name, "{sent}");
        }
        assert!(told(traces, Side::Server).contains("\"welcome\""));
        assert!(!told(traces, Side::Server).contains("\"trace\""), "traces are not traced");
    }
}

#[tokio::test]
async fn a_plain_connection_is_not_traced() {
    let house = House::open();
    let mut raw = Raw::open(house.address, "/conn_ws?trace=1").await;
    raw.send(&frame(0x89, b"Hello")).await;
    assert_eq!(next(&mut raw.0).await, *b"\x8a\x05Hello");
}
