//! The limits of one IP address, and that others still get in.

use crate::{
    http::{self, Answer},
    socket::{PATIENCE, Raw, Socket, frame},
    test_server::{ServerOptions, TestServer},
};
use backend::limits::{
    ADDRESS_SHARE, JOINS, REFUSAL_DELAY, ROOMS_PER_ADDRESS_PER_HOUR, TEXTS_PER_CONNECTION,
};
use futures_util::future::join_all;
use hub::limits::ROOMS_MADE_PER_HOUR;
use serde_json::json;
use shared::{ClientId, Command, ErrorCode, Event, command::RoomCreate};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

fn retry_after(answer: &Answer) -> u64 {
    assert_eq!((answer.status, answer.code()), (429, 1302), "{answer:?}");
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(answer.problem()["retry_after"], seconds);
    seconds
}

#[tokio::test]
async fn a_class_that_joins_at_once_is_told_to_come_back_one_by_one() {
    let server = TestServer::start();
    let students = JOINS.burst + 40;
    let names = (0..students).map(|number| json!({ "name": format!("Student {number}") }));
    let started = Instant::now();
    let answers = join_all(names.map(async |name| http::post(&server, "/api/join", &[], &name).await)).await;
    let busy = started.elapsed().as_secs();
    let (joined, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(joined.len() as u64 >= u64::from(JOINS.burst), "{}", joined.len());
    let slots: BTreeSet<u64> = refused.iter().map(|answer| retry_after(answer)).collect();
    // A slow machine takes some seconds for the answers, and a second may then be told twice.
    assert!(slots.len() as u64 + busy + 1 >= refused.len() as u64, "{slots:?} of {}", refused.len());
    assert!(slots.iter().all(|seconds| (1..=45).contains(seconds)), "{slots:?}");
}

#[tokio::test]
async fn renames_and_refused_names_do_not_use_up_the_joins() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let joins = |names: Vec<String>| {
        join_all(names.into_iter().map(async |name| {
            let answer = http::post(&server, "/api/join", &[], &json!({ "name": name })).await;
            (answer.status, answer.body)
        }))
    };
    for (status, _) in joins(vec!["Wei".to_owned(); 50]).await {
        assert_eq!(status, 409, "the name is taken");
    }
    for number in 0..30 {
        let name = json!({ "name": format!("Wei {number}") });
        assert_eq!(http::post(&server, "/api/name", &[("cookie", &cookie)], &name).await.status, 200);
    }
    let names = (1..JOINS.burst).map(|number| format!("Guest {number}x")).collect();
    for (status, body) in joins(names).await {
        assert_eq!(status, 200, "{body}");
    }
    // After all joins, renames go on.
    for number in 0.. {
        let name = json!({ "name": format!("Late {number}y") });
        let answer = http::post(&server, "/api/join", &[], &name).await;
        if answer.status == 429 {
            break;
        }
        assert!(number < 100, "never too many: {answer:?}");
    }
    let name = json!({ "name": "Wei again" });
    assert_eq!(http::post(&server, "/api/name", &[("cookie", &cookie)], &name).await.status, 200);
}

