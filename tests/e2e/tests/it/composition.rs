//! Chinese through an input method. The Enter that ends a composition, or
//! comes while one is on, never sends; the very same Enter outside of one does:
//! without that control a key that sends nothing at all would pass.

use e2e::{
    keyboard::Enter,
    page::Page,
    stage::{Stage, play},
};

/// What is typed, and what it becomes.
const PINYIN: &str = "ni hao";
const HANZI: &str = "你好";

/// An Enter while composing, and the one that then sends.
const ENTERS: &[(Enter, Enter)] = &[
    // `keydown` alone, and with the `keypress` of a keyboard: the same outside.
    (Enter::Raw, Enter::Raw),
    (Enter::Typed, Enter::Typed),
    // Taken by the input method. Outside of a composition this event is no
    // Enter (its key is `Process`) and can send nothing: a typed one is the control.
    (Enter::Process, Enter::Typed),
    // Chrome's on macOS, and one that nothing but `isComposing` marks: the
    // control is the same synthetic event without its marks.
    (Enter::Synthetic { code: 229, composing: true }, Enter::Synthetic { code: 13, composing: false }),
    (Enter::Synthetic { code: 13, composing: true }, Enter::Synthetic { code: 13, composing: false }),
];

async fn two(stage: &Stage) -> (Page, Page) {
    let house = stage.house(&[]).await;
    (stage.guest(&house.url(), "梅").await, stage.guest(&house.url(), "Tom").await)
}

#[tokio::test]
async fn no_enter_while_composing_sends_and_the_same_enter_afterwards_does() {
    play(async |stage| {
        let (mei, tom) = two(stage).await;
        let mut said = Vec::new();
        for (enter, control) in ENTERS {
            mei.clear("#send_str").await;
            mei.compose(PINYIN).await;
            mei.shows_draft(PINYIN).await;
            mei.enter(*enter).await;
            assert_eq!(mei.rows().await.len(), said.len(), "{enter:?} has sent while composing");
            if *enter == Enter::Typed {
                // Its `keypress`, which comes with no real input method, breaks the line
                // by itself. What matters is that nothing was sent.
                assert!(mei.draft().await.contains(PINYIN));
                mei.commit("").await;
                mei.clear("#send_str").await;
            }
            mei.commit(HANZI).await;
            mei.shows_draft(HANZI).await;
            mei.enter(*control).await;
            // Messages of one author come in their order: had the first Enter sent
            // anything after all, it would stand before.
            said.push(HANZI);
            tom.shows(&said).await;
            mei.shows(&said).await;
            mei.shows_draft("").await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_enter_of_safari_after_the_composition_does_not_send() {
    play(async |stage| {
        let (mei, tom) = two(stage).await;
        mei.write("").await;
        mei.compose(PINYIN).await;
        mei.shows_draft(PINYIN).await;
        // Safari: `compositionend` first, and then the keydown of the Enter that
        // ended it, with code 229 and without `isComposing`.
        mei.commit(HANZI).await;
        mei.shows_draft(HANZI).await;
        mei.enter(Enter::Synthetic { code: 229, composing: false }).await;
        assert!(mei.rows().await.is_empty(), "the Enter that ended the composition has sent");
        mei.shows_draft(HANZI).await;
        // The same event with the code of an Enter of its own.
        mei.enter(Enter::Synthetic { code: 13, composing: false }).await;
        tom.shows(&[HANZI]).await;
        mei.shows(&[HANZI]).await;
    })
    .await;
}

#[tokio::test]
async fn compositions_in_the_midst_of_a_text_are_kept_and_sent_whole() {
    play(async |stage| {
        let (mei, tom) = two(stage).await;
        mei.write("周末 ").await;
        for (pinyin, hanzi) in [("pa shan", "爬山"), ("qu ma", "去吗"), ("wen hao", "？")] {
            mei.compose(pinyin).await;
            mei.enter(Enter::Process).await;
            mei.commit(hanzi).await;
        }
        mei.shows_draft("周末 爬山去吗？").await;
        mei.enter(Enter::Typed).await;
        tom.shows(&["周末 爬山去吗？"]).await;
    })
    .await;
}
