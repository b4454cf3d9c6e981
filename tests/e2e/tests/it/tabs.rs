//! Eight tabs of one browser, which opens at most six connections to a host. The leader reads for all
//! tabs, and another tab takes over when the leader ends.

use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run},
    page::Page,
    proxy::{Proxy, ProxyRules, UpgradePolicy},
    tab::Tab,
    wait::{TIMEOUT, until},
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

const TABS: usize = 8;

/// Path of the stream that the leader reads.
const STREAM: &str = "/api/events";

/// Opens `count` tabs behind a proxy that refuses upgrades, the first of which is the leader. Tom joins
/// directly.
async fn open_tabs(fixture: &Fixture, count: usize) -> (Rc<Proxy>, Page, Vec<Tab>, Page) {
    let server = fixture.server(&[]).await;
    let rules = ProxyRules { upgrades: UpgradePolicy::Refuse, ..ProxyRules::default() };
    let proxy = fixture.keep(Proxy::start(server.address(), rules).await);
    let browser = fixture.browser("mei", BrowserOptions::default()).await;
    browser.allow_error(&["/conn_ws"]);
    let mei = Page::join(browser, &proxy.url(), "梅").await;
    mei.expect_transport("event-stream").await;
    let mut tabs = vec![mei.current_tab().await];
    while tabs.len() < count {
        tabs.push(mei.open_tab().await);
        mei.goto(&proxy.url()).await;
        mei.expect_connected().await;
        mei.expect_transport("event-stream").await;
    }
    let tom = fixture.member(&server.url(), "Tom").await;
    (proxy, mei, tabs, tom)
}

/// Posts a message as Tom and returns the time from `begin` until the current tab shows it. The time is only
/// printed: the client's own tests bound the takeover in virtual time.
async fn delivered_since(begin: Instant, mei: &Page, tom: &Page, text: &str) -> Duration {
    tom.post(text).await;
    mei.expect_row(text, "settled").await;
    begin.elapsed()
}

#[tokio::test]
async fn eight_tabs_share_one_stream_and_each_can_post() {
    run(async |fixture| {
        let (proxy, mei, tabs, tom) = open_tabs(fixture, TABS).await;
        let mut posted = Vec::new();
        for (number, tab) in tabs.iter().enumerate() {
            mei.switch_to(tab).await;
            let text = format!("from tab {number}");
            mei.post(&text).await;
            mei.expect_row(&text, "settled").await;
            posted.push(text);
        }
        let posted: Vec<&str> = posted.iter().map(String::as_str).collect();
        tom.expect_rows(&posted).await;
        for tab in &tabs {
            mei.switch_to(tab).await;
            mei.expect_rows(&posted).await;
        }
        let count = proxy.count(STREAM);
        assert_eq!((count.open, count.max_open), (1, 1), "only the leader reads");

        // Close the leader.
        mei.switch_to(&tabs[0]).await;
        let begin = Instant::now();
        mei.close_tab().await;
        mei.switch_to(&tabs[1]).await;
        let takeover = delivered_since(begin, &mei, &tom, "after the close").await;
        println!("takeover {takeover:?} after the tab was closed");
        for tab in &tabs[1..] {
            mei.switch_to(tab).await;
            mei.expect_row("after the close", "settled").await;
            let rows = mei.rows().await;
            assert_eq!(rows.len(), posted.len() + 1, "{rows:?}");
        }
        until("one stream for all tabs again", TIMEOUT, async || {
            let count = proxy.count(STREAM);
            if count.open == 1 { Ok(()) } else { Err(format!("{count:?}")) }
        })
        .await;
        proxy.reset_max_open();
        mei.post("and on").await;
        tom.expect_row("and on", "settled").await;
        for tab in &tabs[1..] {
            mei.switch_to(tab).await;
            mei.expect_row("and on", "settled").await;
            assert_eq!(mei.errors().await, Vec::<String>::new());
        }
        assert_eq!(proxy.count(STREAM).max_open, 1);
    })
    .await;
}

#[tokio::test]
async fn another_tab_takes_over_when_the_leader_crashes() {
    run(async |fixture| {
        let (proxy, mei, tabs, tom) = open_tabs(fixture, 3).await;
        tom.post("before").await;
        mei.expect_rows(&["before"]).await;
        mei.switch_to(&tabs[0]).await;
        mei.expect_rows(&["before"]).await;
        let begin = Instant::now();
        mei.crash_tab().await;
        mei.switch_to(&tabs[1]).await;
        let takeover = delivered_since(begin, &mei, &tom, "after the crash").await;
        println!("takeover {takeover:?} after the tab crashed");
        mei.switch_to(&tabs[2]).await;
        mei.expect_rows(&["before", "after the crash"]).await;
        mei.post("from the third").await;
        tom.expect_rows(&["before", "after the crash", "from the third"]).await;
        until("one stream for all tabs again", TIMEOUT, async || {
            let count = proxy.count(STREAM);
            if count.open == 1 { Ok(()) } else { Err(format!("{count:?}")) }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_new_tab_misses_no_message_when_it_is_posted_during_its_first_poll() {
    run(async |fixture| {
        let (proxy, mei, tabs, tom) = open_tabs(fixture, 1).await;
        // The server has answered the second tab's poll, and the proxy holds the response. A message
        // posted now is not in that response; the leader relays it.
        proxy.hold_responses("/api/poll");
        let second = mei.open_tab().await;
        mei.goto(&proxy.url()).await;
        proxy.wait_for_held_response().await;
        tom.post("in between").await;
        mei.switch_to(&tabs[0]).await;
        mei.expect_rows(&["in between"]).await;
        proxy.release_responses();
        mei.switch_to(&second).await;
        mei.expect_connected().await;
        mei.expect_rows(&["in between"]).await;
    })
    .await;
}
