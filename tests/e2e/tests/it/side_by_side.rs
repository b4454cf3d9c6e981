//! The inspector compares the transports: each is told every message, and the table says what it took.

use e2e::{
    catalogue::Catalogue,
    page::Page,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};
use serde_json::json;

/// The table: a row for each transport and one for sending, its cells without what groups their digits.
const TABLE: &str = "return [...document.querySelectorAll('#figures_table tbody tr')].map((row) =>
    [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent.replaceAll(',', ''))))";

/// What stands in the field that it was copied from.
const TEXT: &str = "return document.querySelector('#csv_text:not(.unseen)')?.textContent ?? ''";

async fn table(page: &Page) -> Vec<Vec<f64>> {
    page.run(TABLE, vec![]).await
}

/// Waits until this many messages were kept.
async fn sends(page: &Page, count: f64) {
    until(&format!("{count} messages"), SOON, async || {
        let table = table(page).await;
        if table.get(4).is_some_and(|sending| sending[0] >= count) {
            Ok(())
        } else {
            Err(format!("{table:?}"))
        }
    })
    .await;
}

/// Stops it, and waits until all is there.
async fn stop(page: &Page, catalogue: &Catalogue) {
    page.click("#side_btn").await;
    let Some((before, behind)) = catalogue.text("inspect.side_over").split_once("%{count}") else {
        panic!("the text has no place for a count");
    };
    until("the end", SOON, async || {
        let stage = page.text("#side_stage").await.unwrap_or_default();
        if stage.starts_with(before) && stage.ends_with(behind) { Ok(()) } else { Err(stage) }
    })
    .await;
}

async fn key(page: &Page, key: &str, code: u32) {
    for kind in ["rawKeyDown", "keyUp"] {
        let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
        page.devtools("Input.dispatchKeyEvent", event).await;
    }
}

async fn compared(kind: Kind, tag: &str, name: &str) {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let page = Page::join(stage.window(name, kind).await, &house.url(), name).await;
        page.goto(&format!("{}/inspect", house.url())).await;
        let catalogue = Catalogue::of(tag);
        until("the room's name", SOON, async || {
            let said = page.text("#side_room").await.unwrap_or_default();
            if said.contains(&format!("Inspector {name}")) { Ok(()) } else { Err(said) }
        })
        .await;

        // The interval, by the keyboard.
        page.find("#interval").await;
        page.run::<()>("document.querySelector('#interval').focus()", vec![]).await;
        key(&page, "ArrowLeft", 37).await;
        until("half a second", SOON, async || {
            let told = page.attribute("#interval", "aria-valuetext").await.unwrap_or_default();
            if told.starts_with("500") { Ok(()) } else { Err(told) }
        })
        .await;

        for _ in 0..2 {
            page.click("#side_btn").await;
            sends(&page, 4.0).await;
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
            // Twice a second, with or without something to tell; once for each message.
            assert!(poll[1] > long_poll[1] && long_poll[1] >= 4.0, "{table:?}");
            assert_eq!([stream[1], socket[1], sending[1]], [1.0, 1.0, sending[0]], "{table:?}");
        }

        // What is copied is what is seen.
        page.click("#csv_btn").await;
        let text: String = until("the text", SOON, async || {
            let text: String = page.run(TEXT, vec![]).await;
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
            assert_eq!(cells[0], 0.0, "nothing broke: {line}");
        }

        // The member has left the room again.
        page.goto(&house.url()).await;
        page.is_inside().await;
        let rooms: String = page.run("return document.body.textContent", vec![]).await;
        assert!(!rooms.contains("Inspector"), "{rooms}");
    })
    .await;
}

#[tokio::test]
async fn the_transports_are_compared() {
    compared(Kind::default(), "en", "Tom").await;
}

#[tokio::test]
async fn and_on_a_phone_in_chinese() {
    compared(Kind { languages: "zh-CN,zh", phone: true }, "zh-CN", "梅").await;
}
