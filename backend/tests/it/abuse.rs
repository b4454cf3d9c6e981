//! What no client should send to the transports over plain HTTP. Each is refused by a problem, and
//! nobody else hears of it.

use crate::{
    house::{House, Plan},
    http::{self, Answer},
    socket::PATIENCE,
    transport::client::{By, Caller, Client},
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

async fn get(house: &House, path: &str, headers: &[(&str, &str)]) -> (u16, u64) {
    let answer = http::get(house, path, headers).await;
    (answer.status, answer.code())
}

/// A command of this type, with these bytes as its body.
async fn send(house: &House, cookie: &str, kind: &str, body: &[u8]) -> Answer {
    let (length, origin) = (body.len().to_string(), house.origin());
    let headers =
        [("content-type", kind), ("content-length", &*length), ("origin", &origin), ("cookie", cookie)];
    http::request(house, &http::head("POST", "/api/command", house, &headers), body).await
}

#[tokio::test]
async fn what_cannot_be_read_in_a_query_is_told_so() {
    let house = House::open();
    let cookie = house.join("Wei").await;
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
            let asked = format!("{path}?cursor={cursor}");
            assert_eq!(get(&house, &asked, &mine).await, (422, 1003), "{asked}");
        }
        for cursor in cursors.iter().filter(|cursor| !cursor.contains('%')).chain(&["null", "茶"]) {
            // What the browser brings counts, whatever the address says.
            let asked = format!("{path}?cursor=0000000000000001.1");
            let headers = [mine[0], ("last-event-id", cursor)];
            assert_eq!(get(&house, &asked, &headers).await, (422, 1003), "{cursor}");
        }
        for field in ["ref=x", "ref=-1", "room=x", "room=18446744073709551616", "room=1.0"] {
            assert_eq!(get(&house, &format!("{path}?{field}"), &mine).await, (422, 1003), "{field}");
        }
    }
    for field in
        ["wait=-1", "wait=x", "wait=1.5", "wait=99999999999999999999", "begin=2", "away=yes", "present=-1"]
    {
        assert_eq!(get(&house, &format!("/api/poll?{field}"), &mine).await, (422, 1003), "{field}");
    }
    // And by its name.
    let odd =
        [("wait", "/api/poll?wait=x"), ("away", "/api/poll?away=2"), ("cursor", "/api/events?cursor=x")];
    for (name, path) in odd {
        let answer = http::get(&house, path, &mine).await;
        assert_eq!(answer.problem()["detail"], format!("`{name}` in the address cannot be read."));
    }
    let again = http::get(&house, "/api/events", &[mine[0], ("last-event-id", "x")]).await;
    assert_eq!(again.problem()["detail"], "The header `Last-Event-ID` cannot be read.");
    // What is unknown is passed over, and what is empty is absent.
    let odd = "/api/poll?cursor=&wait=&begin=&x=y&&=&%&room=99";
    assert_eq!(http::get(&house, odd, &mine).await.status, 200);
}

#[tokio::test]
async fn who_may_not_ask_is_told_so() {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let cross = [("cookie", &*cookie), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
    for path in READERS {
        assert_eq!(get(&house, path, &cross).await, (403, 1402), "{path}");
        assert_eq!(get(&house, path, &[]).await, (401, 1201), "{path}");
        assert_eq!(get(&house, path, &[("cookie", &cookie), ("host", "evil.example")]).await, (421, 1401));
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let head = http::head(method, path, &house, &[("content-length", "0"), ("cookie", &cookie)]);
            let answer = http::request(&house, &head, b"").await;
            assert_eq!((answer.status, answer.code(), answer.header("allow")), (405, 1404, Some("GET")));
        }
    }
    for method in ["GET", "PUT", "DELETE"] {
        let head =
            http::head(method, "/api/command", &house, &[("content-length", "0"), ("cookie", &cookie)]);
        let answer = http::request(&house, &head, b"").await;
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
        let head = http::head("POST", "/api/command", &house, &headers);
        let answer = http::request(&house, &head, body.as_bytes()).await;
        assert_eq!((answer.status, answer.code()), expected, "{origin:?}");
    }
}

#[tokio::test]
async fn bad_commands_are_problems() {
    let house = House::open();
    let cookie = house.join("Wei").await;
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
        let answer = send(&house, &cookie, kind, body).await;
        let said = String::from_utf8_lossy(body);
        assert_eq!((answer.status, answer.code()), expected, "{kind} {said}");
    }
    for (size, expected) in [(FRAME_BYTES_MAX - 1, 200), (FRAME_BYTES_MAX, 200), (FRAME_BYTES_MAX + 1, 413)] {
        let ping = r#"{"type":"ping"}"#;
        let body = format!("{ping}{}", " ".repeat(size - ping.len()));
        let answer = send(&house, &cookie, "application/json; charset=utf-8", body.as_bytes()).await;
        assert_eq!(answer.status, expected, "{size}");
        if expected != 200 {
            let problem = answer.problem();
            assert_eq!(problem["code"], 1406);
            assert_eq!(problem["detail"], format!("The body may have at most {FRAME_BYTES_MAX} bytes."));
        }
    }
    let deep = "[".repeat(50_000);
    assert_eq!(send(&house, &cookie, json, deep.as_bytes()).await.code(), 1001);
}

