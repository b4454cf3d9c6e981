//! How messages lie in the list: nothing moves, and nothing stands uneven.

use e2e::{page::Page, relay::Relay, stage::play, window::Kind};
use serde_json::Value;

/// Writes down, at each change of a row's state, which node it was and how it
/// lay in the list.
const WATCH_ROWS: &str = "window.seen = []; window.nodes = new Map();
    const list = document.querySelector('#char_list');
    const look = () => { for (const p of list.querySelectorAll('p')) {
        const key = p.dataset.key;
        if (!nodes.has(key)) nodes.set(key, p);
        const row = p.closest('.message').getBoundingClientRect(), text = p.getBoundingClientRect();
        seen.push({ key, state: p.dataset.state, same: nodes.get(key) === p, row: row.height,
            left: text.left - row.left, top: text.top - row.top, width: text.width, height: text.height });
    } };
    new MutationObserver(look).observe(list,
        { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] })";

/// The second message of `page`, which has no head of its own, keeps its node
/// and its place while it goes through `states`.
async fn stays_in_its_place(page: &Page, states: &[&str]) {
    let seen: Vec<Value> = page.run("return window.seen", vec![]).await;
    let last = seen.last().cloned().unwrap_or_default();
    let of_it: Vec<&Value> = seen.iter().filter(|look| look["key"] == last["key"]).collect();
    for state in states {
        assert!(of_it.iter().any(|look| look["state"] == *state), "never {state}: {of_it:#?}");
    }
    for look in of_it {
        assert_eq!(look["same"], true, "one node from echo to history");
        for measure in ["row", "left", "top", "width", "height"] {
            assert_eq!(look[measure], last[measure], "{measure} while {}: {seen:#?}", look["state"]);
        }
    }
}

#[tokio::test]
async fn a_message_settles_where_it_stands() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let _: Value = mei.run(WATCH_ROWS, vec![]).await;
        mei.say("a cup of tea").await;
        mei.shows(&["a cup of tea"]).await;
        stays_in_its_place(&mei, &["sending", "settled"]).await;
        mei.say("and another").await;
        mei.shows(&["a cup of tea", "and another"]).await;
        stays_in_its_place(&mei, &["sending", "settled"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_waited_settles_where_it_stands() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let relay = stage.keep(Relay::before(house.address()).await);
        let mei = stage.guest(&relay.url(), "梅").await;
        mei.allow_cut();
        mei.say("a cup of tea").await;
        mei.shows(&["a cup of tea"]).await;
        let _: Value = mei.run(WATCH_ROWS, vec![]).await;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        mei.say("and another").await;
        mei.shows_row("and another", "waiting").await;
        relay.heal().await;
        mei.shows(&["a cup of tea", "and another"]).await;
        stays_in_its_place(&mei, &["waiting", "settled"]).await;
    })
    .await;
}

#[tokio::test]
async fn lines_of_one_author_stand_evenly() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        for languages in ["en-US,en", "zh-CN,zh"] {
            let kind = Kind { languages, ..Kind::default() };
            let page = Page::join(stage.window(languages, kind).await, &house.url(), languages).await;
            let texts = ["one", "two", "three", "four"];
            for text in texts {
                page.say(text).await;
                page.shows_row(text, "settled").await;
            }
            let script = "return [...document.querySelectorAll('#char_list p')].slice(-4)
                .map((p) => p.getBoundingClientRect().top)";
            let tops: Vec<f64> = page.run(script, vec![]).await;
            let steps: Vec<f64> = tops.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1.0), "{languages}: {steps:?}");
        }
    })
    .await;
}
