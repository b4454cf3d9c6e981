//! Reading on in a long past: nobody is moved, and the list stays short.

use e2e::{
    stage::play,
    wait::{SOON, until},
};
use serde_json::Value;

const LINES: u32 = 1_000;

/// As the client's limits have it.
const ROWS_MAX: usize = 300;

#[tokio::test]
async fn a_thousand_messages_are_paged_through_without_a_jump() {
    play(async |stage| {
        let house = stage.house(&["--limit-posts", "0"]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        mei.say_lines(LINES).await;
        let tom = stage.guest(&house.url(), "Tom").await;
        until("the newest to be there", SOON, async || {
            let rows = tom.rows().await;
            rows.last().filter(|row| row.text.starts_with("line 1000")).map(|_| ()).ok_or(rows.len())
        })
        .await;
        tom.count_rows().await;
        let mut steps = Vec::new();
        // Near the edge, at it, and a little further away: it never matters.
        for top in [200, 0, 60, 333].into_iter().cycle() {
            let step = tom.read_up(top).await;
            assert!(step.changed, "no older message came: {step:?} after {steps:?}");
            assert!(step.moved <= 1.0, "{step:?} after {steps:?}");
            let is_first = step.oldest.starts_with("line 1\n");
            steps.push(step);
            if is_first {
                break;
            }
            assert!(steps.len() < 60, "{steps:?}");
        }
        assert!(tom.most_rows().await <= ROWS_MAX, "{}", tom.most_rows().await);
        assert!(tom.most_rows().await > ROWS_MAX - 50, "the window was never full");

        // Somebody goes on talking; nobody who reads is moved.
        let _: Value = tom.run("document.querySelector('.scroll').scrollTop = 1200", vec![]).await;
        let read = tom.rows().await[40].key.clone();
        let before = tom.place_of(&read).await;
        for number in 1..=5 {
            mei.say(&format!("news {number}")).await;
        }
        until("the news to be counted", SOON, async || {
            let told = tom.text("#new_messages").await;
            if told.as_deref() == Some("5 new messages") { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;
        let after = tom.place_of(&read).await;
        let moved = after.zip(before).map(|(after, before)| (after - before).abs());
        assert!(moved.is_some_and(|moved| moved <= 1.0), "{before:?} and then {after:?}");

        // And back to the newest, at one click.
        tom.click("#new_messages").await;
        until("the newest to be seen", SOON, async || {
            let script = "const list = document.querySelector('.scroll');
                return list.scrollHeight - list.scrollTop - list.clientHeight";
            let (left, rows): (f64, _) = (tom.run(script, vec![]).await, tom.rows().await);
            let is_newest = rows.last().is_some_and(|row| row.text == "news 5");
            if is_newest && left <= 1.0 { Ok(()) } else { Err(format!("{left} of {:?}", rows.last())) }
        })
        .await;
        assert_eq!(tom.count("#new_messages").await, 0);
        mei.say("and after").await;
        tom.shows_row("and after", "settled").await;
        assert!(tom.most_rows().await <= ROWS_MAX);
    })
    .await;
}
