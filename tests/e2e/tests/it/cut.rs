//! A cut connection: the relay resets sockets and refuses new ones.

use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run},
    page::Page,
    relay::Relay,
    server::Server,
    text_page::{self, TextPage},
    wait::{TIMEOUT, until},
};
use std::{rc::Rc, time::Duration};

/// Joins 梅 through a relay and Tom directly.
async fn mei_and_tom(fixture: &Fixture) -> (Rc<Relay>, Page, Page) {
    let server = fixture.server(&[]).await;
    join_both(fixture, &server).await
}

async fn join_both(fixture: &Fixture, server: &Server) -> (Rc<Relay>, Page, Page) {
    let relay = fixture.keep(Relay::start(server.address()).await);
    let mei = Page::join(fixture.browser("mei", BrowserOptions::default()).await, &relay.url(), "梅").await;
    let tom = fixture.member(&server.url(), "Tom").await;
    mei.allow_cut();
    (relay, mei, tom)
}

#[tokio::test]
async fn messages_of_both_sides_arrive_once_and_in_one_order_when_posted_during_a_cut() {
    run(async |fixture| {
        let (relay, mei, tom) = mei_and_tom(fixture).await;
        mei.post("before").await;
        tom.expect_rows(&["before"]).await;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        for text in ["m1", "m2", "m3"] {
            mei.post(text).await;
            mei.expect_row(text, "waiting").await;
        }
        for text in ["t1", "t2", "t3"] {
            tom.post(text).await;
        }
        tom.expect_rows(&["before", "t1", "t2", "t3"]).await;
        relay.heal().await;
        let all = ["before", "t1", "t2", "t3", "m1", "m2", "m3"];
        tom.expect_rows(&all).await;
        mei.expect_rows(&all).await;
        mei.expect_same_rows(&tom).await;
        assert_eq!(mei.count("#new_epoch").await, 0, "the page shows the notice of a new log");
    })
    .await;
}

