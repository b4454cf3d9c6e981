//! A message that the server refuses for good is not lost: the page shows it, and the author can copy,
//! send or discard it.

use e2e::{
    browser::BrowserOptions,
    catalogue::Catalogue,
    fixture::{Fixture, run},
    page::Page,
    relay::Relay,
    wait::{TIMEOUT, until},
};

const ROOM: &str = "100% %{room}";

/// Joins 梅 and has her post `texts` to a room during a cut, while she leaves the room on another device.
async fn post_to_left_room(fixture: &Fixture, texts: &[&str]) -> (Page, Page) {
    let server = fixture.server(&[]).await;
    let relay = fixture.keep(Relay::start(server.address()).await);
    let tom = fixture.member(&server.url(), "Tom").await;
    tom.create_room(ROOM, "").await;
    let mei = fixture.member(&relay.url(), "梅").await;
    mei.allow_cut();
    mei.allow_refusal("404");
    mei.join_room(ROOM).await;
    let other = mei
        .open_on_second_device(fixture.browser("other", BrowserOptions::default()).await, &server.url())
        .await;
    relay.cut().await;
    mei.expect_ready_state(3).await;
    for text in texts {
        mei.post(text).await;
        mei.expect_row(text, "waiting").await;
    }
    other.open_room(ROOM).await;
    other.leave_room().await;
    other.expect_room("Lobby").await;
    relay.heal().await;
    mei.expect_room("Lobby").await;
    (mei, tom)
}

/// Waits until the notice shows the refused text, and returns the notice's reason.
async fn expect_notice(page: &Page, text: &str) -> String {
    until(&format!("{text:?} in the notice"), TIMEOUT, async || {
        let quote = page.text("#refused_command blockquote").await;
        if quote.as_deref() == Some(text) { Ok(()) } else { Err(format!("{quote:?}")) }
    })
    .await;
    page.text("#refused_command .what").await.unwrap_or_default()
}

#[tokio::test]
async fn refused_messages_are_sent_when_the_author_joins_the_room_again() {
    run(async |fixture| {
        let texts = Catalogue::of("en");
        let (mei, tom) = post_to_left_room(fixture, &["too late", "and this"]).await;
        let reason = expect_notice(&mei, "too late").await;
        assert!(reason.contains(ROOM) && reason.ends_with(texts.text("error.room_left")), "{reason}");
        let one_more = texts.text("pending.more").replace("%{count}", "1");
        until("the number of other messages", TIMEOUT, async || {
            let more = mei.text("#refused_command small").await;
            if more.as_deref() == Some(&*one_more) { Ok(()) } else { Err(format!("{more:?}")) }
        })
        .await;
        mei.click("#refused_command .copy").await;
        until("the text to be copied", TIMEOUT, async || {
            let label = mei.text("#refused_command .copy").await;
            if label.as_deref() == Some(texts.text("row.copied")) {
                Ok(())
            } else {
                Err(format!("{label:?}"))
            }
        })
        .await;

        // A reload keeps the messages and loses only the room's name.
        mei.reload().await;
        mei.expect_connected().await;
        let reason = expect_notice(&mei, "too late").await;
        assert!(reason.contains(texts.text("pending.room_left")), "{reason}");

        mei.click("#refused_command .join").await;
        mei.expect_room(ROOM).await;
        mei.expect_focus("#send_str").await;
        for text in ["too late", "and this"] {
            mei.expect_row(text, "failed").await;
            mei.click("#char_list .message.failed .retry").await;
            mei.expect_row(text, "settled").await;
        }
        assert_eq!(mei.count(".notices .notice").await, 0);
        tom.expect_rows(&["too late", "and this"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_refused_message_is_discarded_only_when_the_author_confirms() {
    run(async |fixture| {
        let (mei, _tom) = post_to_left_room(fixture, &["too late"]).await;
        expect_notice(&mei, "too late").await;
        mei.click("#refused_command .retry").await;
        expect_notice(&mei, "too late").await;
        mei.click("#discard_btn").await;
        mei.click("#refused_command .confirm .plain").await;
        expect_notice(&mei, "too late").await;
        mei.click("#discard_btn").await;
        mei.click("#discard_yes").await;
        until("the notice to disappear", TIMEOUT, async || match mei.count("#refused_command").await {
            0 => Ok(()),
            count => Err(count),
        })
        .await;
        mei.reload().await;
        mei.expect_connected().await;
        assert_eq!(mei.count(".notices .notice").await, 0);
    })
    .await;
}
