//! Bad requests to the transports over plain HTTP. Each is refused with a problem, and affects no other
//! client.

use crate::{
    http::{self, Answer},
    socket::PATIENCE,
    test_server::{ServerOptions, TestServer},
    transport::client::{Client, TestCaller, Transport},
};
use serde_json::{Value, json};
use shared::{Command, ErrorCode, Event, RoomId, limits::FRAME_BYTES_MAX};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

const READERS: [&str; 2] = ["/api/events", "/api/poll"];

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> (u16, u64) {
    let answer = http::get(server, path, headers).await;
    (answer.status, answer.code())
}

/// Sends a command with this content type and this body.
async fn send(server: &TestServer, cookie: &str, kind: &str, body: &[u8]) -> Answer {
    let (length, origin) = (body.len().to_string(), server.origin());
    let headers =
        [("content-type", kind), ("content-length", &*length), ("origin", &origin), ("cookie", cookie)];
    http::request(server, &http::head("POST", "/api/command", server, &headers), body).await
}

#[tokio::test]
async fn an_unreadable_query_is_refused_with_a_problem() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mine = [("cookie", &*cookie)];
    let cursors = [
        "x",
        ".",
        "0000000000000001",
        "0000000000000001.",
        ".1",
        "0000000000000001.-1",
        "0000000000000001.+1",
        "0000000000000001.1.1",
        "0000000000000001.18446744073709551616",
        "000000000000000A.1",
        "00000000000000001.1",
        "0000000000000001.1%00",
        "%ff%fe",
        "%F0%9F%8D%B5",
    ];
    for path in READERS {
        for cursor in cursors {
            let target = format!("{path}?cursor={cursor}");
            assert_eq!(get(&server, &target, &mine).await, (422, 1003), "{target}");
        }
        for field in ["ref=x", "ref=-1", "room=x", "room=18446744073709551616", "room=1.0"] {
            assert_eq!(get(&server, &format!("{path}?{field}"), &mine).await, (422, 1003), "{field}");
        }
    }
    for field in
        ["wait=-1", "wait=x", "wait=1.5", "wait=99999999999999999999", "begin=2", "away=yes", "present=-1"]
    {
        assert_eq!(get(&server, &format!("/api/poll?{field}"), &mine).await, (422, 1003), "{field}");
    }
    // The problem names the field.
    let odd =
        [("wait", "/api/poll?wait=x"), ("away", "/api/poll?away=2"), ("cursor", "/api/events?cursor=x")];
    for (name, path) in odd {
        let answer = http::get(&server, path, &mine).await;
        assert_eq!(answer.problem()["detail"], format!("`{name}` in the address cannot be read."));
    }
    // Unknown parameters are ignored, and empty ones count as absent.
    let odd = "/api/poll?cursor=&wait=&begin=&x=y&&=&%&room=99";
    assert_eq!(http::get(&server, odd, &mine).await.status, 200);
}

#[tokio::test]
async fn a_reader_without_permission_is_refused_with_a_problem() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let cross = [("cookie", &*cookie), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
    for path in READERS {
        assert_eq!(get(&server, path, &cross).await, (403, 1402), "{path}");
        assert_eq!(get(&server, path, &[]).await, (401, 1201), "{path}");
        assert_eq!(get(&server, path, &[("cookie", &cookie), ("host", "evil.example")]).await, (421, 1401));
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let head = http::head(method, path, &server, &[("content-length", "0"), ("cookie", &cookie)]);
            let answer = http::request(&server, &head, b"").await;
            assert_eq!((answer.status, answer.code(), answer.header("allow")), (405, 1404, Some("GET")));
        }
    }
    for method in ["GET", "PUT", "DELETE"] {
        let head =
            http::head(method, "/api/command", &server, &[("content-length", "0"), ("cookie", &cookie)]);
        let answer = http::request(&server, &head, b"").await;
        assert_eq!((answer.status, answer.code(), answer.header("allow")), (405, 1404, Some("POST")));
    }
    let body = r#"{"type":"ping"}"#;
    let length = body.len().to_string();
    let all = [("content-type", "application/json"), ("content-length", &*length), ("cookie", &cookie)];
    for (origin, expected) in
        [(None, (401, 1201)), (Some("http://evil.example"), (403, 1402)), (Some("null"), (403, 1402))]
    {
        let mut headers = all.to_vec();
        headers.extend(origin.map(|origin| ("origin", origin)));
        let head = http::head("POST", "/api/command", &server, &headers);
        let answer = http::request(&server, &head, body.as_bytes()).await;
        assert_eq!((answer.status, answer.code()), expected, "{origin:?}");
    }
}

