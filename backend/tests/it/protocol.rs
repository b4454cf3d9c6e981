//! Violations of RFC 6455 close with the right code; everything else is accepted.

use crate::{
    http,
    socket::{PATIENCE, Raw, Socket, frame},
    test_server::TestServer,
};
use tokio::{io::AsyncReadExt, time::timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

#[tokio::test]
async fn a_broken_frame_closes_with_its_code() {
    let server = TestServer::start();
    let cases: [(&str, Vec<u8>, u16); 11] = [
        ("not masked", b"\x81\x02hi".to_vec(), 1002),
        ("reserved bit", frame(0xc1, b"hi"), 1002),
        ("unknown opcode", frame(0x83, b"hi"), 1002),
        ("a ping over 125 bytes", frame(0x89, &[0; 126]), 1002),
        ("a ping in fragments", frame(0x09, b"hi"), 1002),
        ("a continuation of nothing", frame(0x80, b"hi"), 1002),
        ("a new message within another", [frame(0x01, b"a"), frame(0x81, b"b")].concat(), 1002),
        ("a close of one byte", frame(0x88, b"x"), 1002),
        ("a close code that may not be sent", frame(0x88, &1005_u16.to_be_bytes()), 1002),
        ("text that is not UTF-8", frame(0x81, b"\xff\xfe"), 1007),
        ("text cut within a character", frame(0x81, b"\xe8\x8c"), 1007),
    ];
    for path in ["/conn_ws", "/conn_ws?v=1"] {
        for (what, bytes, code) in &cases {
            let mut raw = Raw::open(server.address, path).await;
            raw.send(bytes).await;
            assert_eq!(raw.closed().await, *code, "{what} on {path}");
        }
    }
}

#[tokio::test]
async fn an_overlong_frame_is_refused_before_its_payload_arrives() {
    let server = TestServer::start();
    for path in ["/conn_ws", "/conn_ws?v=1"] {
        for opcode in [0x81, 0x82] {
            let mut raw = Raw::open(server.address, path).await;
            raw.send(&[&[opcode, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[1, 2, 3, 4]].concat()).await;
            assert_eq!(raw.closed().await, 1009);
        }
    }
}

#[tokio::test]
async fn messages_before_a_violation_are_delivered() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    raw.send(&[frame(0x81, b"good"), b"\x81\x02no".to_vec()].concat()).await;
    assert_eq!(listener.next_text().await, "good");
    assert_eq!(raw.closed().await, 1002);
}

#[tokio::test]
async fn a_close_is_echoed_and_tcp_is_closed() {
    let server = TestServer::start();
    for code in [1000_u16, 1001, 3000, 4999] {
        let mut socket = Socket::open(server.address, "/conn_ws", &[]).await.unwrap();
        socket.0.close(Some(CloseFrame { code: code.into(), reason: "bye".into() })).await.unwrap();
        assert_eq!(socket.closed().await.0, code);
    }
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    raw.send(&frame(0x88, b"")).await;
    assert_eq!(raw.rest().await, [0x88, 0], "no code, no code back");
}

#[tokio::test]
async fn a_pong_has_the_payload_of_its_ping() {
    let server = TestServer::start();
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    raw.send(&frame(0x89, b"Hello")).await;
    let mut bytes = [0; 7];
    timeout(PATIENCE, raw.0.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(bytes, *b"\x8a\x05Hello", "RFC 6455 §5.7");
}

#[tokio::test]
async fn a_frame_arrives_whole_wherever_it_is_cut() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    raw.0.set_nodelay(true).unwrap();
    let bytes = [frame(0x81, "一杯茶".as_bytes()), frame(0x81, &[b'x'; 200])].concat();
    for byte in bytes {
        raw.send(&[byte]).await;
    }
    assert_eq!(listener.next_text().await, "一杯茶");
    assert_eq!(listener.next_text().await.len(), 200);
}

#[tokio::test]
async fn the_url_or_the_subprotocol_chooses_the_dialect() {
    let server = TestServer::start();
    let offer = |protocols: &str| vec![("Sec-WebSocket-Protocol", protocols.to_owned())];
    assert!(Socket::open(server.address, "/conn_ws?x=1", &[]).await.is_ok());
    assert_eq!(Socket::open(server.address, "/conn_ws", &offer("mqtt")).await.err(), Some(400));
    for version in ["/conn_ws?v=2", "/conn_ws?v=", "/conn_ws?x=1&v=1.0"] {
        assert_eq!(Socket::open(server.address, version, &[]).await.err(), Some(422), "{version}");
        assert!(Socket::open(server.address, version, &offer("teahouse.v1")).await.is_ok(), "{version}");
    }
    for (path, protocols, echo) in [
        ("/conn_ws", "teahouse.v1", true),
        ("/conn_ws", "mqtt, teahouse.v1", true),
        ("/conn_ws?v=1", "", false),
    ] {
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let mut headers = vec![
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
        ];
        if !protocols.is_empty() {
            headers.push(("Sec-WebSocket-Protocol", protocols));
        }
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let head = http::head("GET", path, &server, &headers).replacen("Connection: close\r\n", "", 1);
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let length = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
        assert!(answer.starts_with("http/1.1 101"), "{answer}");
        assert_eq!(answer.contains("sec-websocket-protocol: teahouse.v1"), echo, "{answer}");
    }
}

#[tokio::test]
async fn a_request_without_a_handshake_gets_426() {
    let server = TestServer::start();
    let answer = http::get(&server, "/conn_ws", &[]).await;
    assert_eq!((answer.status, answer.code()), (426, 1407));
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    for (key, version) in [("c2hvcnQ=", "13"), ("dGhlIHNhbXBsZSBub25jZQ==", "8")] {
        let headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", version),
        ];
        let head = http::head("GET", "/conn_ws", &server, &headers).replacen("Connection: close\r\n", "", 1);
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 2048];
        let length = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn a_text_client_is_refused_when_the_dialect_is_off() {
    let server = TestServer::with_config(|config| config.plain = false);
    assert_eq!(Socket::open(server.address, "/conn_ws", &[]).await.err(), Some(403));
    assert!(Socket::open(server.address, "/conn_ws?v=1", &[]).await.is_ok());
}

#[tokio::test]
async fn binary_from_a_member_is_refused_without_closing() {
    let server = TestServer::start();
    let mut member = server.join_and_open("Wei").await;
    member.send_binary(b"x").await;
    let shared::Event::Error(refusal) = member.event().await else { panic!() };
    assert_eq!(refusal.code, shared::ErrorCode::BinaryRefused);
    member.command(&shared::Command::Ping).await;
    assert!(matches!(member.event().await, shared::Event::Pong(_)));
}
