//! Rooms of their own: made, found, joined, left; what is said in one is read in it alone.

use e2e::{
    stage::play,
    wait::{SOON, until},
};

#[tokio::test]
async fn two_talk_in_a_room_of_their_own() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.make_room("茶道", "水与叶").await;
        assert_eq!(mei.text(".header .description").await.as_deref(), Some("水与叶"));
        mei.say("先烧水").await;
        mei.shows(&["先烧水"]).await;
        assert!(tom.rows().await.is_empty(), "the lobby hears nothing of it");

        tom.join_room("茶道").await;
        tom.shows(&["先烧水"]).await;
        let path = tom.path().await;
        assert!(path.starts_with("/r/"), "{path}");
        tom.say("八十度").await;
        for page in [&mei, &tom] {
            page.shows(&["先烧水", "八十度"]).await;
        }
        assert_eq!(mei.rows().await, tom.rows().await);

        // Elsewhere what comes is counted, and seen when one comes back.
        tom.open_room("Lobby").await;
        assert_eq!(tom.path().await, "/");
        mei.say("好").await;
        mei.say("请喝").await;
        tom.shows_unseen("茶道", Some(2)).await;
        tom.client().back().await.unwrap();
        tom.is_in("茶道").await;
        tom.shows(&["先烧水", "八十度", "好", "请喝"]).await;
        tom.shows_unseen("茶道", None).await;

        // The address is the room's for who is in it, and asks who is not.
        tom.reload().await;
        tom.is_inside().await;
        tom.is_in("茶道").await;
        tom.shows(&["先烧水", "八十度", "好", "请喝"]).await;
        let anna = stage.guest(&format!("{}{path}", house.url()), "Anna").await;
        anna.click("#stranger .join").await;
        anna.is_in("茶道").await;
        anna.shows(&["先烧水", "八十度", "好", "请喝"]).await;

        // Who leaves is in the lobby, and hears no more of it.
        anna.click("#room_btn").await;
        anna.click("#leave_btn").await;
        anna.click("#leave_yes").await;
        anna.is_in("Lobby").await;
        mei.say("还有谁？").await;
        tom.shows_row("还有谁？", "settled").await;
        assert_eq!(anna.count(".room_list a").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_beside_the_field_and_another_is_not() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.make_room("tea", "").await;
        tom.allow_refusal("409");
        tom.click("#new_room_btn").await;
        tom.find("#room_name_str").await;
        tom.clear("#room_name_str").await;
        tom.insert("Tea").await;
        tom.click("#room_form_btn").await;
        tom.is_told("#room_name_error").await;
        tom.clear("#room_name_str").await;
        tom.insert("green tea").await;
        tom.click("#room_form_btn").await;
        tom.is_in("green tea").await;
        assert_eq!(tom.count(".notice").await, 0, "nothing is left of the refusal");

        // It is named anew for everyone in it.
        mei.join_room("green tea").await;
        tom.click("#room_btn").await;
        tom.find("#room_name_str").await;
        tom.clear("#room_name_str").await;
        tom.insert("black tea").await;
        tom.click("#room_form_btn").await;
        mei.is_in("black tea").await;
        tom.is_in("black tea").await;
        until("the title to follow", SOON, async || {
            let title = mei.client().title().await.unwrap_or_default();
            if title.starts_with("black tea") { Ok(()) } else { Err(title) }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn each_room_keeps_its_draft() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        mei.make_room("tea", "").await;
        mei.write("half a cup").await;
        mei.open_room("Lobby").await;
        mei.shows_draft("").await;
        mei.find(".room_list .draft_mark").await;
        mei.write("half a word").await;
        mei.open_room("tea").await;
        mei.shows_draft("half a cup").await;
        mei.reload().await;
        mei.is_inside().await;
        mei.shows_draft("half a cup").await;
        mei.open_room("Lobby").await;
        mei.shows_draft("half a word").await;
    })
    .await;
}