#[tokio::test]
async fn a_message_arrives_once_when_the_cut_stops_its_command() {
    run(async |fixture| {
        let (relay, mei, tom) = mei_and_tom(fixture).await;
        relay.hold_upstream();
        mei.post("on its way").await;
        mei.expect_row("on its way", "sending").await;
        relay.cut().await;
        mei.expect_row("on its way", "waiting").await;
        assert!(tom.rows().await.is_empty());
        relay.heal().await;
        mei.expect_rows(&["on its way"]).await;
        tom.expect_rows(&["on its way"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_arrives_once_when_the_cut_stops_its_reply() {
    run(async |fixture| {
        let static_server = text_page::serve(fixture).await;
        let server = fixture.server(&["--allow-origin", &static_server.origin()]).await;
        let (relay, mei, tom) = join_both(fixture, &server).await;
        // The chat page would drop a second row with the same key. The text dialect's page shows every
        // message that the server sends.
        let browser = fixture.browser("plain", BrowserOptions::default()).await;
        let plain = TextPage::open(browser, &text_page::url(&static_server, server.address().port())).await;
        relay.hold_downstream();
        mei.post("said and stored").await;
        // The message is in the log, but its author has no reply.
        tom.expect_rows(&["said and stored"]).await;
        mei.expect_row("said and stored", "sending").await;
        relay.cut().await;
        mei.expect_row("said and stored", "waiting").await;
        relay.heal().await;
        mei.expect_rows(&["said and stored"]).await;
        mei.post("and the next").await;
        for page in [&mei, &tom] {
            page.expect_rows(&["said and stored", "and the next"]).await;
        }
        plain.expect_rows(&["said and stored", "and the next"]).await;
        mei.expect_same_rows(&tom).await;
    })
    .await;
}

#[tokio::test]
async fn no_message_is_lost_when_three_cuts_follow_each_other() {
    run(async |fixture| {
        let (relay, mei, tom) = mei_and_tom(fixture).await;
        let mut posted = Vec::new();
        for round in 1..=3 {
            posted.push(format!("round {round}, whole"));
            mei.post(&format!("round {round}, whole")).await;
            let texts: Vec<&str> = posted.iter().map(String::as_str).collect();
            tom.expect_rows(&texts).await;
            relay.hold_downstream();
            posted.push(format!("round {round}, cut off"));
            mei.post(&format!("round {round}, cut off")).await;
            let texts: Vec<&str> = posted.iter().map(String::as_str).collect();
            tom.expect_rows(&texts).await;
            relay.cut().await;
            mei.expect_ready_state(3).await;
            relay.heal().await;
            mei.expect_rows(&texts).await;
        }
        mei.expect_same_rows(&tom).await;
    })
    .await;
}

#[tokio::test]
async fn messages_and_draft_are_kept_when_the_browser_closes_during_a_cut() {
    run(async |fixture| {
        let (relay, mei, tom) = mei_and_tom(fixture).await;
        mei.post("before").await;
        tom.expect_rows(&["before"]).await;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        for text in ["m1", "二", "m3"] {
            mei.post(text).await;
            mei.expect_row(text, "waiting").await;
        }
        mei.write("half a sen").await;
        // The draft is saved when the writer pauses.
        mei.expect_saved_draft("half a sen").await;
        let browser = fixture.reopen(&mei).await;
        relay.heal().await;
        browser.goto(&relay.url()).await;
        let mei = Page(browser);
        mei.expect_connected().await;
        let all = ["before", "m1", "二", "m3"];
        tom.expect_rows(&all).await;
        mei.expect_rows(&all).await;
        mei.expect_draft("half a sen").await;
        mei.expect_same_rows(&tom).await;
        // A second reload sends nothing again.
        mei.reload().await;
        mei.expect_connected().await;
        mei.expect_rows(&all).await;
        mei.expect_draft("half a sen").await;
        tom.expect_rows(&all).await;
    })
    .await;
}

#[tokio::test]
async fn messages_arrive_once_when_the_cut_lasts_a_minute() {
    run(async |fixture| {
        let (relay, mei, tom) = mei_and_tom(fixture).await;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        for text in ["m1", "m2", "m3"] {
            mei.post(text).await;
        }
        mei.write("half a sen").await;
        tom.post("t1").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        mei.expect_row("m3", "waiting").await;
        relay.heal().await;
        let all = ["t1", "m1", "m2", "m3"];
        tom.expect_rows_within(&all, Duration::from_secs(40)).await;
        mei.expect_rows(&all).await;
        mei.expect_draft("half a sen").await;
        mei.expect_same_rows(&tom).await;
    })
    .await;
}

/// Clears all timers of the page if it counts down. Returns the text of the countdown.
const CLEAR_TIMERS_IN_COUNTDOWN: &str = "
    const text = document.querySelector('#reconnect_btn')?.parentElement.textContent;
    if (/[1-9]/.test(text ?? '')) {
        const last = setTimeout(() => {}, 0);
        for (let id = 1; id <= last; id++) clearTimeout(id);
    }
    return text;
";

/// Returns the first number in a text.
fn seconds(text: &str) -> Option<u64> {
    text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}

#[tokio::test]
async fn the_reconnect_button_ends_the_countdown_when_the_connection_is_cut() {
    run(async |fixture| {
        let (relay, mei, _tom) = mei_and_tom(fixture).await;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        // Clear the page's timers in a wait between two attempts: the countdown never ends by itself then,
        // and only the button can open a connection.
        until("a countdown without its timers", TIMEOUT, async || {
            let text = mei.execute::<Option<String>>(CLEAR_TIMERS_IN_COUNTDOWN, vec![]).await;
            match text.as_deref().and_then(seconds) {
                Some(1..) => Ok(()),
                _ => Err(format!("{text:?}")),
            }
        })
        .await;
        relay.heal().await;
        mei.click("#reconnect_btn").await;
        until("the connection to open", TIMEOUT, async || {
            let state = mei.attribute("#ready_state", "data-state").await;
            if state.as_deref() == Some("1") { Ok(()) } else { Err(format!("{state:?}")) }
        })
        .await;
        mei.expect_connected().await;
    })
    .await;
}