#[tokio::test]
async fn one_address_does_not_fill_the_house_with_rooms() {
    let server = TestServer::start();
    let create = |number: u32| {
        let (client_id, name) = (ClientId(u128::from(number).to_be_bytes()), format!("Room {number}"));
        let reference = u64::from(number);
        Command::RoomCreate(RoomCreate { reference, client_id, name, description: String::new() })
    };
    // No member reaches the own limit.
    let each = ROOMS_MADE_PER_HOUR - 1;
    let (mut made, mut refused, mut last) = (0, 0, 0);
    while last <= ROOMS_PER_ADDRESS_PER_HOUR {
        let mut socket = server.join_and_open(&format!("Wei q{last}x")).await;
        for number in (last + 1..=last + each).take_while(|number| *number <= ROOMS_PER_ADDRESS_PER_HOUR + 1)
        {
            socket.command(&create(number)).await;
            loop {
                match socket.event().await {
                    Event::Reply(_) => made += 1,
                    Event::Error(refusal) => {
                        assert_eq!(
                            (refusal.code, refusal.reference),
                            (ErrorCode::TooManyRequests, Some(number.into()))
                        );
                        refused += 1;
                    }
                    _ => continue,
                }
                break;
            }
        }
        last += each;
    }
    // While the test runs, the rate allows a room every 36 seconds.
    assert!(made >= ROOMS_PER_ADDRESS_PER_HOUR && made + refused == ROOMS_PER_ADDRESS_PER_HOUR + 1, "{made}");
    let cookie = server.join("Lin").await;
    let mut answers = Vec::new();
    for number in 1_000..1_010 {
        let command = serde_json::to_value(create(number)).unwrap();
        answers.push(http::post(&server, "/api/command", &[("cookie", &cookie)], &command).await);
    }
    let refused = answers.iter().filter(|answer| answer.status == 429);
    assert!(refused.map(retry_after).all(|seconds| (1..=60).contains(&seconds)));
    assert_eq!(answers.last().unwrap().status, 429);
}

