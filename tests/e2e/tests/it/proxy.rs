//! Behind proxies that break things: the chat works, by another transport if need be.

use e2e::{
    page::Page,
    proxy::{Manners, Proxy, Upgrades},
    stage::{Stage, play},
    wait::until,
    window::Kind,
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};

/// From sending to the screen of the other, whatever stands between.
const HEARD: Duration = Duration::from_secs(10);

/// As the proxy is told to cut.
const CUT: Duration = Duration::from_secs(10);

/// How many messages are said one second after the other, while requests are cut.
const TALK: usize = 26;

/// 梅 behind a proxy, Tom in the open.
async fn two(stage: &Stage, manners: Manners) -> (Rc<Proxy>, Page, Page) {
    let house = stage.house(&[]).await;
    let proxy = stage.keep(Proxy::before(house.address(), manners).await);
    let window = stage.window("mei", Kind::default()).await;
    // What the proxy does, the browser itself writes about.
    window.allow(&["/conn_ws"]);
    window.allow(&["/api/", "ERR_"]);
    let mei = Page::join(window, &proxy.url(), "梅").await;
    let tom = stage.guest(&house.url(), "Tom").await;
    (proxy, mei, tom)
}

/// Each hears the other within [`HEARD`].
async fn talk(mei: &Page, tom: &Page) {
    mei.say("from behind").await;
    tom.shows_within(&["from behind"], HEARD).await;
    tom.say("from the open").await;
    mei.shows_within(&["from behind", "from the open"], HEARD).await;
}

#[tokio::test]
async fn one_that_refuses_upgrades_is_passed_by_a_stream() {
    play(async |stage| {
        let (proxy, mei, tom) =
            two(stage, Manners { upgrades: Upgrades::Refused, ..Manners::default() }).await;
        mei.speaks_by("event-stream").await;
        talk(&mei, &tom).await;
        assert_eq!(proxy.count("/conn_ws").all, 0);
        assert_eq!(proxy.count("/api/events").open, 1);
    })
    .await;
}

#[tokio::test]
async fn one_that_drops_the_upgrade_and_holds_streams_back_is_passed_by_long_polls() {
    play(async |stage| {
        let manners = Manners { upgrades: Upgrades::Stripped, buffers_streams: true, ..Manners::default() };
        let (proxy, mei, tom) = two(stage, manners).await;
        mei.speaks_by("long-poll").await;
        talk(&mei, &tom).await;
        until("the stream that nothing comes of to be given up", HEARD, async || {
            let count = proxy.count("/api/events");
            if count.open == 0 && count.all > 0 { Ok(()) } else { Err(format!("{count:?}")) }
        })
        .await;
    })
    .await;
}

/// Both talk while each request of 梅's is cut after [`CUT`]: all of it is shown once, and in one order.
async fn talk_through_cuts(upgrades: Upgrades) {
    play(async |stage| {
        let manners = Manners { upgrades, cuts_after: Some(CUT), ..Manners::default() };
        let (_proxy, mei, tom) = two(stage, manners).await;
        talk(&mei, &tom).await;
        let begin = Instant::now();
        let mut said = vec!["from behind".to_owned(), "from the open".to_owned()];
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 1..=TALK {
            seconds.tick().await;
            let speaker = if number % 2 == 0 { &mei } else { &tom };
            said.push(format!("{number} by {}", speaker.name()));
            speaker.say(&format!("{number} by {}", speaker.name())).await;
        }
        assert!(begin.elapsed() >= 2 * CUT, "too short for a second cut");
        for page in [&mei, &tom] {
            until(&format!("all of it in {}", page.name()), HEARD, async || {
                let rows = page.rows().await;
                let is_settled = rows.iter().all(|row| row.state == "settled");
                if rows.len() >= said.len() && is_settled { Ok(()) } else { Err(format!("{rows:?}")) }
            })
            .await;
        }
        let rows = mei.rows().await;
        assert_eq!(rows, tom.rows().await);
        // What each said stands in the order of saying, and nothing stands twice.
        let mut shown: Vec<String> = rows.into_iter().map(|row| row.text).collect();
        for name in ["mei", "Tom"] {
            let of = |all: &[String]| -> Vec<String> {
                all.iter().filter(|text| text.ends_with(&format!("by {name}"))).cloned().collect()
            };
            assert_eq!(of(&shown), of(&said));
        }
        shown.sort();
        said.sort();
        assert_eq!(shown, said);
    })
    .await;
}

#[tokio::test]
async fn one_that_cuts_every_request_loses_and_doubles_nothing() {
    talk_through_cuts(Upgrades::Pass).await;
}

#[tokio::test]
async fn one_that_cuts_and_refuses_upgrades_loses_and_doubles_nothing() {
    talk_through_cuts(Upgrades::Refused).await;
}
