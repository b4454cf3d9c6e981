//! The transport setting: the page uses the chosen transport and works on it.

use e2e::{browser::BrowserOptions, fixture::run, page::Page};
use serde_json::Value;

/// Chooses a transport as the only one in the settings.
async fn choose_transport(page: &Page, name: &str) {
    page.click("#settings_btn").await;
    let chosen = page.find("#transport").await.select_by_value(name).await;
    chosen.unwrap_or_else(|error| panic!("{name} cannot be chosen: {error}"));
    page.execute::<Value>("document.querySelector('#settings_dialog').close()", vec![]).await;
    page.expect_transport(name).await;
}

#[tokio::test]
async fn messages_arrive_over_each_chosen_transport() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei =
            Page::join(fixture.browser("mei", BrowserOptions::default()).await, &server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        let mut posted = Vec::new();
        for name in ["event-stream", "long-poll", "poll", "websocket"] {
            choose_transport(&mei, name).await;
            let (from_mei, from_tom) = (format!("{name} 梅"), format!("{name} Tom"));
            mei.post(&from_mei).await;
            posted.push(from_mei);
            tom.expect_rows(&posted.iter().map(String::as_str).collect::<Vec<_>>()).await;
            tom.post(&from_tom).await;
            posted.push(from_tom);
            mei.expect_rows(&posted.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn all_tabs_use_the_transport_that_one_tab_chose() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei =
            Page::join(fixture.browser("mei", BrowserOptions::default()).await, &server.url(), "梅").await;
        let first = mei.current_tab().await;
        let second = mei.open_tab().await;
        mei.goto(&server.url()).await;
        mei.expect_connected().await;
        // A change from polling must not wait for the leader's next poll.
        for name in ["poll", "websocket"] {
            mei.switch_to(&second).await;
            choose_transport(&mei, name).await;
            mei.switch_to(&first).await;
            mei.expect_transport(name).await;
            mei.post(name).await;
            mei.switch_to(&second).await;
            mei.expect_row(name, "settled").await;
        }
        assert_eq!(mei.errors().await, Vec::<String>::new());
    })
    .await;
}
