//! Host, Origin and cross-site rules, on the wire.

use crate::{house::House, http, socket::Socket};
use serde_json::json;

async fn socket(house: &House, name: &'static str, value: &str) -> Result<(), u16> {
    Socket::open(house.address, "/conn_ws", &[(name, value.to_owned())]).await.map(|_| ())
}

#[tokio::test]
async fn sockets_are_opened_for_our_own_pages_only() {
    let house = House::with(|config| config.allow_origin = vec!["http://friend.example".into()]);
    let port = house.address.port();
    assert_eq!(socket(&house, "Origin", &house.origin()).await, Ok(()));
    assert_eq!(socket(&house, "Origin", "http://friend.example").await, Ok(()));
    assert_eq!(socket(&house, "Accept", "*/*").await, Ok(()), "no Origin: not a browser");
    for foreign in [
        "http://evil.example".to_owned(),
        "null".to_owned(),
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        format!("https://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}.evil.example"),
    ] {
        assert_eq!(socket(&house, "Origin", &foreign).await, Err(403), "{foreign}");
    }
    for spelling in ["/%63onn_ws", "/conn%5Fws?v=1", "/conn_ws?v=1"] {
        let headers = [("Origin", "http://evil.example".to_owned())];
        assert_eq!(Socket::open(house.address, spelling, &headers).await.err(), Some(403), "{spelling}");
    }
    assert_eq!(socket(&house, "Host", &format!("localhost:{port}")).await, Ok(()));
    for rebound in ["evil.example", "127.0.0.1.evil.example"] {
        assert_eq!(socket(&house, "Host", &format!("{rebound}:{port}")).await, Err(421), "{rebound}");
    }
}

#[tokio::test]
async fn requests_are_judged_alike() {
    let house = House::open();
    let evil = http::get(&house, "/", &[("Host", "evil.example")]).await;
    assert_eq!((evil.status, evil.code()), (421, 1401));
    assert!(evil.header("content-security-policy").is_some(), "a refusal is hardened too");
    let cross =
        http::get(&house, "/api/me", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]).await;
    assert_eq!((cross.status, cross.code()), (403, 1402));
    assert_eq!(cross.header("access-control-allow-origin"), None);
    let body = json!({ "name": "Eve" }).to_string();
    for (origin, status) in [("http://evil.example", 403), ("null", 403)] {
        let length = body.len().to_string();
        let headers = [("origin", origin), ("content-type", "application/json"), ("content-length", &length)];
        let answer =
            http::request(&house, &http::head("POST", "/api/join", &house, &headers), body.as_bytes()).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[tokio::test]
async fn without_an_origin_the_cookie_is_not_honoured() {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let headers =
        [("cookie", cookie.as_str()), ("content-type", "application/json"), ("content-length", "14")];
    let head = http::head("POST", "/api/name", &house, &headers);
    let answer = http::request(&house, &head, b"{\"name\":\"Eve\"}").await;
    assert_eq!((answer.status, answer.code()), (401, 1201));
    assert_eq!(answer.problem()["detail"], "The cookie is ignored without an `Origin` header of this house.");
}

#[tokio::test]
async fn a_401_says_why_the_cookie_that_came_along_stands_for_nobody() {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let json = ("content-type", "application/json");
    let length = ("content-length", "15");
    let ping = br#"{"type":"ping"}"#;
    let told = async |path: &str, headers: &[(&str, &str)]| {
        let head = http::head("POST", path, &house, headers);
        let answer = http::request(&house, &head, ping).await;
        assert_eq!((answer.status, answer.code()), (401, 1201));
        answer.problem()["detail"].as_str().map(str::to_owned)
    };
    let (with, origin) = (("cookie", cookie.as_str()), ("origin", &*format!("http://{}", house.address)));
    let uncounted = "The cookie is ignored without an `Origin` header of this house.";
    assert_eq!(told("/api/command", &[json, length, with]).await.as_deref(), Some(uncounted));
    let anothers = "The cookie does not match `member` and `epoch` in the address.";
    let path = "/api/command?member=99";
    assert_eq!(told(path, &[json, length, with, origin]).await.as_deref(), Some(anothers));
    assert_eq!(told(path, &[json, length, origin]).await, None, "there was none");
    let answer = http::get(&house, "/api/poll?member=99", &[with]).await;
    assert_eq!((answer.status, answer.problem()["detail"].as_str()), (401, Some(anothers)));
    assert!(http::get(&house, "/api/poll", &[]).await.problem()["detail"].is_null());
}
