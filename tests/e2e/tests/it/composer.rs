//! The composer: refused texts stay in the field, next to the reason.

use e2e::{fixture::run, keyboard::Enter};
use serde_json::Value;

/// Limit of a message's text, as in PROTOCOL.md.
const TEXT_BYTES_MAX: usize = 16 * 1024;

#[tokio::test]
async fn an_empty_text_is_not_sent() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        for blank in ["", "  ", "\u{3000}\n "] {
            mei.clear("#send_str").await;
            mei.insert(blank).await;
            mei.click("#send_btn").await;
            assert_eq!(mei.draft().await, blank);
            mei.enter(Enter::Typed).await;
            assert_eq!(mei.draft().await, blank);
            assert_eq!(mei.text("#send_error").await.as_deref(), Some(""), "it is no error");
        }
        mei.clear("#send_str").await;
        mei.insert("tea").await;
        mei.click("#send_btn").await;
        mei.expect_rows(&["tea"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_text_over_the_limit_is_refused_and_kept_when_sent() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        // 茶 has three bytes: the limit counts bytes, not characters.
        let fits = format!("茶{}", "a".repeat(TEXT_BYTES_MAX - 3));
        let long = format!("{fits}b");
        mei.write(&long).await;
        let error = mei.expect_error("#send_error").await;
        assert!(error.contains(&TEXT_BYTES_MAX.to_string()), "the error names the limit: {error}");
        for _ in 0..2 {
            mei.enter(Enter::Typed).await;
            mei.click("#send_btn").await;
        }
        assert_eq!(mei.draft().await, long);
        assert!(mei.rows().await.is_empty());
        let _: Value = mei
            .execute("const field = document.querySelector('#send_str'); field.focus();
                field.setSelectionRange(field.value.length - 1, field.value.length); document.execCommand('delete')", vec![])
            .await;
        mei.enter(Enter::Typed).await;
        tom.expect_rows(&[&fits]).await;
        mei.expect_rows(&[&fits]).await;
        mei.expect_draft("").await;
    })
    .await;
}

#[tokio::test]
async fn shift_enter_inserts_a_line_break() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.write("first").await;
        mei.shift_enter().await;
        mei.expect_draft("first\n").await;
        mei.insert("second").await;
        assert!(mei.rows().await.is_empty());
        mei.enter(Enter::Typed).await;
        tom.expect_rows(&["first\nsecond"]).await;
        let lines: usize = tom
            .execute("const p = document.querySelector('#char_list p'); const range = document.createRange();
                range.selectNodeContents(p); return new Set([...range.getClientRects()].map((r) => r.top)).size", vec![])
            .await;
        assert_eq!(lines, 2, "the line break is visible");
    })
    .await;
}
