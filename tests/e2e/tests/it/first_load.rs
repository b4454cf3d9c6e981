//! The requests of the first load.

use e2e::{browser::BrowserOptions, fixture::run, page::Page};
use std::collections::BTreeSet;

/// Budget of the first load, including the document itself.
const REQUESTS_MAX: usize = 8;

#[tokio::test]
async fn the_first_load_makes_few_requests_and_none_to_another_host() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page =
            Page::open(fixture.browser("browser", BrowserOptions::default()).await, &server.url()).await;
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name)";
        let requested: Vec<String> = page.execute(script, vec![]).await;
        for url in &requested {
            assert!(url.starts_with(&server.url()), "{url}");
        }
        let distinct: BTreeSet<&String> = requested.iter().collect();
        assert_eq!(distinct.len(), requested.len(), "requested twice: {requested:#?}");
        assert!(requested.len() < REQUESTS_MAX, "{requested:#?}");
    })
    .await;
}