#[tokio::test]
async fn a_poll_is_answered_when_its_time_is_over_though_nothing_came() {
    let house = House::open();
    let wei = Client::enter(&house, By::Polls, &house.join("Wei").await).await;
    let mut known = wei.caller.poll("begin=1").await.unwrap();
    // Her own coming is told yet.
    while known.present == 0 {
        known = wei.caller.poll(&format!("cursor={}", known.through)).await.unwrap();
    }
    for _ in 0..50 {
        let asked = format!("cursor={}&present={}", known.through, known.present);
        let answer = timeout(PATIENCE, wei.caller.poll(&asked)).await.expect("at once").unwrap();
        assert_eq!((answer.events.len(), answer.through, answer.again_ms), (0, known.through, 2_000));
    }
    let started = Instant::now();
    let asked = format!("cursor={}&present={}&wait=1", known.through, known.present);
    let answer = wei.caller.poll(&asked).await.unwrap();
    assert_eq!((answer.events.len(), answer.again_ms), (0, 0));
    assert!((1_000..3_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    // Who wants to wait for ever is answered too, when there is something.
    let asked = format!("cursor={}&present={}&wait={}", known.through, known.present, u64::MAX);
    let last = post(7, "at last");
    let (answer, said) = tokio::join!(wei.caller.poll(&asked), wei.caller.post(&last));
    assert!(said.is_ok());
    assert!(answer.unwrap().events.iter().any(|event| matches!(event, Event::Posted(_))));
}

fn post(number: u64, text: &str) -> Command {
    let command: Value = json!({
        "type": "post", "ref": number, "client_id": format!("{number:032x}"), "room": 1, "text": text,
    });
    Command::parse(&command.to_string()).unwrap()
}

/// How a client goes without a word.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Its socket is closed.
    Closed,
    /// It is reset.
    Reset,
    /// It says that it sends nothing more, and stays.
    Half,
}

/// Whether there is no place for another session, and not only for a moment.
async fn is_full(caller: &Caller) -> bool {
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

#[tokio::test]
async fn who_abandons_a_request_is_dropped_within_a_second() {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let mut places = Vec::new();
    for _ in 0..hub::limits::SESSIONS_PER_MEMBER_MAX - 1 {
        places.push(Client::enter(&house, By::Events, &cookie).await);
    }
    let caller: Caller = places[0].caller.clone();
    // Until nothing more is to be told of presence, so that a poll stays parked.
    let mut known = caller.poll("begin=1").await.unwrap();
    while !known.events.is_empty() {
        let asked = format!("cursor={}&present={}&wait=2", known.through, known.present);
        // The one before may still have the last place.
        match caller.poll(&asked).await {
            Ok(answer) => known = answer,
            Err(refused) => assert_eq!(refused, (429, ErrorCode::TooManyRequests)),
        }
    }
    let parked = format!("/api/poll?cursor={}&present={}&wait=25", known.through, known.present);
    for (path, cut) in
        READERS.into_iter().flat_map(|path| [Cut::Closed, Cut::Reset, Cut::Half].map(|cut| (path, cut)))
    {
        let path = if path == "/api/poll" { &parked } else { path };
        // The last place, once what had it before is out.
        let mut stream = timeout(PATIENCE, async {
            loop {
                let mut stream = TcpStream::connect(house.address).await.unwrap();
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
        let started = Instant::now();
        while caller.poll("begin=1").await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(1), "{path}, {cut:?}");
        }
        println!("{path}, {cut:?}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_panic_in_a_request_harms_nobody_else() {
    let hook = Arc::new(|text: &str| assert!(!text.contains("boom"), "as the test wants it"));
    let house = House::of(Plan { inbound_hook: Some(hook), ..Plan::default() });
    let wei = house.join("Wei").await;
    // More than there are workers, so that some share one with the victim.
    let mut others = Vec::new();
    for by in By::ALL.into_iter().cycle().take(16) {
        others.push(Client::enter(&house, by, &wei).await);
    }
    let caller = others[0].caller.clone();
    for number in 0..8 {
        let body = serde_json::to_string(&post(100 + number, "boom")).unwrap();
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let asked = caller.head("POST", "/api/command", &more) + &body;
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the end of it");
        assert_eq!(answer, b"", "its connection ends");
    }
    assert!(caller.post(&post(2, "still here")).await.is_ok());
    for other in &mut others {
        assert_eq!(other.hear(1).await, ["still here"]);
    }
}

#[tokio::test]
async fn slow_heads_and_bodies_are_not_waited_for() {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let wei = Client::enter(&house, By::LongPolls, &cookie).await;
    let whole = wei.caller.head(
        "POST",
        "/api/command",
        "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 15\r\n",
    );
    let dribble = async |sent: &str| {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
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
async fn a_body_that_ends_too_early_is_carried_out_by_nobody() {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let mut lin = Client::enter(&house, By::LongPolls, &house.join("Lin").await).await;
    let wei = Client::enter(&house, By::Polls, &cookie).await;
    let body = serde_json::to_string(&post(2, "cut")).unwrap();
    let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let whole = wei.caller.head("POST", "/api/command", &more) + &body;
    for at in [whole.len() - 1, whole.len() - body.len(), whole.len() - body.len() - 3] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(&whole.as_bytes()[..at]).await.unwrap();
        drop(stream);
    }
    wei.caller.post(&post(3, "whole")).await.unwrap();
    assert_eq!(lin.hear(1).await, ["whole"]);
    assert_eq!(lin.welcome.rooms[0].id, RoomId::LOBBY);
}
