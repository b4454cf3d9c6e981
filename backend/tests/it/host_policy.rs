//! Host, Origin and cross-site rules, over real connections.

use crate::{http, socket::Socket, test_server::TestServer};
use serde_json::json;

async fn socket(server: &TestServer, name: &'static str, value: &str) -> Result<(), u16> {
    Socket::open(server.address, "/conn_ws", &[(name, value.to_owned())]).await.map(|_| ())
}

#[tokio::test]
async fn a_websocket_is_refused_when_its_origin_is_foreign() {
    let server = TestServer::with_config(|config| config.allow_origin = vec!["http://friend.example".into()]);
    let port = server.address.port();
    assert_eq!(socket(&server, "Origin", &server.origin()).await, Ok(()));
    assert_eq!(socket(&server, "Origin", "http://friend.example").await, Ok(()));
    assert_eq!(socket(&server, "Accept", "*/*").await, Ok(()), "no Origin: not a browser");
    for foreign in [
        "http://evil.example".to_owned(),
        "null".to_owned(),
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        format!("https://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}.evil.example"),
    ] {
        assert_eq!(socket(&server, "Origin", &foreign).await, Err(403), "{foreign}");
    }
    for spelling in ["/%63onn_ws", "/conn%5Fws?v=1", "/conn_ws?v=1"] {
        let headers = [("Origin", "http://evil.example".to_owned())];
        assert_eq!(Socket::open(server.address, spelling, &headers).await.err(), Some(403), "{spelling}");
    }
    assert_eq!(socket(&server, "Host", &format!("localhost:{port}")).await, Ok(()));
    for rebound in ["evil.example", "127.0.0.1.evil.example"] {
        assert_eq!(socket(&server, "Host", &format!("{rebound}:{port}")).await, Err(421), "{rebound}");
    }
}

#[tokio::test]
async fn a_request_is_refused_when_its_host_or_origin_is_foreign() {
    let server = TestServer::start();
    let evil = http::get(&server, "/", &[("Host", "evil.example")]).await;
    assert_eq!((evil.status, evil.code()), (421, 1401));
    assert!(evil.header("content-security-policy").is_some(), "a refusal is hardened too");
    let cross =
        http::get(&server, "/api/me", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]).await;
    assert_eq!((cross.status, cross.code()), (403, 1402));
    assert_eq!(cross.header("access-control-allow-origin"), None);
    let body = json!({ "name": "Eve" }).to_string();
    for (origin, status) in [("http://evil.example", 403), ("null", 403)] {
        let length = body.len().to_string();
        let headers = [("origin", origin), ("content-type", "application/json"), ("content-length", &length)];
        let answer =
            http::request(&server, &http::head("POST", "/api/join", &server, &headers), body.as_bytes())
                .await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[tokio::test]
async fn the_cookie_is_ignored_without_an_origin() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let headers =
        [("cookie", cookie.as_str()), ("content-type", "application/json"), ("content-length", "14")];
    let head = http::head("POST", "/api/name", &server, &headers);
    let answer = http::request(&server, &head, b"{\"name\":\"Eve\"}").await;
    assert_eq!((answer.status, answer.code()), (401, 1201));
    assert_eq!(answer.problem()["detail"], "The cookie is ignored without an `Origin` header of this house.");
}

#[tokio::test]
async fn a_401_explains_why_the_cookie_did_not_count() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let json = ("content-type", "application/json");
    let length = ("content-length", "15");
    let ping = br#"{"type":"ping"}"#;
    let detail = async |path: &str, headers: &[(&str, &str)]| {
        let head = http::head("POST", path, &server, headers);
        let answer = http::request(&server, &head, ping).await;
        assert_eq!((answer.status, answer.code()), (401, 1201));
        answer.problem()["detail"].as_str().map(str::to_owned)
    };
    let (with, origin) = (("cookie", cookie.as_str()), ("origin", &*format!("http://{}", server.address)));
    let uncounted = "The cookie is ignored without an `Origin` header of this house.";
    assert_eq!(detail("/api/command", &[json, length, with]).await.as_deref(), Some(uncounted));
    let anothers = "The cookie does not match `member` and `epoch` in the address.";
    let path = "/api/command?member=99";
    assert_eq!(detail(path, &[json, length, with, origin]).await.as_deref(), Some(anothers));
    assert_eq!(detail(path, &[json, length, origin]).await, None, "there was none");
    let answer = http::get(&server, "/api/poll?member=99", &[with]).await;
    assert_eq!((answer.status, answer.problem()["detail"].as_str()), (401, Some(anothers)));
    assert!(http::get(&server, "/api/poll", &[]).await.problem()["detail"].is_null());
}
