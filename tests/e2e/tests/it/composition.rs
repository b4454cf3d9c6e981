//! Chinese through an input method. An Enter during a composition, or the one that ends it, never sends.
//!
//! Each test has a control: the same Enter outside a composition sends. Without the control, an Enter
//! that never sends anything would pass.

use e2e::{
    fixture::{Fixture, run},
    keyboard::Enter,
    page::Page,
};

/// The text of the composition, and the text that it becomes.
const PINYIN: &str = "ni hao";
const HANZI: &str = "你好";

/// An Enter during the composition, and the control that sends afterwards.
const ENTERS: &[(Enter, Enter)] = &[
    // The same events during and after the composition.
    (Enter::Raw, Enter::Raw),
    (Enter::Typed, Enter::Typed),
    // Consumed by the input method. The event's key is `Process`, so it never sends; the control is a
    // typed Enter.
    (Enter::Process, Enter::Typed),
    // Chrome's event on macOS, and one with `isComposing` only. The control is the same synthetic event
    // without these marks.
    (Enter::Synthetic { code: 229, composing: true }, Enter::Synthetic { code: 13, composing: false }),
    (Enter::Synthetic { code: 13, composing: true }, Enter::Synthetic { code: 13, composing: false }),
];

async fn two(fixture: &Fixture) -> (Page, Page) {
    let server = fixture.server(&[]).await;
    (fixture.member(&server.url(), "梅").await, fixture.member(&server.url(), "Tom").await)
}

#[tokio::test]
async fn an_enter_sends_only_after_the_composition() {
    run(async |fixture| {
        let (mei, tom) = two(fixture).await;
        let mut posted = Vec::new();
        for (enter, control) in ENTERS {
            mei.clear("#send_str").await;
            mei.compose(PINYIN).await;
            mei.expect_draft(PINYIN).await;
            mei.enter(*enter).await;
            assert_eq!(
                mei.rows().await.len(),
                posted.len(),
                "{enter:?} sent a message during the composition"
            );
            if *enter == Enter::Typed {
                // Its `keypress`, which no real input method sends, inserts a line break. Only the
                // missing message matters here.
                assert!(mei.draft().await.contains(PINYIN));
                mei.commit("").await;
                mei.clear("#send_str").await;
            }
            mei.commit(HANZI).await;
            mei.expect_draft(HANZI).await;
            mei.enter(*control).await;
            // Messages of one author keep their order, so a message of the first Enter would stand
            // before this one.
            posted.push(HANZI);
            tom.expect_rows(&posted).await;
            mei.expect_rows(&posted).await;
            mei.expect_draft("").await;
        }
    })
    .await;
}

#[tokio::test]
async fn safaris_enter_does_not_send_when_it_ends_the_composition() {
    run(async |fixture| {
        let (mei, tom) = two(fixture).await;
        mei.write("").await;
        mei.compose(PINYIN).await;
        mei.expect_draft(PINYIN).await;
        // Safari sends `compositionend` first. The keydown of the ending Enter follows, with code 229 and
        // without `isComposing`.
        mei.commit(HANZI).await;
        mei.expect_draft(HANZI).await;
        mei.enter(Enter::Synthetic { code: 229, composing: false }).await;
        assert!(mei.rows().await.is_empty(), "the Enter that ended the composition sent a message");
        mei.expect_draft(HANZI).await;
        // The control: the same event with the code of a plain Enter.
        mei.enter(Enter::Synthetic { code: 13, composing: false }).await;
        tom.expect_rows(&[HANZI]).await;
        mei.expect_rows(&[HANZI]).await;
    })
    .await;
}

#[tokio::test]
async fn a_text_with_several_compositions_is_sent_whole() {
    run(async |fixture| {
        let (mei, tom) = two(fixture).await;
        mei.write("周末 ").await;
        for (pinyin, hanzi) in [("pa shan", "爬山"), ("qu ma", "去吗"), ("wen hao", "？")] {
            mei.compose(pinyin).await;
            mei.enter(Enter::Process).await;
            mei.commit(hanzi).await;
        }
        mei.expect_draft("周末 爬山去吗？").await;
        mei.enter(Enter::Typed).await;
        tom.expect_rows(&["周末 爬山去吗？"]).await;
    })
    .await;
}
