//! Reloading the page loses nothing.

use e2e::{
    browser::BrowserOptions,
    fixture::run,
    page::Page,
    relay::Relay,
    wait::{TIMEOUT, until},
};

#[tokio::test]
async fn a_reload_keeps_name_history_and_order() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        let posted = ["one", "二", "three", "四"];
        for (index, text) in posted.iter().enumerate() {
            if index % 2 == 0 {
                mei.post(text).await
            } else {
                tom.post(text).await
            }
            mei.expect_rows(&posted[..=index]).await;
        }
        let before = mei.rows().await;
        mei.mark_document().await;
        mei.reload().await;
        mei.expect_connected().await;
        assert!(!mei.is_marked().await, "the page was not reloaded");
        mei.expect_rows(&posted).await;
        assert_eq!(mei.rows().await, before);
        assert_eq!(mei.count("#name_str").await, 0, "the page does not ask for a name again");
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        assert!(mei.has_focus("#send_str").await);

        // Both pages continue to work.
        mei.post("五").await;
        tom.expect_rows(&["one", "二", "three", "四", "五"]).await;
        mei.expect_rows(&["one", "二", "three", "四", "五"]).await;
        tom.reload().await;
        tom.expect_connected().await;
        tom.expect_rows(&["one", "二", "three", "四", "五"]).await;
    })
    .await;
}

#[tokio::test]
async fn outbox_and_draft_are_kept_when_the_page_is_closed_during_a_cut() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let relay = fixture.keep(Relay::start(server.address()).await);
        let mei =
            Page::join(fixture.browser("mei", BrowserOptions::default()).await, &relay.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.allow_cut();
        relay.cut().await;
        mei.expect_ready_state(3).await;
        let posted = ["one", "二", "three"];
        for text in posted {
            mei.post(text).await;
            mei.expect_row(text, "waiting").await;
            mei.expect_draft("").await;
        }
        mei.write("half a sent").await;
        until("the number of unsent messages", TIMEOUT, async || {
            let line = mei.text(".waiting_line").await.unwrap_or_default();
            if line.contains('3') { Ok(()) } else { Err(line) }
        })
        .await;
        // Leave the page during the cut, and open it again afterwards.
        mei.goto("about:blank").await;
        relay.heal().await;
        assert!(tom.rows().await.is_empty());
        mei.goto(&relay.url()).await;
        mei.expect_connected().await;
        mei.expect_rows(&posted).await;
        mei.expect_draft("half a sent").await;
        tom.expect_rows(&posted).await;
        mei.expect_same_rows(&tom).await;
        mei.post("ence").await;
        tom.expect_rows(&["one", "二", "three", "half a sentence"]).await;
    })
    .await;
}
