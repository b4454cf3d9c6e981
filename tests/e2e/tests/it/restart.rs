//! The server stops for a moment and starts again.

use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run},
    page::Page,
    server::Server,
    wait::{TIMEOUT, until},
};

/// Joins over WebSocket only, because the other transports have no socket to check.
async fn join_by_websocket(fixture: &Fixture, server: &Server, name: &str) -> Page {
    let browser = fixture.browser(name, BrowserOptions::default()).await;
    let page = Page::open_with_transport(browser, &server.url(), "websocket").await;
    page.join_as(name).await;
    page
}

/// Returns whether `states` is a subsequence of `shown`.
fn has_in_order(recorded: &[u16], states: &[u16]) -> bool {
    let mut rest = recorded.iter();
    states.iter().all(|state| rest.any(|recorded| recorded == state))
}

#[tokio::test]
async fn all_pages_reconnect_when_the_server_restarts() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = join_by_websocket(fixture, &server, "梅").await;
        let tom = join_by_websocket(fixture, &server, "Tom").await;
        for page in [&mei, &tom] {
            page.allow_cut();
            page.mark_document().await;
        }
        mei.post("before").await;
        tom.expect_rows(&["before"]).await;

        server.stop().await;
        for page in [&mei, &tom] {
            page.expect_ready_state(3).await;
        }
        mei.post("while it was closed").await;
        mei.expect_row("while it was closed", "waiting").await;
        server.start_again().await;

        for page in [&mei, &tom] {
            page.expect_connected().await;
            page.expect_rows(&["before", "while it was closed"]).await;
            assert_eq!(page.count("#new_epoch").await, 0, "the page shows the notice of a new log");
            assert!(page.is_marked().await, "the page reconnected without a reload");
            assert_eq!(page.count("#name_str").await, 0);
            let recorded = page.shown_ready_states().await;
            assert!(has_in_order(&recorded, &[1, 3, 0, 1]), "{recorded:?}");
            let codes = page.close_codes().await;
            assert_eq!(codes.first(), Some(&1012), "{codes:?}");
        }
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        assert_eq!(tom.text(".me_name b").await.as_deref(), Some("Tom"));

        tom.post("after").await;
        for page in [&mei, &tom] {
            page.expect_rows(&["before", "while it was closed", "after"]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_page_shows_a_notice_when_the_log_was_deleted() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        mei.allow_cut();
        // The server may return while the page tries a transport that receives the refusal as a status.
        mei.allow_error(&["/api/", "401"]);
        mei.post("before").await;
        mei.expect_rows(&["before"]).await;
        server.stop().await;
        mei.expect_ready_state(3).await;
        mei.post("while it was closed").await;
        mei.expect_row("while it was closed", "waiting").await;
        server.delete_log();
        server.start_again().await;
        mei.expect_connected().await;
        mei.find("#new_epoch").await;
        mei.expect_rows(&["while it was closed"]).await;
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        mei.click("#new_epoch button").await;
        until("the notice to disappear", TIMEOUT, async || match mei.count("#new_epoch").await {
            0 => Ok(()),
            count => Err(count),
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_shown_ready_state_equals_the_sockets_own() {
    use e2e::recorder::RecorderEntry;
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = join_by_websocket(fixture, &server, "梅").await;
        mei.allow_cut();
        server.stop().await;
        mei.expect_ready_state(3).await;
        server.start_again().await;
        mei.expect_connected().await;
        for entry in mei.recorder_entries().await {
            if let RecorderEntry::ReadyState { shown, actual } = entry {
                assert_eq!(shown, actual);
            }
        }
    })
    .await;
}
