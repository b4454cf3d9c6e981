//! A socket over its rate is not read for a while. No message is dropped.

use crate::{
    http,
    socket::{PATIENCE, Raw, Socket, frame},
    test_server::TestServer,
    transport::client::{Client, Transport},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn texts_over_the_rate_are_delayed_but_not_lost() {
    // 10 messages a second, 10 at once: 25 take at least a second and a half.
    let server = TestServer::with_config(|config| config.limit_posts = 1);
    let mut listener = server.open_text_socket().await;
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    let started = Instant::now();
    let bytes: Vec<u8> = (0..25).flat_map(|i| frame(0x81, format!("{i}").as_bytes())).collect();
    raw.send(&bytes).await;
    for i in 0..25 {
        assert_eq!(listener.next_text().await, i.to_string());
    }
    assert!(started.elapsed() >= Duration::from_millis(1_400), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_ping_is_answered_before_the_messages_that_wait_before_it() {
    let server = TestServer::with_config(|config| config.limit_posts = 1);
    let mut socket = Socket::open(server.address, "/conn_ws", &[]).await.unwrap();
    // At the rate of this server they take thirty seconds.
    let texts = (0..300).map(|number| Message::text(number.to_string()));
    for message in texts.chain(["one", "two"].map(|payload| Message::Ping(payload.into()))) {
        socket.0.feed(message).await.unwrap();
    }
    socket.0.flush().await.unwrap();
    for expected in ["one", "two"] {
        let (payload, texts) = pong(&mut socket).await;
        assert_eq!(payload, expected);
        assert!(texts < 290, "the ping has waited behind {texts} texts");
    }
}

/// The next pong of a socket, and the texts before it.
async fn pong(socket: &mut Socket) -> (String, usize) {
    let mut texts = 0;
    loop {
        match timeout(PATIENCE, socket.0.next()).await.expect("a message in time").unwrap().unwrap() {
            Message::Pong(payload) => return (String::from_utf8(payload.to_vec()).unwrap(), texts),
            Message::Text(_) => texts += 1,
            _ => {}
        }
    }
}

#[tokio::test]
async fn each_ping_is_answered_once_whether_it_waits_or_not() {
    let server = TestServer::with_config(|config| config.limit_posts = 1);
    let mut socket = Socket::open(server.address, "/conn_ws", &[]).await.unwrap();
    // Ten may come at once, so the rest waits.
    for number in 0..20 {
        socket.send_text(&number.to_string()).await;
        socket.0.send(Message::Ping(number.to_string().into())).await.unwrap();
    }
    socket.send_text("end").await;
    let mut pongs = Vec::new();
    loop {
        match timeout(PATIENCE, socket.0.next()).await.expect("a message in time").unwrap().unwrap() {
            Message::Pong(payload) => pongs.push(String::from_utf8(payload.to_vec()).unwrap()),
            Message::Text(text) if text.as_str() == "end" => break,
            _ => {}
        }
    }
    assert_eq!(pongs, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn requests_over_the_rate_are_delayed() {
    // 10 requests a second, 10 at once: 25 take at least a second and a half.
    let send_requests = async |kind: u8| {
        let server = TestServer::with_config(|config| config.limit_posts = 1);
        let cookie = server.join("Wei").await;
        let started = Instant::now();
        for _ in 0..25 {
            match kind {
                0 => drop(Client::resume(&server, Transport::Events, &cookie, None, None).await.unwrap()),
                1 => assert_eq!(http::get(&server, "/api/poll", &[("cookie", &cookie)]).await.status, 200),
                _ => {
                    let ping = json!({ "type": "ping" });
                    let answer = http::post(&server, "/api/command", &[("cookie", &cookie)], &ping).await;
                    assert_eq!(answer.status, 200);
                }
            }
        }
        let elapsed = started.elapsed();
        assert!(elapsed >= Duration::from_millis(1_400), "{kind}: {elapsed:?}");
    };
    tokio::join!(send_requests(0), send_requests(1), send_requests(2));
}

/// Counts the round trips of another socket while the server handles one burst. Load slows both down alike,
/// but a pause delays only the socket that is over its rate.
#[tokio::test]
async fn no_rate_applies_when_the_limit_is_zero() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let mut other = server.open_text_socket().await;
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    // At the default rate these would take four seconds beyond the burst.
    let bytes: Vec<u8> = (0..1_000).flat_map(|i| frame(0x81, format!("{i}").as_bytes())).collect();
    raw.send(&bytes).await;
    let (mut received, mut round_trips) = (0, 0);
    while received < 1_000 {
        other.send_text("round trip").await;
        round_trips += 1;
        loop {
            let text = other.next_text().await;
            if text == "round trip" {
                break;
            }
            assert_eq!(text, received.to_string());
            received += 1;
        }
    }
    assert!(round_trips < 100, "{round_trips} round trips during one burst");
}
