//! Reading in a long history: the visible messages do not move, and the list stays short.

use e2e::{
    fixture::run,
    wait::{TIMEOUT, until},
};
use serde_json::Value;

const LINES: u32 = 1_000;

/// Limit of rows in the list, as in the client's limits.
const ROWS_MAX: usize = 300;

#[tokio::test]
async fn the_list_does_not_jump_when_a_thousand_messages_are_paged_in() {
    run(async |fixture| {
        let server = fixture.server(&["--limit-posts", "0"]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        mei.post_lines(LINES).await;
        let tom = fixture.member(&server.url(), "Tom").await;
        until("the newest message", TIMEOUT, async || {
            let rows = tom.rows().await;
            rows.last().filter(|row| row.text.starts_with("line 1000")).map(|_| ()).ok_or(rows.len())
        })
        .await;
        tom.track_max_rows().await;
        let mut steps = Vec::new();
        // Scroll near the edge, to the edge, and a little further away.
        for top in [200, 0, 60, 333].into_iter().cycle() {
            let step = tom.scroll_up(top).await;
            assert!(step.changed, "no older message came: {step:?} after {steps:?}");
            assert!(step.moved <= 1.0, "{step:?} after {steps:?}");
            let is_first = step.oldest.starts_with("line 1\n");
            steps.push(step);
            if is_first {
                break;
            }
            assert!(steps.len() < 60, "{steps:?}");
        }
        assert!(tom.max_rows().await <= ROWS_MAX, "{}", tom.max_rows().await);
        assert!(tom.max_rows().await > ROWS_MAX - 50, "the list was never full");

        // New messages do not move a person who reads the history.
        let _: Value = tom.execute("document.querySelector('.scroll').scrollTop = 1200", vec![]).await;
        let read = tom.rows().await[40].key.clone();
        let before = tom.distance_from_top(&read).await;
        for number in 1..=5 {
            mei.post(&format!("news {number}")).await;
        }
        until("the number of new messages", TIMEOUT, async || {
            let bar = tom.text("#line_btn").await;
            let is_five = bar.as_deref().is_some_and(|bar| bar.starts_with("5 new"));
            if is_five { Ok(()) } else { Err(format!("{bar:?}")) }
        })
        .await;
        let after = tom.distance_from_top(&read).await;
        let moved = after.zip(before).map(|(after, before)| (after - before).abs());
        assert!(moved.is_some_and(|moved| moved <= 1.0), "{before:?} and then {after:?}");

        // One click returns to the newest message.
        tom.click("#latest_btn").await;
        until("the list to be at its end", TIMEOUT, async || {
            let script = "const list = document.querySelector('.scroll');
                return list.scrollHeight - list.scrollTop - list.clientHeight";
            let (left, rows): (f64, _) = (tom.execute(script, vec![]).await, tom.rows().await);
            let is_newest = rows.last().is_some_and(|row| row.text == "news 5");
            if is_newest && left <= 1.0 { Ok(()) } else { Err(format!("{left} of {:?}", rows.last())) }
        })
        .await;
        assert_eq!(tom.count("#new_messages").await, 0);
        mei.post("and after").await;
        tom.expect_row("and after", "settled").await;
        assert!(tom.max_rows().await <= ROWS_MAX);
    })
    .await;
}
