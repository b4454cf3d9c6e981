//! The requests of the chat's and of the inspector's first load.

use e2e::{browser::BrowserOptions, fixture::run, page::Page};
use std::collections::BTreeSet;

/// Budget of a first load, including the document itself.
const REQUESTS_MAX: usize = 8;

/// Paths of everything that the document has loaded.
///
/// # Panics
/// If a request went to another host, or was made twice.
async fn loaded_paths(page: &Page, origin: &str) -> Vec<String> {
    let script = "return performance.getEntriesByType('resource').map((entry) => entry.name)";
    let requested: Vec<String> = page.execute(script, vec![]).await;
    let path = |url: &String| match url.strip_prefix(origin) {
        Some(path) => path.to_owned(),
        None => panic!("{url} is of another host"),
    };
    let paths: Vec<String> = requested.iter().map(path).collect();
    let distinct: BTreeSet<&String> = paths.iter().collect();
    assert_eq!(distinct.len(), paths.len(), "requested twice: {paths:#?}");
    // The document counts too; the requests to the server's interface are no files.
    let files = paths.iter().filter(|path| !path.starts_with("/api/")).count();
    assert!(files < REQUESTS_MAX, "{paths:#?}");
    paths
}

#[tokio::test]
async fn the_chat_loads_in_few_requests_and_without_the_inspector() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page =
            Page::open(fixture.browser("browser", BrowserOptions::default()).await, &server.url()).await;
        let paths = loaded_paths(&page, &server.url()).await;
        assert!(paths.iter().any(|path| path.starts_with("/frontend-")), "{paths:#?}");
        assert!(!paths.iter().any(|path| path.starts_with("/inspect")), "{paths:#?}");
    })
    .await;
}

#[tokio::test]
async fn the_inspector_loads_in_few_requests_and_without_the_chat() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = Page(fixture.browser("browser", BrowserOptions::default()).await);
        page.goto(&format!("{}/inspect", server.url())).await;
        page.find("#frame_rows li").await;
        let paths = loaded_paths(&page, &server.url()).await;
        assert!(paths.iter().any(|path| path == "/inspect/inspect_bg.wasm"), "{paths:#?}");
        assert!(!paths.iter().any(|path| path.starts_with("/frontend-")), "{paths:#?}");
    })
    .await;
}