#[tokio::test]
async fn a_bad_command_is_refused_with_a_problem() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let json = "application/json";
    for (kind, body, expected) in [
        ("text/plain", &b"{\"type\":\"ping\"}"[..], (415, 1405)),
        ("application/x-www-form-urlencoded", b"type=ping", (415, 1405)),
        ("multipart/form-data; boundary=x", b"--x--", (415, 1405)),
        ("", b"{\"type\":\"ping\"}", (415, 1405)),
        (json, b"", (400, 1001)),
        (json, b"{", (400, 1001)),
        (json, b"\"ping\"", (400, 1001)),
        (json, b"[1]", (400, 1001)),
        (json, b"{\"type\":7}", (400, 1001)),
        (json, b"{\"ref\":1}", (400, 1001)),
        (json, b"{\"type\":\"ping\xff\"}", (400, 1001)),
        (json, b"{\"type\":\"tea\",\"ref\":1}", (422, 1002)),
        (json, b"{\"type\":\"post\",\"ref\":1}", (422, 1003)),
        (json, b"{\"type\":\"post\",\"ref\":1,\"client_id\":\"x\",\"room\":1,\"text\":\"x\"}", (422, 1003)),
        (json, b"{\"type\":\"history\",\"ref\":1,\"room\":1,\"at\":\"oldest\"}", (422, 1003)),
        (json, b"{\"type\":\"hello\",\"ref\":1,\"build\":\"x\"}", (422, 1412)),
        (json, b"{\"type\":\"pong\"}", (422, 1412)),
        (json, b"{\"type\":\"history\",\"ref\":1,\"room\":99,\"at\":\"newest\"}", (404, 1007)),
    ] {
        let answer = send(&server, &cookie, kind, body).await;
        let text = String::from_utf8_lossy(body);
        assert_eq!((answer.status, answer.code()), expected, "{kind} {text}");
    }
    for (body, detail) in [
        (r#"{"type":"rooms"}"#, "`ref` is missing in the command."),
        (
            r#"{"type":"post","client_id":"000000000000000000000000000000aa","room":1,"text":"x"}"#,
            "`ref` is missing in the command.",
        ),
        (
            r#"{"type":"post","ref":1,"client_id":"000000000000000000000000000000AA","room":1,"text":"x"}"#,
            "`client_id` in the command cannot be read.",
        ),
        (
            r#"{"type":"post","ref":1,"client_id":"000000000000000000000000000000aa","room":"1","text":"x"}"#,
            "`room` in the command cannot be read.",
        ),
    ] {
        let answer = send(&server, &cookie, json, body.as_bytes()).await;
        assert_eq!((answer.status, answer.code()), (422, 1003), "{body}");
        assert_eq!(answer.problem()["detail"], detail, "{body}");
    }
    for (size, expected) in [(FRAME_BYTES_MAX - 1, 200), (FRAME_BYTES_MAX, 200), (FRAME_BYTES_MAX + 1, 413)] {
        let ping = r#"{"type":"ping"}"#;
        let body = format!("{ping}{}", " ".repeat(size - ping.len()));
        let answer = send(&server, &cookie, "application/json; charset=utf-8", body.as_bytes()).await;
        assert_eq!(answer.status, expected, "{size}");
        if expected != 200 {
            let problem = answer.problem();
            assert_eq!(problem["code"], 1406);
            assert_eq!(problem["detail"], format!("The body may have at most {FRAME_BYTES_MAX} bytes."));
        }
    }
    let deep = "[".repeat(50_000);
    assert_eq!(send(&server, &cookie, json, deep.as_bytes()).await.code(), 1001);
}

