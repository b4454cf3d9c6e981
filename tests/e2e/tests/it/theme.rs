//! Light, dark, or as the system has it.

use e2e::{
    page::Page,
    stage::play,
    wait::{SOON, until},
};
use serde_json::json;

async fn background(page: &Page) -> String {
    page.run("return getComputedStyle(document.body).backgroundColor", vec![]).await
}

async fn pick(page: &Page, theme: &str) {
    page.click(&format!("label:has(input[name=theme][value={theme}])")).await;
    until(&format!("data-theme {theme}"), SOON, async || {
        let set = page.attribute("html", "data-theme").await;
        if set.as_deref() == Some(theme) { Ok(()) } else { Err(format!("{set:?}")) }
    })
    .await;
}

async fn system_is(page: &Page, scheme: &str) {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    page.devtools("Emulation.setEmulatedMedia", features).await;
}

#[tokio::test]
async fn the_theme_is_chosen_kept_and_else_the_systems() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let page = stage.guest(&house.url(), "梅").await;
        assert_eq!(page.attribute("html", "data-theme").await.as_deref(), Some("system"));
        system_is(&page, "light").await;
        let light = background(&page).await;
        system_is(&page, "dark").await;
        let dark = background(&page).await;
        assert_ne!(light, dark);

        page.click("#settings_btn").await;
        pick(&page, "light").await;
        assert_eq!(background(&page).await, light);
        pick(&page, "dark").await;
        system_is(&page, "light").await;
        assert_eq!(background(&page).await, dark);
        page.reload().await;
        page.is_inside().await;
        assert_eq!(page.attribute("html", "data-theme").await.as_deref(), Some("dark"));
        assert_eq!(background(&page).await, dark);
        page.click("#settings_btn").await;
        pick(&page, "system").await;
        assert_eq!(background(&page).await, light);
    })
    .await;
}
