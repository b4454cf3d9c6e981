//! The page and what watches over the process.

use crate::{
    house::{House, Plan},
    http,
};
use std::{fs, path::PathBuf};

fn page() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("teahouse-page-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let index =
        "<!doctype html><script type=\"module\">import init from '/frontend-00112233445566aa.js'</script>";
    fs::write(folder.join("index.html"), index).unwrap();
    fs::write(folder.join("frontend-00112233445566aa_bg.wasm"), b"\0asm").unwrap();
    folder
}

#[tokio::test]
async fn files_come_with_their_kind_and_their_caching() {
    let folder = page();
    let house = House::of(Plan { page: Some(folder.clone()), ..Plan::default() });
    let index = http::get(&house, "/", &[]).await;
    assert_eq!(index.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(index.header("cache-control"), Some("no-cache"));
    assert!(
        index
            .header("content-security-policy")
            .unwrap()
            .contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-")
    );
    let etag = index.header("etag").unwrap().to_owned();
    assert_eq!(http::get(&house, "/", &[("If-None-Match", &etag)]).await.status, 304);

    let wasm = http::get(&house, "/frontend-00112233445566aa_bg.wasm", &[]).await;
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    assert_eq!(wasm.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(wasm.header("x-content-type-options"), Some("nosniff"));

    let room = http::get(&house, "/r/12", &[]).await;
    assert_eq!((room.status, room.body), (200, index.body));
    for missing in [
        "/r/",
        "/r/x",
        "/r/1/",
        "/r/111111111111111111111",
        "/none",
        "/frontend-ffffffffffffffff.js",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/index.html/x",
    ] {
        assert_eq!(http::get(&house, missing, &[]).await.status, 404, "{missing}");
    }
    let put = http::request(&house, &http::head("PUT", "/", &house, &[]), b"").await;
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD")));
    drop(house);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn health_is_told_and_a_missing_page_is_explained() {
    let house = House::open();
    assert_eq!(http::get(&house, "/healthz", &[]).await.status, 200);
    assert_eq!(http::get(&house, "/readyz", &[]).await.body, "ready\n");
    let index = http::get(&house, "/", &[]).await;
    assert_eq!(index.status, 503);
    assert!(index.body.contains("cargo xtask run"), "{}", index.body);
}
