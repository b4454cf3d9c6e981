//! English and Chinese: by the browser's language, and by the switch.

use e2e::{
    catalogue::Catalogue,
    page::Page,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};

const CHINESE: Kind = Kind { languages: "zh-CN,zh", phone: false };

async fn speaks(page: &Page, tag: &str, selector: &str, key: &str) {
    let catalogue = Catalogue::of(tag);
    until(&format!("{key} in {tag}"), SOON, async || {
        let text = page.text(selector).await;
        if text.as_deref() == Some(catalogue.text(key)) { Ok(()) } else { Err(format!("{text:?}")) }
    })
    .await;
    assert_eq!(page.attribute("html", "lang").await.as_deref(), Some(tag));
}

async fn pick(page: &Page, tag: &str) {
    page.click(&format!("label:has(input[name=language][value=\"{tag}\"])")).await;
}

#[tokio::test]
async fn the_browsers_language_chooses() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        for (name, kind, tag) in [("Tom", Kind::default(), "en"), ("梅", CHINESE, "zh-CN")] {
            let page = Page::visit(stage.window(name, kind).await, &house.url()).await;
            speaks(&page, tag, "#name_btn", "join.action").await;
            page.come_in(name).await;
            speaks(&page, tag, ".header .description", "room.about").await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_switch_chooses_and_is_remembered() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let page = Page::visit(stage.window("Tom", Kind::default()).await, &house.url()).await;
        speaks(&page, "en", "#name_btn", "join.action").await;
        pick(&page, "zh-CN").await;
        speaks(&page, "zh-CN", "#name_btn", "join.action").await;
        page.come_in("Tom").await;
        speaks(&page, "zh-CN", ".header .description", "room.about").await;
        page.reload().await;
        page.is_inside().await;
        speaks(&page, "zh-CN", ".header .description", "room.about").await;
        page.click("#settings_btn").await;
        pick(&page, "en").await;
        speaks(&page, "en", ".header .description", "room.about").await;
        page.reload().await;
        page.is_inside().await;
        speaks(&page, "en", ".header .description", "room.about").await;
    })
    .await;
}
