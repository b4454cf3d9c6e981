//! What was refused for good is not lost: it is shown, and can be sent, copied or discarded.

use e2e::{
    catalogue::Catalogue,
    page::Page,
    relay::Relay,
    stage::{Stage, play},
    wait::{SOON, until},
    window::Kind,
};

const ROOM: &str = "100% %{room}";

/// Mei wrote these to a room while her wire was cut, and left it meanwhile at another device.
async fn too_late(stage: &Stage, texts: &[&str]) -> (Page, Page) {
    let house = stage.house(&[]).await;
    let relay = stage.keep(Relay::before(house.address()).await);
    let tom = stage.guest(&house.url(), "Tom").await;
    tom.make_room(ROOM, "").await;
    let mei = stage.guest(&relay.url(), "梅").await;
    mei.allow_cut();
    mei.allow_refusal("404");
    mei.join_room(ROOM).await;
    let other = mei.at_another_device(stage.window("other", Kind::default()).await, &house.url()).await;
    relay.cut().await;
    mei.shows_ready_state(3).await;
    for text in texts {
        mei.say(text).await;
        mei.shows_row(text, "waiting").await;
    }
    other.open_room(ROOM).await;
    other.leave_room().await;
    other.is_in("Lobby").await;
    relay.heal().await;
    mei.is_in("Lobby").await;
    (mei, tom)
}

/// Waits until what was said stands in the notice, and returns what is said of it.
async fn told(page: &Page, said: &str) -> String {
    until(&format!("{said:?} in the notice"), SOON, async || {
        let shown = page.text("#refused_command blockquote").await;
        if shown.as_deref() == Some(said) { Ok(()) } else { Err(format!("{shown:?}")) }
    })
    .await;
    page.text("#refused_command .what").await.unwrap_or_default()
}

#[tokio::test]
async fn what_came_too_late_for_a_room_is_sent_once_one_is_in_it_again() {
    play(async |stage| {
        let texts = Catalogue::of("en");
        let (mei, tom) = too_late(stage, &["too late", "and this"]).await;
        let what = told(&mei, "too late").await;
        assert!(what.contains(ROOM) && what.ends_with(texts.text("error.room_left")), "{what}");
        until("the other to be counted", SOON, async || {
            let more = mei.text("#refused_command small").await;
            if more.as_deref() == Some("1 more did not get through.") {
                Ok(())
            } else {
                Err(format!("{more:?}"))
            }
        })
        .await;
        mei.click("#refused_command .copy").await;
        let copied: String = mei.run("return getSelection().toString()", vec![]).await;
        assert_eq!(copied, "too late");

        // Nothing is lost with the page; only what the room was called.
        mei.reload().await;
        mei.is_inside().await;
        let what = told(&mei, "too late").await;
        assert!(what.contains(texts.text("pending.room_left")), "{what}");

        mei.click("#refused_command .join").await;
        mei.is_in(ROOM).await;
        mei.gets_focus("#send_str").await;
        for text in ["too late", "and this"] {
            mei.shows_row(text, "failed").await;
            mei.click("#char_list .message.failed .retry").await;
            mei.shows_row(text, "settled").await;
        }
        assert_eq!(mei.count(".notice").await, 0);
        tom.shows(&["too late", "and this"]).await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_else_has_is_discarded_only_when_asked_twice() {
    play(async |stage| {
        let (mei, _tom) = too_late(stage, &["too late"]).await;
        told(&mei, "too late").await;
        mei.click("#refused_command .retry").await;
        told(&mei, "too late").await;
        mei.click("#discard_btn").await;
        mei.click("#refused_command .confirm .plain").await;
        told(&mei, "too late").await;
        mei.click("#discard_btn").await;
        mei.click("#discard_yes").await;
        until("the notice to go", SOON, async || match mei.count(".notice").await {
            0 => Ok(()),
            many => Err(many),
        })
        .await;
        mei.reload().await;
        mei.is_inside().await;
        assert_eq!(mei.count(".notice").await, 0);
    })
    .await;
}
