//! The join prompt: the address of a room that the member is not in, or that does not exist.

use e2e::{
    catalogue::Catalogue,
    fixture::run,
    page::Page,
    wait::{TIMEOUT, until},
};

/// Waits until the join prompt shows this text.
async fn expect_prompt(page: &Page, expected: &str) {
    until(&format!("{expected:?} in the join prompt"), TIMEOUT, async || {
        let prompt = page.text("#join_prompt .notice_text").await;
        if prompt.as_deref() == Some(expected) { Ok(()) } else { Err(format!("{prompt:?}")) }
    })
    .await;
}

#[tokio::test]
async fn the_join_prompt_names_the_room_and_joins_it() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        for name in ["kitchen", "100% 茶道"] {
            mei.create_room(name, "").await;
            mei.expect_focus("#send_str").await;
        }
        let address = format!("{}{}", server.url(), mei.path().await);
        let tom = fixture.member(&address, "Tom").await;
        expect_prompt(&tom, &Catalogue::of("en").text("join_prompt.name").replace("%{room}", "100% 茶道"))
            .await;
        assert!(!tom.has_focus("#send_str").await, "the composer of the lobby has the focus");
        tom.click("#join_prompt .join").await;
        tom.expect_room("100% 茶道").await;
        tom.expect_focus("#send_str").await;
        assert_eq!(tom.count(".notices .notice").await, 0);

        // After a refusal of the prompt, the composer has the focus.
        let anna = fixture.member(&address, "Anna").await;
        anna.click("#join_prompt .quiet").await;
        anna.expect_focus("#send_str").await;
        assert_eq!(anna.path().await, "/");
    })
    .await;
}

#[tokio::test]
async fn the_join_prompt_offers_nothing_when_the_room_does_not_exist() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&format!("{}/r/999", server.url()), "梅").await;
        mei.allow_refusal("404");
        expect_prompt(&mei, &Catalogue::of("en").text("join_prompt.gone").replace("%{number}", "999")).await;
        assert_eq!(mei.count("#join_prompt .join").await, 0);
        assert!(!mei.has_focus("#send_str").await);
        mei.click("#join_prompt .quiet").await;
        mei.expect_focus("#send_str").await;
        assert_eq!(mei.count(".notices .notice").await, 0);
        assert_eq!(mei.path().await, "/");
    })
    .await;
}