#[tokio::test]
async fn a_poll_is_answered_when_its_wait_ends_without_events() {
    let server = TestServer::start();
    let wei = Client::connect(&server, Transport::Polls, &server.join("Wei").await).await;
    let mut known = wei.caller.poll("begin=1").await.unwrap();
    // Her own presence is still to be published.
    while known.present == 0 {
        known = wei.caller.poll(&format!("cursor={}", known.through)).await.unwrap();
    }
    for _ in 0..50 {
        let query = format!("cursor={}&present={}", known.through, known.present);
        let answer = timeout(PATIENCE, wei.caller.poll(&query)).await.expect("at once").unwrap();
        assert_eq!((answer.events.len(), answer.through, answer.again_ms), (0, known.through, 2_000));
    }
    let started = Instant::now();
    let query = format!("cursor={}&present={}&wait=1", known.through, known.present);
    let answer = wei.caller.poll(&query).await.unwrap();
    assert_eq!((answer.events.len(), answer.again_ms), (0, 0));
    // The client would not wait for the longest wait of a poll: the answer came because this wait had ended.
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    // A poll that wants to wait for ever is answered too, as soon as there is an event.
    let query = format!("cursor={}&present={}&wait={}", known.through, known.present, u64::MAX);
    let last = post(7, "at last");
    let (answer, reply) = tokio::join!(wei.caller.poll(&query), wei.caller.post(&last));
    assert!(reply.is_ok());
    assert!(answer.unwrap().events.iter().any(|event| matches!(event, Event::Posted(_))));
}

fn post(number: u64, text: &str) -> Command {
    let command: Value = json!({
        "type": "post", "ref": number, "client_id": format!("{number:032x}"), "room": 1, "text": text,
    });
    Command::parse(&command.to_string()).unwrap()
}

/// Ways in which a client abandons a connection.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The client closes the socket.
    Closed,
    /// The client resets the socket.
    Reset,
    /// The client closes its sending half only.
    Half,
}

/// Whether the member has no session left, for longer than a moment.
async fn is_full(caller: &TestCaller) -> bool {
    let mut refused = 0;
    for _ in 0..100 {
        let is_refused = caller.poll("begin=1").await.err() == Some((429, ErrorCode::TooManyRequests));
        refused = if is_refused { refused + 1 } else { 0 };
        if refused == 20 {
            return true;
        }
    }
    false
}

/// Round trips of another client within which an abandoned request must be dropped. New requests go to all
/// workers in turn, so each worker polls its sockets again and again meanwhile, however busy the machine is.
/// A request that is dropped only when its wait or the next comment is due holds out for many more.
const ROUND_TRIPS: usize = 400;

