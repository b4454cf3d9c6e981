//! What opening the page asks of the network.

use e2e::{page::Page, stage::play, window::Kind};
use std::collections::BTreeSet;

/// The budget, the page itself included.
const REQUESTS_MAX: usize = 8;

#[tokio::test]
async fn the_page_comes_in_few_requests_and_none_to_another_host() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let page = Page::visit(stage.window("window", Kind::default()).await, &house.url()).await;
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name)";
        let asked: Vec<String> = page.run(script, vec![]).await;
        for url in &asked {
            assert!(url.starts_with(&house.url()), "{url}");
        }
        let once: BTreeSet<&String> = asked.iter().collect();
        assert_eq!(once.len(), asked.len(), "asked for twice: {asked:#?}");
        assert!(asked.len() < REQUESTS_MAX, "{asked:#?}");
    })
    .await;
}
