//! The readers of the transports: a task each, which ends with its server.

use super::{
    client::{Item, TestCaller},
    http_connection::HttpConnection,
};
use futures_util::{StreamExt, stream::SplitStream};
use serde::Deserialize;
use shared::{CloseCode, Cursor, ErrorCode, Event, api::Problem, command::Hello};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::{net::TcpStream, sync::mpsc::UnboundedSender};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// Pause between two polls that do not wait. A client may choose it.
const PAUSE: Duration = Duration::from_millis(5);

type Items = UnboundedSender<Item>;

/// Code for a connection that ended without a close code (RFC 6455 §7.1.5).
const ABNORMAL_CLOSURE: u16 = 1006;

/// Reads a WebSocket. Some of its events carry a cursor.
pub(crate) async fn frames(
    caller: TestCaller,
    mut stream: SplitStream<WebSocketStream<TcpStream>>,
    items: Items,
) {
    caller.wait_for_gate().await;
    while let Some(message) = stream.next().await {
        match message {
            Ok(Message::Text(text)) => {
                let event = Event::parse(&text).unwrap();
                let through = match &event {
                    Event::CaughtUp(it) | Event::Ping(it) | Event::Pong(it) => Some(it.through),
                    _ => None,
                };
                let _ = items.send(Item::Event(Box::new(event)));
                through.map(|through| items.send(Item::Through(through)));
            }
            Ok(Message::Close(frame)) => {
                let _ = items.send(Item::End(frame.map_or(1005, |frame| frame.code.into())));
                return;
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let _ = items.send(Item::End(ABNORMAL_CLOSURE));
}

/// The close code that a refusal over HTTP stands for.
fn close_code(body: &str) -> u16 {
    let problem: Problem = serde_json::from_str(body).unwrap();
    match problem.code {
        ErrorCode::SignInRequired => CloseCode::SignedOut.number(),
        ErrorCode::TooManyRequests => CloseCode::Full.number(),
        ErrorCode::Restarting => CloseCode::Restart.number(),
        ErrorCode::StoreRefused => CloseCode::TryAgainLater.number(),
        other => panic!("{other:?}"),
    }
}

fn query(hello: &Hello) -> String {
    let mut query = format!("ref={}&build={}", hello.reference, hello.build);
    hello.cursor.inspect(|cursor| query.push_str(&format!("&cursor={cursor}")));
    hello.room.inspect(|room| query.push_str(&format!("&room={}", room.0)));
    query
}

/// Reads an event stream.
pub(crate) async fn events(caller: TestCaller, hello: Hello, items: Items) {
    let end = stream(&caller, &hello, &items).await.unwrap_or(ABNORMAL_CLOSURE);
    let _ = items.send(Item::End(end));
}

async fn stream(caller: &TestCaller, hello: &Hello, items: &Items) -> std::io::Result<u16> {
    let mut connection = HttpConnection::open(caller.address).await?;
    let path = format!("/api/events?{}", query(hello));
    connection.send(caller.head("GET", &path, "").as_bytes()).await?;
    caller.wait_for_gate().await;
    let head = connection.head().await?;
    if head.status != 200 {
        return Ok(close_code(&connection.body(&head).await?));
    }
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(head.header("x-accel-buffering"), Some("no"));
    let (mut bytes, mut end) = (Vec::new(), None);
    while let Some(chunk) = connection.chunk().await? {
        bytes.extend(chunk);
        while let Some(at) = bytes.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = bytes.drain(..at + 2).collect();
            assert!(end.is_none(), "{:?} behind the close", String::from_utf8_lossy(&block));
            end = read_block(str::from_utf8(&block).unwrap(), items);
        }
    }
    assert_eq!(bytes, b"", "a whole event");
    Ok(end.unwrap_or(ABNORMAL_CLOSURE))
}

/// Reads one block of a stream. Returns the close code if the block is the last.
fn read_block(block: &str, items: &Items) -> Option<u16> {
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim_start().into())
    };
    let data: Option<&str> = field("data");
    if field("event") == Some("close") {
        let close: serde_json::Value = serde_json::from_str(data.unwrap()).unwrap();
        return close["code"].as_u64().map(|code| u16::try_from(code).unwrap());
    }
    if let Some(data) = data {
        let _ = items.send(Item::Event(Box::new(Event::parse(data).unwrap())));
    }
    if let Some(id) = field("id") {
        let _ = items.send(Item::Through(id.parse().unwrap()));
    }
    None
}

/// The response to a poll.
#[derive(Deserialize)]
pub(crate) struct PollResponse {
    pub(crate) events: Vec<Event>,
    pub(crate) through: Cursor,
    pub(crate) present: u64,
    pub(crate) again_ms: u64,
}

/// Polls again and again. Each poll waits for this many seconds.
pub(crate) async fn polls(caller: TestCaller, mut hello: Hello, wait: u64, items: Items) {
    let (mut connection, mut begins, mut present, mut markers) = (None, true, 0, 0);
    loop {
        let away = u8::from(caller.away.load(Ordering::Relaxed));
        let begin = u8::from(begins);
        let path = format!(
            "/api/poll?{}&wait={wait}&begin={begin}&present={present}&markers={markers}&away={away}",
            query(&hello)
        );
        let body = match poll_once(&caller, &path, &mut connection).await {
            Ok((200, body)) => body,
            Ok((_, body)) => return drop(items.send(Item::End(close_code(&body)))),
            Err(_) if TcpStream::connect(caller.address).await.is_err() => {
                return drop(items.send(Item::End(ABNORMAL_CLOSURE)));
            }
            // A part is not the whole: poll again from the same cursor.
            Err(_) => continue,
        };
        let answer: PollResponse = serde_json::from_str(&body).unwrap();
        assert_eq!(answer.again_ms > 0, wait == 0);
        for event in &answer.events {
            if let Event::ReadMarker(told) = event {
                markers = markers.max(told.marker.version);
            }
        }
        answer.events.into_iter().for_each(|event| drop(items.send(Item::Event(Box::new(event)))));
        let _ = items.send(Item::Through(answer.through));
        (hello.cursor, present, begins) = (Some(answer.through), answer.present, false);
        if wait == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn poll_once(
    caller: &TestCaller,
    path: &str,
    idle: &mut Option<HttpConnection>,
) -> std::io::Result<(u16, String)> {
    let mut connection = match idle.take() {
        Some(connection) => connection,
        None => HttpConnection::open(caller.address).await?,
    };
    connection.send(caller.head("GET", path, "").as_bytes()).await?;
    caller.wait_for_gate().await;
    let head = connection.head().await?;
    let body = connection.body(&head).await?;
    if head.header("connection") != Some("close") {
        *idle = Some(connection);
    }
    Ok((head.status, body))
}