/// Connects from another loopback address.
#[cfg(target_os = "linux")]
async fn connect_from(from: &str, server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// Asks on this connection, which stays open. Returns the answer, which is empty if the server closes at once.
#[cfg(target_os = "linux")]
async fn ask(stream: &mut TcpStream, server: &TestServer) -> String {
    let head = http::head("GET", "/healthz", server, &[]).replace("Connection: close\r\n", "");
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"alive\n") {
        match timeout(PATIENCE, stream.read_u8()).await.expect("an answer") {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_never_takes_all_connections() {
    const ALL: usize = 64;
    let server =
        TestServer::with_options(ServerOptions { connections_max: Some(ALL), ..ServerOptions::default() });
    let ask_from = async |from: &str| {
        let mut stream = connect_from(from, &server).await;
        (ask(&mut stream, &server).await, stream)
    };
    let mut held = Vec::new();
    for number in 1..=ALL / ADDRESS_SHARE {
        let (answer, stream) = ask_from("127.0.0.9").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{number}: {answer}");
        held.push(stream);
    }
    let (refused, _) = ask_from("127.0.0.9").await;
    assert!(refused.starts_with("HTTP/1.1 429 ") && refused.contains("retry-after: 5\r\n"), "{refused}");
    assert!(refused.contains("connection: close\r\n"), "{refused}");
    // Connections that wait to be refused are few. The others are closed without an answer.
    let mut waiting = Vec::new();
    for _ in 0..ALL {
        waiting.push(connect_from("127.0.0.9", &server).await);
    }
    timeout(PATIENCE, async { while !ask_from("127.0.0.9").await.0.is_empty() {} })
        .await
        .expect("closed at once");
    let (other, _) = ask_from("127.0.0.8").await;
    assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
    drop((held, waiting));
    timeout(PATIENCE, async { while !ask_from("127.0.0.9").await.0.starts_with("HTTP/1.1 200 ") {} })
        .await
        .expect("the address gets in again");
}

#[tokio::test]
async fn sessions_behind_a_trusted_proxy_count_for_the_forwarded_address() {
    let mut options = ServerOptions { connections_max: Some(16), ..ServerOptions::default() };
    options.config.trust_proxy = 1;
    let server = TestServer::with_options(options);
    let share = 16 / ADDRESS_SHARE;
    let open = async |ip: &str| {
        let headers = [("X-Forwarded-For", ip.to_owned())];
        Socket::open(server.address, "/conn_ws", &headers).await
    };
    let mut sockets = Vec::new();
    for _ in 0..share {
        sockets.push(open("203.0.113.1").await.unwrap_or_else(|status| panic!("{status}")));
    }
    assert_eq!(open("203.0.113.1").await.err(), Some(429));
    let cookie = server.join("Wei").await;
    for path in ["/api/events", "/api/poll"] {
        let headers = [("x-forwarded-for", "203.0.113.1"), ("cookie", &cookie)];
        assert_eq!(retry_after(&http::get(&server, path, &headers).await), 5, "{path}");
    }
    let other = open("203.0.113.2").await;
    assert!(other.is_ok());
    drop(sockets);
    timeout(PATIENCE, async { while open("203.0.113.1").await.is_err() {} }).await.expect("it gets in again");
}

#[tokio::test]
async fn visitors_behind_a_trusted_proxy_have_joins_of_their_own() {
    let server = TestServer::with_config(|config| config.trust_proxy = 1);
    for number in 0..JOINS.burst + 40 {
        // As proxies write them: with a port, and of both families.
        let ip = if number % 2 == 0 {
            format!("203.0.113.{number}:51{number}")
        } else {
            format!("[2001:db8:{number:x}::7]:443")
        };
        let name = json!({ "name": format!("Visitor {number}") });
        let answer = http::post(&server, "/api/join", &[("x-forwarded-for", &ip)], &name).await;
        assert_eq!(answer.status, 200, "{ip}: {answer:?}");
    }
}

#[tokio::test]
async fn the_text_dialect_goes_at_a_rate_at_which_people_type() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    let count = TEXTS_PER_CONNECTION.burst + 2 * TEXTS_PER_CONNECTION.per_s;
    let started = Instant::now();
    let bytes: Vec<u8> = (0..=count).flat_map(|at| frame(0x81, at.to_string().as_bytes())).collect();
    raw.send(&bytes).await;
    for at in 0..=count {
        assert_eq!(listener.next_text().await, at.to_string());
    }
    assert!(started.elapsed() >= Duration::from_millis(1_900), "{:?}", started.elapsed());
    // Pings do not count, and do not wait.
    let started = Instant::now();
    raw.send(&frame(0x89, b"x").repeat(100)).await;
    raw.send(&frame(0x81, b"after")).await;
    assert_eq!(listener.next_text().await, "after");
    assert!(started.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_refusal_waits_when_its_address_was_refused_very_often() {
    let server = TestServer::start();
    let name = json!({ "name": "a name\u{7}" });
    let started = Instant::now();
    let refuse = async || {
        let sent = Instant::now();
        let answer = http::post(&server, "/api/join", &[], &name).await;
        (answer, sent.elapsed())
    };
    loop {
        let answers = join_all((0..50).map(|_| refuse())).await;
        let refused = answers.iter().filter(|(answer, _)| answer.status == 429);
        let mut waited = refused.filter(|(_, time)| *time >= REFUSAL_DELAY).map(|(answer, _)| answer);
        if let Some(answer) = waited.next_back() {
            assert!(retry_after(answer) >= 1);
            return;
        }
        assert!(started.elapsed() < PATIENCE, "no refusal waits");
    }
}

#[tokio::test]
async fn retries_and_refused_requests_do_not_use_up_what_an_address_may_make() {
    let server = TestServer::start();
    let create = |number: u128, name: &str| {
        let client_id = ClientId(number.to_be_bytes()).to_string();
        json!({ "type": "room_create", "ref": 1, "client_id": client_id, "name": name, "description": "" })
    };
    // Nobody is signed in.
    for number in 0..=ROOMS_PER_ADDRESS_PER_HOUR {
        let room = create(number.into(), "Tea");
        assert_eq!(http::post(&server, "/api/command", &[], &room).await.status, 401);
    }
    let wei = json!({ "name": "Wei", "join_key": "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d" });
    let mut cookie = String::new();
    for number in 0..=JOINS.burst {
        let answer = http::post(&server, "/api/join", &[], &wei).await;
        assert_eq!(answer.status, 200, "{number}: {answer:?}");
        cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    }
    for number in 0..=ROOMS_PER_ADDRESS_PER_HOUR {
        let answer = http::post(&server, "/api/command", &[("cookie", &cookie)], &create(1, "Tea")).await;
        assert_eq!(answer.status, 200, "{number}: {answer:?}");
    }
    let answer = http::post(&server, "/api/join", &[], &json!({ "name": "Lin" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
