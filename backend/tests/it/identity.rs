//! The member of a device, over HTTP.

use crate::{
    http::{self, Answer},
    test_server::{TestServer, hello},
};
use serde_json::{Value, json};

fn name(answer: &Answer) -> Value {
    let me: Value = serde_json::from_str(&answer.body).unwrap();
    me["member"]["name"].clone()
}

#[tokio::test]
async fn a_device_joins_renames_and_signs_out() {
    let server = TestServer::start();
    let nobody = http::get(&server, "/api/me", &[]).await;
    assert_eq!((nobody.status, name(&nobody)), (200, Value::Null));

    let joined = http::post(&server, "/api/join", &[], &json!({ "name": "  王师傅 " })).await;
    assert_eq!(name(&joined), "王师傅");
    let set = joined.header("set-cookie").unwrap();
    for part in ["th_0123456789abcdef=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=34560000"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Secure"), "it could not come back over http");
    let cookie = joined.cookie().unwrap();
    let mine = [("cookie", cookie.as_str())];
    assert_eq!(name(&http::get(&server, "/api/me", &mine).await), "王师傅");

    let again = http::post(&server, "/api/join", &mine, &json!({ "name": "Another" })).await;
    assert_eq!((again.status, again.code()), (409, 1202));
    assert_eq!(name(&http::post(&server, "/api/name", &mine, &json!({ "name": "王大师" })).await), "王大师");

    let out = http::post(&server, "/api/sign-out", &mine, &json!({})).await;
    assert_eq!((out.status, name(&out)), (200, Value::Null));
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(name(&http::get(&server, "/api/me", &mine).await), Value::Null);
    let other = http::post(&server, "/api/join", &[], &json!({ "name": "王大师" })).await;
    assert_eq!((other.status, other.code()), (409, 1104), "the name rests");
}

#[tokio::test]
async fn a_join_that_is_sent_again_gets_the_same_member_and_cookie() {
    let server = TestServer::start();
    let body = |name: &str| json!({ "name": name, "join_key": "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d" });
    let id = |answer: &Answer| serde_json::from_str::<Value>(&answer.body).unwrap()["member"]["id"].clone();
    let first = http::post(&server, "/api/join", &[], &body("Tom")).await;
    let again = http::post(&server, "/api/join", &[], &body("Tom")).await;
    assert_eq!((again.status, name(&again), id(&again)), (200, json!("Tom"), id(&first)));
    assert_eq!(again.cookie(), first.cookie());

    // The browser has got the cookie, and the person has typed another name.
    let cookie = first.cookie().unwrap();
    let mine = [("cookie", cookie.as_str())];
    let renamed = http::post(&server, "/api/join", &mine, &body("Tommy")).await;
    assert_eq!((renamed.status, name(&renamed), id(&renamed)), (200, json!("Tommy"), id(&first)));

    // Another id is another member, and the token does not follow from the id alone.
    let other = json!({ "name": "Ann", "join_key": "00000000000000000000000000000001" });
    assert_eq!(http::post(&server, "/api/join", &mine, &other).await.code(), 1202);
    let ann = http::post(&server, "/api/join", &[], &other).await;
    assert_ne!(id(&ann), id(&first));
    assert!(!cookie.contains("7a6b5c4d"));
    for wrong in ["", "7a6b", "7A6B5C4D3E2F1A0B9C8D7E6F5A4B3C2D"] {
        let body = json!({ "name": "Bo", "join_key": wrong });
        assert_eq!(http::post(&server, "/api/join", &[], &body).await.status, 422, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_taken_name_is_refused_with_a_suggestion() {
    let server = TestServer::start();
    server.join("Alice").await;
    for (wanted, status, code) in [
        ("", 422, 1101),
        ("\u{3000}", 422, 1101),
        (&"x".repeat(33), 422, 1102),
        ("a\u{200b}b", 422, 1103),
        ("ａＬＩＣＥ", 409, 1104),
        ("passer-by", 409, 1104),
    ] {
        let answer = http::post(&server, "/api/join", &[], &json!({ "name": wanted })).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{wanted:?}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    let taken = http::post(&server, "/api/join", &[], &json!({ "name": "alice" })).await;
    let problem: Value = serde_json::from_str(&taken.body).unwrap();
    assert_eq!(problem["suggestion"], "alice 2");
}

#[tokio::test]
async fn sockets_close_with_4401_when_their_member_signs_out() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let (mut first, mut second) =
        (server.open_v1_socket(&cookie).await, server.open_v1_socket(&cookie).await);
    first.command(&hello(1)).await;
    second.command(&hello(1)).await;
    first.event().await;
    second.event().await;
    http::post(&server, "/api/sign-out", &[("cookie", &cookie)], &json!({})).await;
    assert_eq!(first.closed().await.0, 4401);
    assert_eq!(second.closed().await.0, 4401);
}

#[tokio::test]
async fn a_bad_body_is_refused_with_a_problem() {
    let server = TestServer::start();
    let send = async |kind: &str, body: &str, length: usize| {
        let head = http::head(
            "POST",
            "/api/join",
            &server,
            &[("content-type", kind), ("content-length", &length.to_string())],
        );
        let answer = http::request(&server, &head, body.as_bytes()).await;
        (answer.status, answer.code())
    };
    assert_eq!(send("text/plain", "{\"name\":\"x\"}", 12).await, (415, 1405));
    assert_eq!(send("application/x-www-form-urlencoded", "name=x", 6).await, (415, 1405));
    assert_eq!(send("application/json", "{\"name\":", 8).await, (400, 1001));
    assert_eq!(send("application/json", "{\"name\":7}", 10).await, (422, 1003));
    assert_eq!(send("application/json", "{}", 2).await, (422, 1003));
    for (size, expected) in [(4_095, (422, 1102)), (4_096, (422, 1102)), (4_097, (413, 1406))] {
        let body = format!("{{\"name\":\"{}\"}}", "x".repeat(size - 11));
        assert_eq!(body.len(), size);
        assert_eq!(send("application/json; charset=utf-8", &body, size).await, expected, "{size}");
    }
    assert_eq!(send("application/json", &"x".repeat(100_000), 100_000).await, (413, 1406));
}

#[tokio::test]
async fn an_unknown_method_or_path_is_refused_with_a_problem() {
    let server = TestServer::start();
    let get = http::get(&server, "/api/join", &[]).await;
    assert_eq!((get.status, get.code(), get.header("allow")), (405, 1404, Some("POST")));
    for path in ["/api/me", "/healthz", "/readyz"] {
        let post = http::post(&server, path, &[], &json!({})).await;
        assert_eq!(
            (post.status, post.code(), post.header("allow")),
            (405, 1404, Some("GET, HEAD")),
            "{path}"
        );
    }
    for path in ["/api/me", "/api/openapi.json"] {
        let head = http::request(&server, &http::head("HEAD", path, &server, &[]), b"").await;
        let (length, whole) = (head.header("content-length").unwrap(), http::get(&server, path, &[]).await);
        assert_eq!((head.status, &*head.body, length), (200, "", &*whole.body.len().to_string()), "{path}");
    }
    assert_eq!(http::get(&server, "/api/none", &[]).await.status, 404);
}

#[tokio::test]
async fn the_right_cookie_is_found_behind_a_stale_one_of_the_same_name() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let (cookie_name, _) = cookie.split_once('=').unwrap();
    let stale = format!("{cookie_name}={}", "0".repeat(32));
    for cookies in [
        format!("{stale}; {cookie}"),
        format!("{cookie_name}=; {cookie}"),
        format!("a=b; {cookie_name}=x; {stale}; {cookie}"),
    ] {
        let me = http::get(&server, "/api/me", &[("cookie", &cookies)]).await;
        assert_eq!(name(&me), "Wei", "{cookies}");
        assert_eq!(http::get(&server, "/api/poll", &[("cookie", &cookies)]).await.status, 200);
        let mut socket = server.open_v1_socket(&cookies).await;
        socket.command(&hello(1)).await;
        assert!(matches!(socket.event().await, shared::Event::Welcome(_)), "{cookies}");
    }
}

#[tokio::test]
async fn a_cookie_moves_to_the_name_with_the_prefix_on_https() {
    let server =
        TestServer::with_config(|config| config.public_url = Some("https://tea.example".parse().unwrap()));
    let host = ("Host", "tea.example");
    // As an earlier version or the http address has set it.
    let old = server.join("Wei").await;
    assert!(old.starts_with("th_"), "{old}");
    let me = http::get(&server, "/api/me", &[host, ("cookie", &old)]).await;
    let set: Vec<&str> = me.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
    let (_, token) = old.split_once('=').unwrap();
    let new = set.iter().find(|line| line.starts_with("__Host-th_")).unwrap();
    assert!(new.contains(token) && new.contains("Secure") && !new.contains("Domain"), "{new}");
    let forgotten = set.iter().find(|line| line.starts_with("th_")).unwrap();
    assert!(forgotten.contains("Max-Age=0"), "{forgotten}");
    // From then on it is used, and a cookie that a sibling has set does not count before it.
    let new = new.split(';').next().unwrap();
    let planted = format!("th_0123456789abcdef={}; {new}", "0".repeat(32));
    let me = http::get(&server, "/api/me", &[host, ("cookie", &planted)]).await;
    assert_eq!(name(&me), "Wei");
    assert_eq!(me.header("set-cookie"), None);
}
