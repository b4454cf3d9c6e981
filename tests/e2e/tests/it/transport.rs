//! The ways to the server: each that a person may want is taken, and works.

use e2e::{page::Page, stage::play, window::Kind};
use serde_json::Value;

/// Wants this transport and no other, in the settings.
async fn wants(page: &Page, name: &str) {
    page.click("#settings_btn").await;
    let chosen = page.find("#way").await.select_by_value(name).await;
    chosen.unwrap_or_else(|error| panic!("{name} cannot be chosen: {error}"));
    page.run::<Value>("document.querySelector('#settings_dialog').close()", vec![]).await;
    page.speaks_by(name).await;
}

#[tokio::test]
async fn two_people_talk_by_each_of_them() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = Page::join(stage.window("mei", Kind::default()).await, &house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let mut said = Vec::new();
        for name in ["event-stream", "long-poll", "poll", "websocket"] {
            wants(&mei, name).await;
            let (from_mei, from_tom) = (format!("{name} 梅"), format!("{name} Tom"));
            mei.say(&from_mei).await;
            said.push(from_mei);
            tom.shows(&said.iter().map(String::as_str).collect::<Vec<_>>()).await;
            tom.say(&from_tom).await;
            said.push(from_tom);
            mei.shows(&said.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_one_tab_wants_all_tabs_of_the_browser_take() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = Page::join(stage.window("mei", Kind::default()).await, &house.url(), "梅").await;
        let first = mei.tab().await;
        let second = mei.open_tab().await;
        mei.goto(&house.url()).await;
        mei.is_inside().await;
        // One that polls and reads for all would make the others wait as long.
        for name in ["poll", "websocket"] {
            mei.go_to(&second).await;
            wants(&mei, name).await;
            mei.go_to(&first).await;
            mei.speaks_by(name).await;
            mei.say(name).await;
            mei.go_to(&second).await;
            mei.shows_row(name, "settled").await;
        }
        assert_eq!(mei.faults().await, Vec::<String>::new());
    })
    .await;
}
