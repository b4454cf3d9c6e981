//! The address of a room that one is not in, or that there is not.

use e2e::{
    catalogue::Catalogue,
    page::Page,
    stage::play,
    wait::{SOON, until},
};

/// Waits until this is said to the stranger.
async fn is_told(page: &Page, wanted: &str) {
    until(&format!("{wanted:?} to be told"), SOON, async || {
        let told = page.text("#stranger .notice_text").await;
        if told.as_deref() == Some(wanted) { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_stranger_is_told_the_rooms_name_and_joins_it() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        for name in ["kitchen", "100% 茶道"] {
            mei.make_room(name, "").await;
            mei.gets_focus("#send_str").await;
        }
        let address = format!("{}{}", house.url(), mei.path().await);
        let tom = stage.guest(&address, "Tom").await;
        is_told(&tom, &Catalogue::of("en").text("stranger.name").replace("%{room}", "100% 茶道")).await;
        assert!(!tom.has_focus("#send_str").await, "the lobby is not where Tom wanted to write");
        tom.click("#stranger .join").await;
        tom.is_in("100% 茶道").await;
        tom.gets_focus("#send_str").await;
        assert_eq!(tom.count(".notice").await, 0);

        // Who would rather stay can write at once.
        let anna = stage.guest(&address, "Anna").await;
        anna.click("#stranger .quiet").await;
        anna.gets_focus("#send_str").await;
        assert_eq!(anna.path().await, "/");
    })
    .await;
}

#[tokio::test]
async fn a_room_that_there_is_not_is_not_offered() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&format!("{}/r/999", house.url()), "梅").await;
        mei.allow_refusal("404");
        is_told(&mei, Catalogue::of("en").text("error.no_room")).await;
        assert_eq!(mei.count("#stranger .join").await, 0);
        assert!(!mei.has_focus("#send_str").await);
        mei.click("#stranger .home").await;
        mei.gets_focus("#send_str").await;
        assert_eq!(mei.count(".notice").await, 0);
        assert_eq!(mei.path().await, "/");
    })
    .await;
}
