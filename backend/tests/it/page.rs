//! The files of the page, and the health routes.

use crate::{
    http,
    test_server::{ServerOptions, TestServer},
};
use std::{fs, path::PathBuf};

fn page(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("teahouse-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let index =
        "<!doctype html><script type=\"module\">import init from '/frontend-00112233445566aa.js'</script>";
    fs::write(folder.join("index.html"), index).unwrap();
    fs::write(folder.join("frontend-00112233445566aa_bg.wasm"), b"\0asm").unwrap();
    fs::create_dir_all(folder.join("inspect")).unwrap();
    let inspector = "<!doctype html><script type=\"module\">import start from '/inspect/inspect.js'</script>";
    fs::write(folder.join("inspect").join("index.html"), inspector).unwrap();
    fs::write(folder.join("inspect").join("inspect_bg.wasm"), b"\0asm").unwrap();
    folder
}

#[tokio::test]
async fn a_file_has_its_content_type_and_cache_policy() {
    let folder = page("page");
    let server =
        TestServer::with_options(ServerOptions { page: Some(folder.clone()), ..ServerOptions::default() });
    let index = http::get(&server, "/", &[]).await;
    assert_eq!(index.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(index.header("cache-control"), Some("no-cache"));
    assert!(
        index
            .header("content-security-policy")
            .unwrap()
            .contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-")
    );
    let etag = index.header("etag").unwrap().to_owned();
    assert_eq!(http::get(&server, "/", &[("If-None-Match", &etag)]).await.status, 304);

    let wasm = http::get(&server, "/frontend-00112233445566aa_bg.wasm", &[]).await;
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    assert_eq!(wasm.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(wasm.header("x-content-type-options"), Some("nosniff"));

    let room = http::get(&server, "/r/12", &[]).await;
    assert_eq!((room.status, &room.body), (200, &index.body));
    for missing in [
        "/r/",
        "/r/x",
        "/r/111111111111111111111",
        "/inspect/frames",
        "/inspect_bg.wasm",
        "/inspect/../index.html",
        "/none",
        "/frontend-ffffffffffffffff.js",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/index.html/x",
    ] {
        assert_eq!(http::get(&server, missing, &[]).await.status, 404, "{missing}");
    }
    let put = http::request(&server, &http::head("PUT", "/", &server, &[]), b"").await;
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD")));
    drop(server);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn the_inspector_has_its_own_document_and_policy() {
    let folder = page("inspector");
    let server =
        TestServer::with_options(ServerOptions { page: Some(folder.clone()), ..ServerOptions::default() });
    let chat = http::get(&server, "/", &[]).await;
    let inspector = http::get(&server, "/inspect", &[]).await;
    assert_eq!(inspector.status, 200);
    assert!(inspector.body.contains("/inspect/inspect.js") && !chat.body.contains("/inspect/"));
    assert_eq!(inspector.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(inspector.header("cache-control"), Some("no-cache"));
    let scripts = |answer: &http::Answer| {
        let policy = answer.header("content-security-policy").unwrap().to_owned();
        policy.split("; ").find(|it| it.starts_with("script-src")).unwrap().to_owned()
    };
    let (of_chat, of_inspector) = (scripts(&chat), scripts(&inspector));
    for policy in [&of_chat, &of_inspector] {
        assert_eq!(policy.matches("'sha256-").count(), 1, "{policy}");
    }
    assert_ne!(of_chat, of_inspector);
    // A browser takes over the headers of a 304, so that answer must not carry the chat's policy.
    let etag = inspector.header("etag").unwrap().to_owned();
    let unchanged = http::get(&server, "/inspect", &[("If-None-Match", &etag)]).await;
    assert_eq!((unchanged.status, scripts(&unchanged)), (304, of_inspector));

    // Its names have no hash in them, so a browser asks each time.
    let wasm = http::get(&server, "/inspect/inspect_bg.wasm", &[]).await;
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    assert_eq!(wasm.header("cache-control"), Some("no-cache"));
    let etag = wasm.header("etag").unwrap().to_owned();
    let again = http::get(&server, "/inspect/inspect_bg.wasm", &[("If-None-Match", &etag)]).await;
    assert_eq!(again.status, 304);
    drop(server);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_room_path_with_trailing_slashes_is_redirected() {
    let folder = page("slash");
    let server =
        TestServer::with_options(ServerOptions { page: Some(folder.clone()), ..ServerOptions::default() });
    for (path, location) in [("/r/2/", "/r/2"), ("/r/2//?a=b", "/r/2?a=b"), ("//", "/")] {
        let moved = http::get(&server, path, &[]).await;
        assert_eq!((moved.status, moved.header("location")), (308, Some(location)), "{path}");
    }
    let put = http::request(&server, &http::head("PUT", "/r/2/", &server, &[]), b"").await;
    assert_eq!(put.status, 405);
    drop(server);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_unknown_path_returns_a_page_to_browsers_and_a_problem_to_programs() {
    let folder = page("missing");
    let server =
        TestServer::with_options(ServerOptions { page: Some(folder.clone()), ..ServerOptions::default() });
    let html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for path in ["/r/abc", "/r/", "/r/18446744073709551616", "/nothing", "/api/nothing", "//evil.example/"] {
        let page = http::get(&server, path, &[("Accept", html), ("Accept-Language", "de, en;q=0.5")]).await;
        assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
        assert!(page.body.contains("This page doesn't exist. Check the address."), "{path}: {}", page.body);
        assert!(page.body.contains("<a href=\"/\">"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("style-src 'sha256-") && !policy.contains("script-src"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));

        for accept in ["*/*", "application/json", "text/html;q=0"] {
            let problem = http::get(&server, path, &[("Accept", accept)]).await;
            assert_eq!((problem.status, problem.code()), (404, 1403), "{path} {accept}");
        }
        assert_eq!(http::get(&server, path, &[]).await.code(), 1403, "{path}");
    }
    let headers = [("Accept", html), ("Accept-Language", "en;q=0.5, zh-TW")];
    let chinese = http::get(&server, "/nothing", &headers).await;
    assert_eq!(chinese.header("content-language"), Some("zh-CN"));
    assert!(
        chinese.body.contains("<html lang=\"zh-CN\">") && chinese.body.contains("页面不存在，请检查网址。")
    );
    let head = http::request(&server, &http::head("HEAD", "/nothing", &server, &headers), b"").await;
    assert_eq!((head.status, head.body.as_str()), (404, ""));
    for name in ["content-type", "content-length", "content-security-policy"] {
        assert_eq!(head.header(name), chinese.header(name), "{name}");
    }
    drop(server);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn health_is_reported_and_a_missing_page_is_explained() {
    let server = TestServer::start();
    assert_eq!(http::get(&server, "/healthz", &[]).await.status, 200);
    for path in ["/healthz", "/readyz"] {
        let answer = http::post(&server, path, &[], &serde_json::json!({})).await;
        assert_eq!((answer.status, answer.code()), (405, 1404), "{path}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    assert_eq!(http::get(&server, "/readyz", &[]).await.body, "ready\n");
    let index = http::get(&server, "/", &[]).await;
    assert_eq!(index.status, 503);
    assert!(index.body.contains("cargo xtask run"), "{}", index.body);
}
