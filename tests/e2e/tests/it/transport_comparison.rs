//! The inspector's comparison of the transports: each receives every message, and the table lists the
//! cost.

use e2e::{
    browser::BrowserOptions,
    catalogue::Catalogue,
    fixture::run,
    page::Page,
    wait::{TIMEOUT, until},
};
use serde_json::json;

/// Reads the table: a row for each transport and one for sending, without the separators of thousands.
const TABLE: &str = "return [...document.querySelectorAll('#figures_table tbody tr')].map((row) =>
    [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent.replaceAll(',', ''))))";

/// Reads the field from which the table is copied as CSV.
const CSV: &str = "return document.querySelector('#csv_text:not(.visually_hidden)')?.textContent ?? ''";

async fn table(page: &Page) -> Vec<Vec<f64>> {
    page.execute(TABLE, vec![]).await
}

/// Waits until this number of messages was sent.
async fn expect_sent(page: &Page, count: f64) {
    until(&format!("{count} messages"), TIMEOUT, async || {
        let table = table(page).await;
        if table.get(4).is_some_and(|sending| sending[0] >= count) {
            Ok(())
        } else {
            Err(format!("{table:?}"))
        }
    })
    .await;
}

/// Stops the comparison and waits for its result.
async fn stop(page: &Page, catalogue: &Catalogue) {
    page.click("#side_btn").await;
    let Some((before, after)) = catalogue.text("inspect.side_over").split_once("%{count}") else {
        panic!("the text has no placeholder for a count");
    };
    until("the result", TIMEOUT, async || {
        let state = page.text("#side_stage").await.unwrap_or_default();
        if state.starts_with(before) && state.ends_with(after) { Ok(()) } else { Err(state) }
    })
    .await;
}

async fn press_key(page: &Page, key: &str, code: u32) {
    for event_type in ["rawKeyDown", "keyUp"] {
        let event = json!({ "type": event_type, "key": key, "code": key, "windowsVirtualKeyCode": code });
        page.devtools("Input.dispatchKeyEvent", event).await;
    }
}

async fn compare_transports(options: BrowserOptions, tag: &str, name: &str) {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = Page::join(fixture.browser(name, options).await, &server.url(), name).await;
        // The archived room of the first comparison keeps its name, so the next one is refused it once.
        page.allow_refusal("409");
        page.goto(&format!("{}/inspect", server.url())).await;
        let catalogue = Catalogue::of(tag);
        until("the room's name", TIMEOUT, async || {
            let text = page.text("#side_room").await.unwrap_or_default();
            if text.contains(&format!("Inspector {name}")) { Ok(()) } else { Err(text) }
        })
        .await;

        // Set the interval with the keyboard.
        page.find("#interval").await;
        page.execute::<()>("document.querySelector('#interval').focus()", vec![]).await;
        press_key(&page, "ArrowLeft", 37).await;
        until("half a second", TIMEOUT, async || {
            let interval = page.attribute("#interval", "aria-valuetext").await.unwrap_or_default();
            if interval.starts_with("500") { Ok(()) } else { Err(interval) }
        })
        .await;

        for _ in 0..2 {
            page.click("#side_btn").await;
            expect_sent(&page, 4.0).await;
            stop(&page, &catalogue).await;
            assert_eq!(page.text("#side_error").await.as_deref(), Some(""));
            let table = table(&page).await;
            let [poll, long_poll, stream, socket, sending] = &table[..] else { panic!("{table:?}") };
            for row in &table {
                let [received, requests, up, down, p50, p99] = row[..] else { panic!("{row:?}") };
                assert_eq!(received, sending[0], "{table:?}");
                assert!(up > 100.0 * requests && down > 100.0 * requests, "{table:?}");
                assert!(p50 > 0.0 && p50 <= p99, "{table:?}");
            }
            // Polling asks twice a second; a long poll ends with each message.
            assert!(poll[1] > long_poll[1] && long_poll[1] >= 4.0, "{table:?}");
            assert_eq!([stream[1], socket[1], sending[1]], [1.0, 1.0, sending[0]], "{table:?}");
        }

        // The copied text equals the shown table.
        page.click("#csv_btn").await;
        let text: String = until("the CSV text", TIMEOUT, async || {
            let text: String = page.execute(CSV, vec![]).await;
            if text.is_empty() { Err("nothing") } else { Ok(text) }
        })
        .await;
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!((lines.len(), lines[6]), (7, ""), "{text}");
        assert!(lines[0].starts_with(catalogue.text("inspect.side_name")), "{text}");
        for (line, row) in lines[1..6].iter().zip(table(&page).await) {
            let cells: Vec<f64> =
                line.split(',').rev().take(7).map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
            assert!(cells[1..].iter().rev().eq(&row), "{line} {row:?}");
            assert_eq!(cells[0], 0.0, "a connection broke: {line}");
        }

        // The inspector's room was left again.
        page.goto(&server.url()).await;
        page.expect_connected().await;
        let rooms: String = page.execute("return document.body.textContent", vec![]).await;
        assert!(!rooms.contains("Inspector"), "{rooms}");
    })
    .await;
}

#[tokio::test]
async fn the_comparison_counts_the_cost_of_each_transport() {
    compare_transports(BrowserOptions::default(), "en", "Tom").await;
}

#[tokio::test]
async fn the_comparison_counts_the_cost_of_each_transport_on_a_phone_in_chinese() {
    compare_transports(BrowserOptions { languages: "zh-CN,zh", phone: true }, "zh-CN", "梅").await;
}
