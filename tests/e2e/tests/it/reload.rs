//! Loading the page again costs nothing.

use e2e::{
    page::Page,
    relay::Relay,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};

#[tokio::test]
async fn a_reload_keeps_name_history_and_order() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        let said = ["one", "二", "three", "四"];
        for (turn, text) in said.iter().enumerate() {
            if turn % 2 == 0 {
                mei.say(text).await
            } else {
                tom.say(text).await
            }
            mei.shows(&said[..=turn]).await;
        }
        let before = mei.rows().await;
        mei.mark().await;
        mei.reload().await;
        mei.is_inside().await;
        assert!(!mei.is_marked().await, "it was not loaded again");
        mei.shows(&said).await;
        assert_eq!(mei.rows().await, before);
        assert_eq!(mei.count("#name_str").await, 0, "nobody is asked for a name again");
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        assert!(mei.has_focus("#send_str").await);

        // Both go on as if nothing had been.
        mei.say("五").await;
        tom.shows(&["one", "二", "three", "四", "五"]).await;
        mei.shows(&["one", "二", "three", "四", "五"]).await;
        tom.reload().await;
        tom.is_inside().await;
        tom.shows(&["one", "二", "three", "四", "五"]).await;
    })
    .await;
}

#[tokio::test]
async fn what_waits_and_what_is_being_written_outlive_the_page() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let relay = stage.keep(Relay::before(house.address()).await);
        let mei = Page::join(stage.window("mei", Kind::default()).await, &relay.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.allow_cut();
        relay.cut().await;
        mei.shows_ready_state(3).await;
        let said = ["one", "二", "three"];
        for text in said {
            mei.say(text).await;
            mei.shows_row(text, "waiting").await;
            mei.shows_draft("").await;
        }
        mei.write("half a sent").await;
        until("it is told how many wait", SOON, async || {
            let told = mei.text(".waiting_line").await.unwrap_or_default();
            if told.contains('3') { Ok(()) } else { Err(told) }
        })
        .await;
        // The page goes while the wire is cut, and another one comes.
        mei.goto("about:blank").await;
        relay.heal().await;
        assert!(tom.rows().await.is_empty());
        mei.goto(&relay.url()).await;
        mei.is_inside().await;
        mei.shows(&said).await;
        mei.shows_draft("half a sent").await;
        tom.shows(&said).await;
        assert_eq!(mei.rows().await, tom.rows().await);
        mei.say("ence").await;
        tom.shows(&["one", "二", "three", "half a sentence"]).await;
    })
    .await;
}
