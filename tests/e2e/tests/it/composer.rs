//! The composer: what it refuses, and what it keeps.

use e2e::{
    keyboard::Enter,
    stage::play,
    wait::{SOON, until},
};
use serde_json::Value;

/// As PROTOCOL has it.
const TEXT_BYTES_MAX: usize = 16 * 1024;

#[tokio::test]
async fn empty_text_is_refused_beside_the_field_and_kept() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        for blank in ["", "  ", "\u{3000}\n "] {
            mei.clear("#send_str").await;
            mei.insert(blank).await;
            mei.click("#send_btn").await;
            mei.is_told("#send_error").await;
            assert_eq!(mei.draft().await, blank);
            mei.clear("#send_str").await;
            mei.insert(blank).await;
            mei.enter(Enter::Typed).await;
            mei.is_told("#send_error").await;
            assert_eq!(mei.draft().await, blank);
        }
        assert!(mei.rows().await.is_empty());
        mei.clear("#send_str").await;
        mei.insert("tea").await;
        until("the reason to go", SOON, async || {
            mei.text("#send_error").await.filter(|text| !text.is_empty()).map_or(Ok(()), Err)
        })
        .await;
        mei.click("#send_btn").await;
        mei.shows(&["tea"]).await;
    })
    .await;
}

#[tokio::test]
async fn text_that_is_too_long_is_refused_beside_the_field_and_kept() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        // 茶 has three bytes: characters are not what is counted.
        let fits = format!("茶{}", "a".repeat(TEXT_BYTES_MAX - 3));
        let long = format!("{fits}b");
        mei.write(&long).await;
        let told = mei.is_told("#send_error").await;
        assert!(told.contains(&TEXT_BYTES_MAX.to_string()), "it says how long a message may be: {told}");
        for _ in 0..2 {
            mei.enter(Enter::Typed).await;
            mei.click("#send_btn").await;
        }
        assert_eq!(mei.draft().await, long);
        assert!(mei.rows().await.is_empty());
        let _: Value = mei
            .run("const field = document.querySelector('#send_str'); field.focus();
                field.setSelectionRange(field.value.length - 1, field.value.length); document.execCommand('delete')", vec![])
            .await;
        mei.enter(Enter::Typed).await;
        tom.shows(&[&fits]).await;
        mei.shows(&[&fits]).await;
        mei.shows_draft("").await;
    })
    .await;
}

#[tokio::test]
async fn shift_and_enter_break_the_line() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.write("first").await;
        mei.shift_enter().await;
        mei.shows_draft("first\n").await;
        mei.insert("second").await;
        assert!(mei.rows().await.is_empty());
        mei.enter(Enter::Typed).await;
        tom.shows(&["first\nsecond"]).await;
        let lines: usize = tom
            .run("const p = document.querySelector('#char_list p'); const range = document.createRange();
                range.selectNodeContents(p); return new Set([...range.getClientRects()].map((r) => r.top)).size", vec![])
            .await;
        assert_eq!(lines, 2, "the break is seen");
    })
    .await;
}
