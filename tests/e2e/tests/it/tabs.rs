//! Eight tabs of one browser, which opens six connections to a host and no more: one of them reads for
//! all, and another takes over when it goes.

use e2e::{
    page::Page,
    proxy::{Manners, Proxy, Upgrades},
    stage::{Stage, play},
    tab::Tab,
    wait::{SOON, until},
    window::Kind,
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

const TABS: usize = 8;

/// From the end of the tab that reads to what is said next, in another.
const TAKEN_OVER: Duration = Duration::from_secs(5);

/// The path of what one tab reads for all.
const STREAM: &str = "/api/events";

/// So many tabs behind a proxy that refuses upgrades, the first of which reads for all; and Tom, who
/// is elsewhere.
async fn tabs(stage: &Stage, many: usize) -> (Rc<Proxy>, Page, Vec<Tab>, Page) {
    let house = stage.house(&[]).await;
    let manners = Manners { upgrades: Upgrades::Refused, ..Manners::default() };
    let proxy = stage.keep(Proxy::before(house.address(), manners).await);
    let window = stage.window("mei", Kind::default()).await;
    window.allow(&["/conn_ws"]);
    let mei = Page::join(window, &proxy.url(), "梅").await;
    mei.speaks_by("event-stream").await;
    let mut tabs = vec![mei.tab().await];
    while tabs.len() < many {
        tabs.push(mei.open_tab().await);
        mei.goto(&proxy.url()).await;
        mei.is_inside().await;
        mei.speaks_by("event-stream").await;
    }
    let tom = stage.guest(&house.url(), "Tom").await;
    (proxy, mei, tabs, tom)
}

/// Has Tom say something, and how long from `begin` until the tab that is in front shows it.
async fn heard_since(begin: Instant, mei: &Page, tom: &Page, text: &str) -> Duration {
    tom.say(text).await;
    mei.shows_row(text, "settled").await;
    begin.elapsed()
}

#[tokio::test]
async fn eight_tabs_share_one_stream_and_each_sends() {
    play(async |stage| {
        let (proxy, mei, tabs, tom) = tabs(stage, TABS).await;
        let mut said = Vec::new();
        for (number, tab) in tabs.iter().enumerate() {
            mei.go_to(tab).await;
            let text = format!("from tab {number}");
            mei.say(&text).await;
            mei.shows_row(&text, "settled").await;
            said.push(text);
        }
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        tom.shows(&said).await;
        for tab in &tabs {
            mei.go_to(tab).await;
            mei.shows(&said).await;
        }
        let count = proxy.count(STREAM);
        assert_eq!((count.open, count.most), (1, 1), "one reads for all");

        // The tab that reads is closed.
        mei.go_to(&tabs[0]).await;
        let begin = Instant::now();
        mei.close_tab().await;
        mei.go_to(&tabs[1]).await;
        let took = heard_since(begin, &mei, &tom, "after the close").await;
        println!("taken over {took:?} after the close of the tab");
        assert!(took <= TAKEN_OVER, "{took:?}");
        for tab in &tabs[1..] {
            mei.go_to(tab).await;
            mei.shows_row("after the close", "settled").await;
            let notes = mei.rows().await;
            assert_eq!(notes.len(), said.len() + 1, "{notes:?}");
        }
        until("one stream for all again", SOON, async || {
            let count = proxy.count(STREAM);
            if count.open == 1 { Ok(()) } else { Err(format!("{count:?}")) }
        })
        .await;
        proxy.count_anew();
        mei.say("and on").await;
        tom.shows_row("and on", "settled").await;
        for tab in &tabs[1..] {
            mei.go_to(tab).await;
            mei.shows_row("and on", "settled").await;
            assert_eq!(mei.faults().await, Vec::<String>::new());
        }
        assert_eq!(proxy.count(STREAM).most, 1);
    })
    .await;
}

#[tokio::test]
async fn when_the_tab_that_reads_crashes_another_takes_over() {
    play(async |stage| {
        let (proxy, mei, tabs, tom) = tabs(stage, 3).await;
        tom.say("before").await;
        mei.shows(&["before"]).await;
        mei.go_to(&tabs[0]).await;
        mei.shows(&["before"]).await;
        let begin = Instant::now();
        mei.crash_tab().await;
        mei.go_to(&tabs[1]).await;
        let took = heard_since(begin, &mei, &tom, "after the crash").await;
        println!("taken over {took:?} after the crash of the tab");
        assert!(took <= TAKEN_OVER, "{took:?}");
        mei.go_to(&tabs[2]).await;
        mei.shows(&["before", "after the crash"]).await;
        mei.say("from the third").await;
        tom.shows(&["before", "after the crash", "from the third"]).await;
        until("one stream for all again", SOON, async || {
            let count = proxy.count(STREAM);
            if count.open == 1 { Ok(()) } else { Err(format!("{count:?}")) }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_is_said_while_a_tab_begins_is_not_missed_by_it() {
    play(async |stage| {
        let (proxy, mei, tabs, tom) = tabs(stage, 1).await;
        // The house has answered the other tab, which does not know it yet, when something is said: it
        // is not in the answer, and the first tab tells of it.
        proxy.hold("/api/poll");
        let second = mei.open_tab().await;
        mei.goto(&proxy.url()).await;
        proxy.holds_one().await;
        tom.say("in between").await;
        mei.go_to(&tabs[0]).await;
        mei.shows(&["in between"]).await;
        proxy.release();
        mei.go_to(&second).await;
        mei.is_inside().await;
        mei.shows(&["in between"]).await;
    })
    .await;
}
