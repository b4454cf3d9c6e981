//! The chat behind proxies that break requests: another transport takes over if necessary.

use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run},
    page::Page,
    proxy::{Proxy, ProxyRules, UpgradePolicy},
    wait::until,
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};

/// Deadline from sending a message to its row on the other page. A long poll that no message ends is answered
/// later, after 25 seconds.
const DELIVERY: Duration = Duration::from_secs(20);

/// Time after which the proxy cuts each request.
const CUT_AFTER: Duration = Duration::from_secs(10);

/// Number of messages posted while requests are cut, one each second.
const MESSAGES: usize = 26;

/// Joins 梅 behind a proxy and Tom directly.
async fn mei_and_tom(fixture: &Fixture, rules: ProxyRules) -> (Rc<Proxy>, Page, Page) {
    let server = fixture.server(&[]).await;
    let proxy = fixture.keep(Proxy::start(server.address(), rules).await);
    let browser = fixture.browser("mei", BrowserOptions::default()).await;
    // The browser logs the requests that the proxy breaks.
    browser.allow_error(&["/conn_ws"]);
    browser.allow_error(&["/api/", "ERR_"]);
    let mei = Page::join(browser, &proxy.url(), "梅").await;
    let tom = fixture.member(&server.url(), "Tom").await;
    (proxy, mei, tom)
}

/// Posts one message each and waits for its delivery within [`DELIVERY`].
async fn exchange_messages(mei: &Page, tom: &Page) {
    mei.post("from behind").await;
    tom.expect_rows_within(&["from behind"], DELIVERY).await;
    tom.post("from the open").await;
    mei.expect_rows_within(&["from behind", "from the open"], DELIVERY).await;
}

#[tokio::test]
async fn the_event_stream_is_used_when_the_proxy_refuses_upgrades() {
    run(async |fixture| {
        let (proxy, mei, tom) =
            mei_and_tom(fixture, ProxyRules { upgrades: UpgradePolicy::Refuse, ..ProxyRules::default() })
                .await;
        mei.expect_transport("event-stream").await;
        exchange_messages(&mei, &tom).await;
        assert_eq!(proxy.count("/conn_ws").total, 0);
        assert_eq!(proxy.count("/api/events").open, 1);
    })
    .await;
}

#[tokio::test]
async fn long_polls_are_used_when_the_proxy_strips_upgrades_and_buffers_streams() {
    run(async |fixture| {
        let rules =
            ProxyRules { upgrades: UpgradePolicy::Strip, buffers_streams: true, ..ProxyRules::default() };
        let (proxy, mei, tom) = mei_and_tom(fixture, rules).await;
        mei.expect_transport("long-poll").await;
        exchange_messages(&mei, &tom).await;
        until("the page to give up the buffered stream", DELIVERY, async || {
            let count = proxy.count("/api/events");
            if count.open == 0 && count.total > 0 { Ok(()) } else { Err(format!("{count:?}")) }
        })
        .await;
    })
    .await;
}

/// Posts from both sides while each request of 梅's is cut after [`CUT_AFTER`]. Every message must appear
/// once, in one order.
async fn exchange_messages_through_cuts(upgrades: UpgradePolicy) {
    run(async |fixture| {
        let rules = ProxyRules { upgrades, cuts_after: Some(CUT_AFTER), ..ProxyRules::default() };
        let (_proxy, mei, tom) = mei_and_tom(fixture, rules).await;
        exchange_messages(&mei, &tom).await;
        let begin = Instant::now();
        let mut posted = vec!["from behind".to_owned(), "from the open".to_owned()];
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 1..=MESSAGES {
            seconds.tick().await;
            let author = if number % 2 == 0 { &mei } else { &tom };
            posted.push(format!("{number} by {}", author.name()));
            author.post(&format!("{number} by {}", author.name())).await;
        }
        assert!(begin.elapsed() >= 2 * CUT_AFTER, "the test ended before the second cut");
        for page in [&mei, &tom] {
            until(&format!("all messages in {}", page.name()), DELIVERY, async || {
                let rows = page.rows().await;
                let is_settled = rows.iter().all(|row| row.state == "settled");
                if rows.len() >= posted.len() && is_settled { Ok(()) } else { Err(format!("{rows:?}")) }
            })
            .await;
        }
        let rows = mei.rows().await;
        assert_eq!(rows, tom.rows().await);
        // The messages of each author keep their order, and none appears twice.
        let mut texts: Vec<String> = rows.into_iter().map(|row| row.text).collect();
        for name in ["mei", "Tom"] {
            let of = |all: &[String]| -> Vec<String> {
                all.iter().filter(|text| text.ends_with(&format!("by {name}"))).cloned().collect()
            };
            assert_eq!(of(&texts), of(&posted));
        }
        texts.sort();
        posted.sort();
        assert_eq!(texts, posted);
    })
    .await;
}

#[tokio::test]
async fn no_message_is_lost_or_doubled_when_the_proxy_cuts_every_request() {
    exchange_messages_through_cuts(UpgradePolicy::Pass).await;
}

#[tokio::test]
async fn no_message_is_lost_or_doubled_when_the_proxy_cuts_requests_and_refuses_upgrades() {
    exchange_messages_through_cuts(UpgradePolicy::Refuse).await;
}
