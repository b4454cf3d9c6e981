//! Requests that a client sends behind one another, without waiting for the responses.

use crate::{http, socket::PATIENCE, test_server::TestServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends these bytes, and reads to the end of the connection.
async fn exchange(server: &TestServer, bytes: &[u8]) -> String {
    let (mut reading, mut writing) = TcpStream::connect(server.address).await.unwrap().into_split();
    // The server may close while bytes are still being sent.
    let sending = async { drop(writing.write_all(bytes).await) };
    let mut answer = Vec::new();
    let receiving = async { drop(reading.read_to_end(&mut answer).await) };
    timeout(PATIENCE, async { tokio::join!(sending, receiving) }).await.expect("the end of the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Statuses of the responses, in their order.
fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).filter_map(|response| response.get(..3)).collect()
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let server = TestServer::start();
    let keep = |head: String| head.replace("Connection: close\r\n", "");
    let json = ("content-type", "application/json");
    let origin = server.origin();
    let body = r#"{"name":"Wei"}"#;
    let length = body.len().to_string();
    let sized = [json, ("origin", origin.as_str()), ("content-length", &length)];
    let chunked = [json, ("origin", origin.as_str()), ("transfer-encoding", "chunked")];
    let requests = [
        keep(http::head("GET", "/healthz", &server, &[])),
        keep(http::head("POST", "/api/join", &server, &sized)) + body,
        keep(http::head("POST", "/api/join", &server, &chunked)) + "e\r\n{\"name\":\"Wei\"}\r\n0\r\n\r\n",
        keep(http::head("GET", "/api/poll", &server, &[])),
    ];
    let last = http::head("GET", "/healthz", &server, &[]);
    let answer = exchange(&server, (requests.concat().repeat(20) + &last).as_bytes()).await;
    let expected = ["200", "200", "409", "401"].into_iter().chain(["200", "409", "409", "401"].repeat(19));
    assert_eq!(statuses(&answer), expected.chain(["200"]).collect::<Vec<_>>(), "{answer}");
}

#[tokio::test]
async fn a_long_body_behind_a_refusal_gets_no_response_of_its_own() {
    let server = TestServer::start();
    let (body, last) = ("x".repeat(300_000), http::head("GET", "/healthz", &server, &[]));
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n{last}", body.len());
    let length = body.len().to_string();
    for (name, value, rest, statuses) in [
        // The server closes the connection: it does not wait for so long a body.
        ("content-length", length.as_str(), &body, &["405"][..]),
        ("transfer-encoding", "chunked", &chunks, &["405", "200"]),
    ] {
        let head = http::head("POST", "/api/events", &server, &[(name, value)]);
        let answer = exchange(&server, (head.replace("Connection: close\r\n", "") + rest).as_bytes()).await;
        assert_eq!(self::statuses(&answer), statuses, "{name}: {answer}");
    }
}
