//! The text dialect: pages that send and receive bare texts, together with the chat page.

use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run},
    port,
    recorder::{RecorderEntry, SocketEvent},
    text_page::{TextPage, serve, url},
    wait::{TIMEOUT, until},
};

async fn open(fixture: &Fixture, name: &str, url: &str) -> TextPage {
    TextPage::open(fixture.browser(name, BrowserOptions::default()).await, url).await
}

#[tokio::test]
async fn pages_of_both_dialects_exchange_messages() {
    run(async |fixture| {
        let (static_server, port) = (serve(fixture).await, port::free());
        let server = fixture.server_on(port, &["--allow-origin", &static_server.origin()]).await;
        let url = url(&static_server, port);
        let (one, two) = (open(fixture, "one", &url).await, open(fixture, "two", &url).await);
        let mei = fixture.member(&server.url(), "梅").await;
        let posted = ["hello?", "请进，喝茶", "谢谢 <b>"];
        one.post(posted[0]).await;
        for page in [&one, &two] {
            page.expect_rows(&posted[..1]).await;
        }
        mei.expect_rows(&posted[..1]).await;
        mei.post(posted[1]).await;
        one.expect_rows(&posted[..2]).await;
        two.expect_rows(&posted[..2]).await;
        two.post(posted[2]).await;
        for page in [&one, &two] {
            page.expect_rows(&posted).await;
        }
        mei.expect_rows(&posted).await;
        let script =
            "return [...document.querySelectorAll('#char_list .byline b')].map((b) => b.textContent)";
        let authors: Vec<String> = mei.execute(script, vec![]).await;
        assert_eq!(authors.len(), 3, "{authors:?}");
        assert_ne!(authors[0], authors[2], "two nameless authors have different names");
    })
    .await;
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_when_it_is_not_allowed() {
    run(async |fixture| {
        let (static_server, port) = (serve(fixture).await, port::free());
        fixture.server_on(port, &[]).await;
        let browser = fixture.browser("other origin", BrowserOptions::default()).await;
        browser.allow_error(&["/conn_ws", "403"]);
        browser.goto(&url(&static_server, port)).await;
        let events = until("the socket to close", TIMEOUT, async || {
            let entries = browser.recorder_entries().await;
            let events: Vec<_> = entries
                .into_iter()
                .filter_map(
                    |entry| if let RecorderEntry::Socket { event, .. } = entry { Some(event) } else { None },
                )
                .collect();
            if events.iter().any(|event| matches!(event, SocketEvent::Close { .. })) {
                Ok(events)
            } else {
                Err("open")
            }
        })
        .await;
        assert!(!events.contains(&SocketEvent::Open), "the socket opened: {events:?}");
    })
    .await;
}
