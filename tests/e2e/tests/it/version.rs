//! The server was replaced while the page was open.

use e2e::{
    older_page::OlderPage,
    page::Page,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};

#[tokio::test]
async fn an_older_page_offers_to_load_the_new_one_and_keeps_the_draft() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let older = stage.keep(OlderPage::of(house.address()).await);
        let mei = Page::join(stage.window("older", Kind::default()).await, &older.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.mark().await;
        mei.find("#new_version").await;
        // It talks on all the same.
        mei.say("still here").await;
        tom.shows(&["still here"]).await;
        mei.shows(&["still here"]).await;
        assert_eq!(tom.count("#new_version").await, 0, "a page of the server's own build is told nothing");

        // What is being written is kept, so that nothing has to be finished first.
        mei.write("half a thou").await;
        mei.click("#new_version button").await;
        until("the page to be loaded again", SOON, async || {
            if mei.is_marked().await { Err("not yet") } else { Ok(()) }
        })
        .await;
        mei.is_inside().await;
        mei.shows(&["still here"]).await;
        mei.shows_draft("half a thou").await;
    })
    .await;
}
