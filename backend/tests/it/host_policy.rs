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

#[tokio::test]
async fn a_refused_host_or_origin_names_the_flag_that_allows_it() {
    let server = TestServer::start();
    for (host, flag) in [
        ("teapot.tailnet-1.ts.net", "--host teapot.tailnet-1.ts.net"),
        ("nas.lan:8888", "--host nas.lan"),
        ("teahouse", "--host teahouse"),
    ] {
        let program = http::get(&server, "/", &[("Host", host)]).await;
        assert_eq!((program.status, program.code()), (421, 1401), "{host}");
        assert!(program.problem()["detail"].as_str().unwrap().contains(flag), "{program:?}");
        for (languages, html) in [("zh-CN,zh;q=0.9", "<html lang=\"zh-CN\">"), ("de", "<html lang=\"en\">")] {
            let headers = [("Host", host), ("Accept", "text/html,*/*;q=0.8"), ("Accept-Language", languages)];
            let page = http::get(&server, "/r/2", &headers).await;
            assert_eq!((page.status, page.header("content-type")), (421, Some("text/html; charset=utf-8")));
            assert!(
                page.body.contains(html) && page.body.contains(&format!("<code>{flag}</code>")),
                "{page:?}"
            );
            assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        }
        assert_eq!(http::get(&server, "/healthz", &[("Host", host)]).await.status, 200, "{host}");
    }
    let post = async |accept: &str| {
        let headers = [("origin", "https://tea.example"), ("content-length", "0"), ("accept", accept)];
        http::request(&server, &http::head("POST", "/api/join", &server, &headers), b"").await
    };
    let program = post("*/*").await;
    assert_eq!((program.status, program.code()), (403, 1402));
    let flags = ["--public-url https://tea.example", "--allow-origin https://tea.example"];
    for flag in flags {
        assert!(program.problem()["detail"].as_str().unwrap().contains(flag), "{program:?}");
        assert!(post("text/html").await.body.contains(&format!("<code>{flag}</code>")));
    }
    // Nothing of a stranger's text comes back.
    let odd = http::get(&server, "/", &[("Host", "<b>.example"), ("Accept", "text/html")]).await;
    assert!(odd.status >= 400 && !odd.body.contains("<b>"), "{odd:?}");
}

#[tokio::test]
async fn a_further_name_is_allowed() {
    let server = TestServer::with_config(|config| config.host = vec!["nas.lan".into()]);
    assert_eq!(http::get(&server, "/api/me", &[("Host", "NAS.lan:8888")]).await.status, 200);
    assert_eq!(http::get(&server, "/api/me", &[("Host", "other.lan")]).await.status, 421);
    let headers = [("Host", "nas.lan".to_owned()), ("Origin", "http://nas.lan".to_owned())];
    assert!(Socket::open(server.address, "/conn_ws", &headers).await.is_ok());
}

#[tokio::test]
async fn a_proxy_that_sends_its_own_host_works_with_the_public_url() {
    let server = TestServer::with_config(|config| {
        config.public_url = Some("https://tea.example".parse().unwrap());
    });
    let joined = http::post(&server, "/api/join", &[("x", "y")], &json!({ "name": "Wei" })).await;
    assert_eq!(joined.status, 200, "by its own address");
    let body = json!({ "name": "Lin" }).to_string();
    let length = body.len().to_string();
    let headers = [
        ("origin", "https://tea.example"),
        ("content-type", "application/json"),
        ("content-length", length.as_str()),
    ];
    let answer =
        http::request(&server, &http::head("POST", "/api/join", &server, &headers), body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-th_") && set.contains("Secure"), "{set}");
    let headers = [("Origin", "https://tea.example".to_owned()), ("Cookie", answer.cookie().unwrap())];
    assert!(Socket::open(server.address, "/conn_ws?v=1", &headers).await.is_ok());
}
