//! Rooms: created, found, joined and left. A message appears only in its room.

use e2e::{
    fixture::run,
    wait::{TIMEOUT, until},
};

#[tokio::test]
async fn messages_of_a_room_appear_only_in_that_room() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.create_room("茶道", "水与叶").await;
        assert_eq!(mei.text(".header .description").await.as_deref(), Some("水与叶"));
        mei.post("先烧水").await;
        mei.expect_rows(&["先烧水"]).await;
        assert!(tom.rows().await.is_empty(), "the lobby shows a message of the room");

        tom.join_room("茶道").await;
        tom.expect_rows(&["先烧水"]).await;
        let path = tom.path().await;
        assert!(path.starts_with("/r/"), "{path}");
        tom.post("八十度").await;
        for page in [&mei, &tom] {
            page.expect_rows(&["先烧水", "八十度"]).await;
        }
        mei.expect_same_rows(&tom).await;

        // In another room the new messages count as unread; opening the room marks them as read.
        tom.open_room("Lobby").await;
        assert_eq!(tom.path().await, "/");
        mei.post("好").await;
        mei.post("请喝").await;
        tom.expect_unread("茶道", Some(2)).await;
        tom.client().back().await.unwrap();
        tom.expect_room("茶道").await;
        tom.expect_rows(&["先烧水", "八十度", "好", "请喝"]).await;
        tom.expect_unread("茶道", None).await;

        // The room's address opens the room for a member of it, and offers to join for anyone else.
        tom.reload().await;
        tom.expect_connected().await;
        tom.expect_room("茶道").await;
        tom.expect_rows(&["先烧水", "八十度", "好", "请喝"]).await;
        let anna = fixture.member(&format!("{}{path}", server.url()), "Anna").await;
        anna.click("#join_prompt .join").await;
        anna.expect_room("茶道").await;
        anna.expect_rows(&["先烧水", "八十度", "好", "请喝"]).await;

        // A member who leaves is in the lobby and receives no more messages of the room.
        anna.click("#room_btn").await;
        anna.click("#leave_btn").await;
        anna.click("#leave_yes").await;
        anna.expect_room("Lobby").await;
        mei.post("还有谁？").await;
        tom.expect_row("还有谁？", "settled").await;
        assert_eq!(anna.count(".room_list a").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_taken_room_name_is_refused_at_its_field() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.create_room("tea", "").await;
        tom.allow_refusal("409");
        tom.click("#new_room_btn").await;
        tom.find("#room_name_str").await;
        tom.clear("#room_name_str").await;
        tom.insert("Tea").await;
        tom.click("#room_form_btn").await;
        tom.expect_error("#room_name_error").await;
        tom.clear("#room_name_str").await;
        tom.insert("green tea").await;
        tom.click("#room_form_btn").await;
        tom.expect_room("green tea").await;
        assert_eq!(tom.count(".notices .notice").await, 0, "the refusal left a notice");

        // A new name appears for everyone in the room.
        mei.join_room("green tea").await;
        tom.click("#room_btn").await;
        tom.find("#room_name_str").await;
        tom.clear("#room_name_str").await;
        tom.insert("black tea").await;
        tom.click("#room_form_btn").await;
        mei.expect_room("black tea").await;
        tom.expect_room("black tea").await;
        until("the new title", TIMEOUT, async || {
            let title = mei.client().title().await.unwrap_or_default();
            if title.starts_with("black tea") { Ok(()) } else { Err(title) }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn each_room_keeps_its_draft() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        mei.create_room("tea", "").await;
        mei.write("half a cup").await;
        mei.open_room("Lobby").await;
        mei.expect_draft("").await;
        mei.find(".room_list .draft_mark").await;
        mei.write("half a word").await;
        mei.open_room("tea").await;
        mei.expect_draft("half a cup").await;
        mei.reload().await;
        mei.expect_connected().await;
        mei.expect_draft("half a cup").await;
        mei.open_room("Lobby").await;
        mei.expect_draft("half a word").await;
    })
    .await;
}
