//! The page of the tutorial with which this project began, unchanged.

use crate::{PORT_LOCK, start_server};
use e2e::{browser::BrowserOptions, fixture::run, static_server::StaticServer, text_page::TextPage};

/// A page written for another chat server.
const TUTORIAL: &str = include_str!("tutorial.html");

#[tokio::test]
async fn the_unchanged_tutorial_page_exchanges_messages_with_a_member() {
    let _lock = PORT_LOCK.lock().await;
    run(async |fixture| {
        let static_server =
            fixture.keep(StaticServer::start([("/tutorial.html", TUTORIAL.to_owned())]).await);
        let server = start_server(fixture, &["--allow-origin", &static_server.origin()]).await;
        let url = format!("{}/tutorial.html", static_server.origin());
        let one = TextPage::open(fixture.browser("one", BrowserOptions::default()).await, &url).await;
        let two = TextPage::open(fixture.browser("two", BrowserOptions::default()).await, &url).await;
        let mei = fixture.member(&server.url(), "梅").await;
        one.post("hello?").await;
        let posted = ["hello?", "请进，喝茶", "谢谢 <b>"];
        mei.expect_rows(&posted[..1]).await;
        mei.post(posted[1]).await;
        two.expect_rows(&posted[..2]).await;
        two.post(posted[2]).await;
        for page in [&one, &two] {
            page.expect_rows(&posted).await;
        }
        mei.expect_rows(&posted).await;
    })
    .await;
}