#[tokio::test]
async fn an_abandoned_request_is_dropped_without_waiting_for_a_timer() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut places = Vec::new();
    for _ in 0..hub::limits::SESSIONS_PER_MEMBER_MAX - 1 {
        places.push(Client::connect(&server, Transport::Events, &cookie).await);
    }
    let caller: TestCaller = places[0].caller.clone();
    // Read all presence first, so that a poll waits.
    let mut known = caller.poll("begin=1").await.unwrap();
    while !known.events.is_empty() {
        let query = format!("cursor={}&present={}&wait=2", known.through, known.present);
        // The poll before may still hold the last session.
        match caller.poll(&query).await {
            Ok(answer) => known = answer,
            Err(refused) => assert_eq!(refused, (429, ErrorCode::TooManyRequests)),
        }
    }
    let parked = format!("/api/poll?cursor={}&present={}&wait=25", known.through, known.present);
    for (path, cut) in
        READERS.into_iter().flat_map(|path| [Cut::Closed, Cut::Reset, Cut::Half].map(|cut| (path, cut)))
    {
        let path = if path == "/api/poll" { &parked } else { path };
        // Take the last session, once the request before has freed it.
        let mut stream = timeout(PATIENCE, async {
            loop {
                let mut stream = TcpStream::connect(server.address).await.unwrap();
                stream.write_all(caller.head("GET", path, "").as_bytes()).await.unwrap();
                if is_full(&caller).await {
                    return stream;
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{path} does not take its place"));
        match cut {
            Cut::Closed => drop(stream),
            Cut::Reset => {
                stream.set_zero_linger().unwrap();
                drop(stream);
            }
            Cut::Half => {
                stream.shutdown().await.unwrap();
                tokio::spawn(async move { stream.read_to_end(&mut Vec::new()).await });
            }
        }
        let mut round_trips = 1;
        while caller.poll("begin=1").await.is_err() {
            assert!(round_trips < ROUND_TRIPS, "{path}, {cut:?}");
            round_trips += 1;
        }
        println!("{path}, {cut:?}: {round_trips} round trips");
    }
}

#[tokio::test]
async fn a_panic_in_a_request_leaves_other_clients_connected() {
    let hook = Arc::new(|text: &str| assert!(!text.contains("boom"), "as the test wants it"));
    let server =
        TestServer::with_options(ServerOptions { inbound_hook: Some(hook), ..ServerOptions::default() });
    let wei = server.join("Wei").await;
    // More than there are workers, so that some share a worker with the panic.
    let mut others = Vec::new();
    for transport in Transport::ALL.into_iter().cycle().take(16) {
        others.push(Client::connect(&server, transport, &wei).await);
    }
    let caller = others[0].caller.clone();
    for number in 0..8 {
        let body = serde_json::to_string(&post(100 + number, "boom")).unwrap();
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = caller.head("POST", "/api/command", &more) + &body;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the end of it");
        assert_eq!(answer, b"", "its connection ends");
    }
    assert!(caller.post(&post(2, "still here")).await.is_ok());
    for other in &mut others {
        assert_eq!(other.next_texts(1).await, ["still here"]);
    }
}

#[tokio::test]
async fn a_slow_head_or_body_is_refused_with_408() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let wei = Client::connect(&server, Transport::LongPolls, &cookie).await;
    let whole = wei.caller.head(
        "POST",
        "/api/command",
        "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 15\r\n",
    );
    let dribble = async |sent: &str| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let started = Instant::now();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end");
        assert!(started.elapsed() >= Duration::from_secs(9), "{:?}", started.elapsed());
        String::from_utf8(answer).unwrap()
    };
    let body = format!("{whole}{{\"type\":\"pi");
    let (head, body, stays) =
        tokio::join!(dribble("POST /api/command HTTP/1.1\r\nHost: x"), dribble(&body), async {
            wei.caller.post(&post(2, "meanwhile")).await.is_ok()
        });
    assert!(head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("\"code\":1411"), "{body}");
    assert!(stays);
}

#[tokio::test]
async fn a_command_is_not_executed_when_its_body_is_cut() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut lin = Client::connect(&server, Transport::LongPolls, &server.join("Lin").await).await;
    let wei = Client::connect(&server, Transport::Polls, &cookie).await;
    let body = serde_json::to_string(&post(2, "cut")).unwrap();
    let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let whole = wei.caller.head("POST", "/api/command", &more) + &body;
    for at in [whole.len() - 1, whole.len() - body.len(), whole.len() - body.len() - 3] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&whole.as_bytes()[..at]).await.unwrap();
        drop(stream);
    }
    wei.caller.post(&post(3, "whole")).await.unwrap();
    assert_eq!(lin.next_texts(1).await, ["whole"]);
    assert_eq!(lin.welcome.rooms[0].id, RoomId::LOBBY);
}

#[tokio::test]
async fn a_bad_body_is_refused_by_the_name_of_its_field() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    for (path, body, detail) in [
        ("/api/join", json!({}), "`name` is missing in the body."),
        ("/api/join", json!({ "name": 7 }), "`name` in the body cannot be read."),
        (
            "/api/join",
            json!({ "name": "Lin", "join_key": "7A6B5C4D3E2F1A0B9C8D7E6F5A4B3C2D" }),
            "`join_key` in the body cannot be read.",
        ),
        ("/api/join", json!("Lin"), "The body must be an object."),
        ("/api/name", json!({}), "`name` is missing in the body."),
        ("/api/name", json!({ "name": null }), "`name` in the body cannot be read."),
    ] {
        let answer = http::post(&server, path, &[("cookie", &cookie)], &body).await;
        assert_eq!((answer.status, answer.code()), (422, 1003), "{path} {body}");
        assert_eq!(answer.problem()["detail"], detail, "{path} {body}");
    }
}
