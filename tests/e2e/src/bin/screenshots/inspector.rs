//! Screenshots of the connection inspector, from the top of the page to its end.

use super::{OutputFolder, open_browser};
use crate::appearance::{Appearance, Screen};
use e2e::{
    fixture::Fixture,
    page::Page,
    wait::{TIMEOUT, until},
};
use serde_json::json;

/// Width and height of each screen, high enough for the whole page.
const SIZES: [(Screen, u32, u32); 2] = [(Screen::Desktop, 1280, 5600), (Screen::Phone, 390, 8400)];

pub(crate) async fn take(fixture: &Fixture, output: &OutputFolder) {
    let server = fixture.server(&[]).await;
    for (screen, width, height) in SIZES {
        let page = Page(open_browser(fixture, screen, &server.url()).await);
        page.join_as(match screen {
            Screen::Desktop => "梅",
            Screen::Phone => "Tom",
        })
        .await;
        for appearance in Appearance::all(screen) {
            page.goto(&format!("{}/inspect", server.url())).await;
            appearance.apply(&page).await;
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
                "mobile": screen == Screen::Phone });
            page.devtools("Emulation.setDeviceMetricsOverride", size).await;
            page.find("#frame_rows li:nth-child(2)").await;
            page.click("#send_btn").await;
            until("the frame that answers", TIMEOUT, async || match page.count("#frame_rows li").await {
                count if count >= 4 => Ok(()),
                count => Err(count),
            })
            .await;
            page.click("#frame_rows li:nth-child(3) button").await;
            page.click("#location_note summary").await;
            page.click("#close_btn").await;
            page.expect_ready_state(3).await;
            page.click("#editor .answers li:last-child button").await;
            output.save(&page, "inspect", appearance).await;
        }
    }
}
