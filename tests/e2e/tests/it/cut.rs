//! The wire is cut, really: sockets are reset and new ones refused.

use e2e::{
    house::House,
    page::Page,
    plain::{self, PlainPage},
    relay::Relay,
    stage::{Stage, play},
    wait::{SOON, until},
    window::Kind,
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// A window behind a wire that can be cut, and one with a wire of its own.
async fn two(stage: &Stage) -> (Rc<Relay>, Page, Page) {
    let house = stage.house(&[]).await;
    two_of(stage, &house).await
}

async fn two_of(stage: &Stage, house: &House) -> (Rc<Relay>, Page, Page) {
    let relay = stage.keep(Relay::before(house.address()).await);
    let mei = Page::join(stage.window("mei", Kind::default()).await, &relay.url(), "梅").await;
    let tom = stage.guest(&house.url(), "Tom").await;
    mei.allow_cut();
    (relay, mei, tom)
}

#[tokio::test]
async fn what_both_said_during_a_cut_arrives_once_and_in_one_order() {
    play(async |stage| {
        let (relay, mei, tom) = two(stage).await;
        mei.say("before").await;
        tom.shows(&["before"]).await;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        for text in ["m1", "m2", "m3"] {
            mei.say(text).await;
            mei.shows_row(text, "waiting").await;
        }
        for text in ["t1", "t2", "t3"] {
            tom.say(text).await;
        }
        tom.shows(&["before", "t1", "t2", "t3"]).await;
        relay.heal().await;
        let all = ["before", "t1", "t2", "t3", "m1", "m2", "m3"];
        tom.shows(&all).await;
        mei.shows(&all).await;
        assert_eq!(mei.rows().await, tom.rows().await);
        assert_eq!(mei.count("#new_epoch").await, 0, "the same log goes on");
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_cut_off_on_its_way_arrives_once() {
    play(async |stage| {
        let (relay, mei, tom) = two(stage).await;
        relay.hold_up();
        mei.say("on its way").await;
        mei.shows_row("on its way", "sending").await;
        relay.cut().await;
        mei.shows_row("on its way", "waiting").await;
        assert!(tom.rows().await.is_empty());
        relay.heal().await;
        mei.shows(&["on its way"]).await;
        tom.shows(&["on its way"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_whose_answer_was_cut_off_arrives_once() {
    play(async |stage| {
        let shelf = plain::shelf(stage).await;
        let house = stage.house(&["--allow-origin", &shelf.origin()]).await;
        let (relay, mei, tom) = two_of(stage, &house).await;
        // A page of the house would drop a second row under the same key; a
        // plain one shows all that the house lets out.
        let window = stage.window("plain", Kind::default()).await;
        let plain = PlainPage::open(window, &plain::url(&shelf, house.address().port())).await;
        relay.hold_down();
        mei.say("said and stored").await;
        // It is in the log, and its author cannot know.
        tom.shows(&["said and stored"]).await;
        mei.shows_row("said and stored", "sending").await;
        relay.cut().await;
        mei.shows_row("said and stored", "waiting").await;
        relay.heal().await;
        mei.shows(&["said and stored"]).await;
        mei.say("and the next").await;
        for page in [&mei, &tom] {
            page.shows(&["said and stored", "and the next"]).await;
        }
        plain.shows(&["said and stored", "and the next"]).await;
        assert_eq!(mei.rows().await, tom.rows().await);
    })
    .await;
}

#[tokio::test]
async fn three_cuts_in_a_row_cost_nothing() {
    play(async |stage| {
        let (relay, mei, tom) = two(stage).await;
        let mut said = Vec::new();
        for round in 1..=3 {
            said.push(format!("round {round}, whole"));
            mei.say(&format!("round {round}, whole")).await;
            let texts: Vec<&str> = said.iter().map(String::as_str).collect();
            tom.shows(&texts).await;
            relay.hold_down();
            said.push(format!("round {round}, cut off"));
            mei.say(&format!("round {round}, cut off")).await;
            let texts: Vec<&str> = said.iter().map(String::as_str).collect();
            tom.shows(&texts).await;
            relay.cut().await;
            mei.shows_ready_state(3).await;
            relay.heal().await;
            mei.shows(&texts).await;
        }
        assert_eq!(mei.rows().await, tom.rows().await);
    })
    .await;
}

#[tokio::test]
async fn what_was_written_during_a_cut_outlives_the_tab() {
    play(async |stage| {
        let (relay, mei, tom) = two(stage).await;
        mei.say("before").await;
        tom.shows(&["before"]).await;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        for text in ["m1", "二", "m3"] {
            mei.say(text).await;
            mei.shows_row(text, "waiting").await;
        }
        mei.write("half a sen").await;
        // When the writer pauses.
        mei.stores_draft("half a sen").await;
        let window = stage.open_again(&mei).await;
        relay.heal().await;
        window.goto(&relay.url()).await;
        let mei = Page(window);
        mei.is_inside().await;
        let all = ["before", "m1", "二", "m3"];
        tom.shows(&all).await;
        mei.shows(&all).await;
        mei.shows_draft("half a sen").await;
        assert_eq!(mei.rows().await, tom.rows().await);
        // Another time nothing is left to be sent.
        mei.reload().await;
        mei.is_inside().await;
        mei.shows(&all).await;
        mei.shows_draft("half a sen").await;
        tom.shows(&all).await;
    })
    .await;
}

#[tokio::test]
async fn after_a_minute_of_cut_all_that_was_written_arrives_once() {
    play(async |stage| {
        let (relay, mei, tom) = two(stage).await;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        for text in ["m1", "m2", "m3"] {
            mei.say(text).await;
        }
        mei.write("half a sen").await;
        tom.say("t1").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        mei.shows_row("m3", "waiting").await;
        relay.heal().await;
        let all = ["t1", "m1", "m2", "m3"];
        tom.shows_within(&all, Duration::from_secs(40)).await;
        mei.shows(&all).await;
        mei.shows_draft("half a sen").await;
        assert_eq!(mei.rows().await, tom.rows().await);
    })
    .await;
}

/// The longest number in a text.
fn seconds(text: &str) -> Option<u64> {
    text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}

#[tokio::test]
async fn a_cut_is_shown_with_a_countdown_that_the_button_cuts_short() {
    play(async |stage| {
        let (relay, mei, _tom) = two(stage).await;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        // The waits are drawn by lot, up to 5 seconds: one long enough to be
        // told from what the button does.
        until("a wait of more than 3 seconds", Duration::from_secs(90), async || {
            let text = mei
                .run::<Option<String>>(
                    "return document.querySelector('#reconnect_btn')?.parentElement.textContent",
                    vec![],
                )
                .await;
            match text.as_deref().and_then(seconds) {
                Some(4..) => Ok(()),
                _ => Err(format!("{text:?}")),
            }
        })
        .await;
        relay.heal().await;
        let pressed = Instant::now();
        mei.click("#reconnect_btn").await;
        until("to be open", SOON, async || {
            let state = mei.attribute("#ready_state", "data-state").await;
            if state.as_deref() == Some("1") { Ok(()) } else { Err(format!("{state:?}")) }
        })
        .await;
        assert!(pressed.elapsed() < Duration::from_secs(3), "the countdown was waited for");
        mei.is_inside().await;
    })
    .await;
}
