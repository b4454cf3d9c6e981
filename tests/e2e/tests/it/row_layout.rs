//! The layout of rows: no message moves, and all have the same distance.

use e2e::{browser::BrowserOptions, fixture::run, page::Page, relay::Relay};
use serde_json::Value;

/// Records each row's node and geometry at every change of a row's state.
const WATCH_ROWS: &str = "window.samples = []; window.nodes = new Map();
    const list = document.querySelector('#char_list');
    const sample = () => { for (const p of list.querySelectorAll('p')) {
        const key = p.dataset.key;
        if (!nodes.has(key)) nodes.set(key, p);
        const row = p.closest('.message').getBoundingClientRect(), text = p.getBoundingClientRect();
        samples.push({ key, state: p.dataset.state, same: nodes.get(key) === p, row: row.height,
            left: text.left - row.left, top: text.top - row.top, width: text.width, height: text.height });
    } };
    new MutationObserver(sample).observe(list,
        { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] })";

/// Asserts that the newest message kept its node and its place while it passed through `states`.
async fn assert_row_stayed(page: &Page, states: &[&str]) {
    let samples: Vec<Value> = page.execute("return window.samples", vec![]).await;
    let last = samples.last().cloned().unwrap_or_default();
    let of_row: Vec<&Value> = samples.iter().filter(|sample| sample["key"] == last["key"]).collect();
    for state in states {
        assert!(of_row.iter().any(|sample| sample["state"] == *state), "never {state}: {of_row:#?}");
    }
    for sample in of_row {
        assert_eq!(sample["same"], true, "the node changed between local echo and history");
        for measure in ["row", "left", "top", "width", "height"] {
            assert_eq!(sample[measure], last[measure], "{measure} while {}: {samples:#?}", sample["state"]);
        }
    }
}

#[tokio::test]
async fn a_message_keeps_its_place_when_it_settles() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let _: Value = mei.execute(WATCH_ROWS, vec![]).await;
        mei.post("a cup of tea").await;
        mei.expect_rows(&["a cup of tea"]).await;
        assert_row_stayed(&mei, &["sending", "settled"]).await;
        mei.post("and another").await;
        mei.expect_rows(&["a cup of tea", "and another"]).await;
        assert_row_stayed(&mei, &["sending", "settled"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_waiting_message_keeps_its_place_when_it_settles() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let relay = fixture.keep(Relay::start(server.address()).await);
        let mei = fixture.member(&relay.url(), "梅").await;
        mei.allow_cut();
        mei.post("a cup of tea").await;
        mei.expect_rows(&["a cup of tea"]).await;
        let _: Value = mei.execute(WATCH_ROWS, vec![]).await;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        mei.post("and another").await;
        mei.expect_row("and another", "waiting").await;
        relay.heal().await;
        mei.expect_rows(&["a cup of tea", "and another"]).await;
        assert_row_stayed(&mei, &["waiting", "settled"]).await;
    })
    .await;
}

#[tokio::test]
async fn messages_of_one_author_have_equal_distances() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        for languages in ["en-US,en", "zh-CN,zh"] {
            let options = BrowserOptions { languages, ..BrowserOptions::default() };
            let page = Page::join(fixture.browser(languages, options).await, &server.url(), languages).await;
            let texts = ["one", "two", "three", "four"];
            for text in texts {
                page.post(text).await;
                page.expect_row(text, "settled").await;
            }
            let script = "return [...document.querySelectorAll('#char_list p')].slice(-4)
                .map((p) => p.getBoundingClientRect().top)";
            let tops: Vec<f64> = page.execute(script, vec![]).await;
            let distances: Vec<f64> = tops.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(
                distances.iter().all(|distance| (distance - distances[0]).abs() < 1.0),
                "{languages}: {distances:?}"
            );
        }
    })
    .await;
}
