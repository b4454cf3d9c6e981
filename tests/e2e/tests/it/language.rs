//! English and Chinese: chosen by the browser's language or in the settings.

use e2e::{
    browser::BrowserOptions,
    catalogue::Catalogue,
    fixture::run,
    page::Page,
    wait::{TIMEOUT, until},
};

const CHINESE: BrowserOptions = BrowserOptions { languages: "zh-CN,zh", phone: false };

async fn expect_language(page: &Page, tag: &str, selector: &str, key: &str) {
    let catalogue = Catalogue::of(tag);
    until(&format!("{key} in {tag}"), TIMEOUT, async || {
        let text = page.text(selector).await;
        if text.as_deref() == Some(catalogue.text(key)) { Ok(()) } else { Err(format!("{text:?}")) }
    })
    .await;
    assert_eq!(page.attribute("html", "lang").await.as_deref(), Some(tag));
}

async fn choose_language(page: &Page, tag: &str) {
    page.click(&format!("label:has(input[name=language][value=\"{tag}\"])")).await;
}

#[tokio::test]
async fn the_page_uses_the_browsers_language() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        for (name, options, tag) in [("Tom", BrowserOptions::default(), "en"), ("梅", CHINESE, "zh-CN")] {
            let page = Page::open(fixture.browser(name, options).await, &server.url()).await;
            expect_language(&page, tag, "#name_btn", "join.action").await;
            page.join_as(name).await;
            expect_language(&page, tag, ".header .description", "room.about").await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_language_is_kept_when_chosen_in_the_settings() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = Page::open(fixture.browser("Tom", BrowserOptions::default()).await, &server.url()).await;
        expect_language(&page, "en", "#name_btn", "join.action").await;
        choose_language(&page, "zh-CN").await;
        expect_language(&page, "zh-CN", "#name_btn", "join.action").await;
        page.join_as("Tom").await;
        expect_language(&page, "zh-CN", ".header .description", "room.about").await;
        page.reload().await;
        page.expect_connected().await;
        expect_language(&page, "zh-CN", ".header .description", "room.about").await;
        page.click("#settings_btn").await;
        choose_language(&page, "en").await;
        expect_language(&page, "en", ".header .description", "room.about").await;
        page.reload().await;
        page.expect_connected().await;
        expect_language(&page, "en", ".header .description", "room.about").await;
    })
    .await;
}
