//! The connection inspector, from its top to its end.

use super::{Album, open};
use crate::look::{Look, Screen};
use e2e::{
    page::Page,
    stage::Stage,
    wait::{SOON, until},
};
use serde_json::json;

/// How high the picture is, so that all of it is in.
const HEIGHTS: [(Screen, u32, u32); 2] = [(Screen::Desktop, 1280, 4200), (Screen::Phone, 390, 6400)];

pub(crate) async fn take(stage: &Stage, album: &Album) {
    let house = stage.house(&[]).await;
    for (screen, width, height) in HEIGHTS {
        let page = Page(open(stage, screen, &house.url()).await);
        page.come_in(match screen {
            Screen::Desktop => "梅",
            Screen::Phone => "Tom",
        })
        .await;
        for look in Look::all(screen) {
            page.goto(&format!("{}/inspect", house.url())).await;
            look.put_on(&page).await;
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
                "mobile": screen == Screen::Phone });
            page.devtools("Emulation.setDeviceMetricsOverride", size).await;
            page.find("#frame_rows li:nth-child(2)").await;
            page.click("#send_btn").await;
            until("the answer", SOON, async || match page.count("#frame_rows li").await {
                count if count >= 4 => Ok(()),
                count => Err(count),
            })
            .await;
            page.click("#frame_rows li:nth-child(3) button").await;
            page.click("#close_btn").await;
            page.shows_ready_state(3).await;
            page.click("#editor .answers li:last-child button").await;
            album.take(&page, "inspect", look).await;
        }
    }
}
