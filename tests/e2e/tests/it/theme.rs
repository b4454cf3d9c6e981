//! The theme: light, dark, or the system's.

use e2e::{
    fixture::run,
    page::Page,
    wait::{TIMEOUT, until},
};
use serde_json::json;

async fn background(page: &Page) -> String {
    page.execute("return getComputedStyle(document.body).backgroundColor", vec![]).await
}

async fn choose_theme(page: &Page, theme: &str) {
    page.click(&format!("label:has(input[name=theme][value={theme}])")).await;
    until(&format!("data-theme {theme}"), TIMEOUT, async || {
        let set = page.attribute("html", "data-theme").await;
        if set.as_deref() == Some(theme) { Ok(()) } else { Err(format!("{set:?}")) }
    })
    .await;
}

async fn set_system_theme(page: &Page, scheme: &str) {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    page.devtools("Emulation.setEmulatedMedia", features).await;
}

#[tokio::test]
async fn the_chosen_theme_is_kept_and_the_systems_is_the_default() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = fixture.member(&server.url(), "梅").await;
        assert_eq!(page.attribute("html", "data-theme").await.as_deref(), Some("system"));
        set_system_theme(&page, "light").await;
        let light = background(&page).await;
        set_system_theme(&page, "dark").await;
        let dark = background(&page).await;
        assert_ne!(light, dark);

        page.click("#settings_btn").await;
        choose_theme(&page, "light").await;
        assert_eq!(background(&page).await, light);
        choose_theme(&page, "dark").await;
        set_system_theme(&page, "light").await;
        assert_eq!(background(&page).await, dark);
        page.reload().await;
        page.expect_connected().await;
        assert_eq!(page.attribute("html", "data-theme").await.as_deref(), Some("dark"));
        assert_eq!(background(&page).await, dark);
        page.click("#settings_btn").await;
        choose_theme(&page, "system").await;
        assert_eq!(background(&page).await, light);
    })
    .await;
}

#[tokio::test]
async fn the_chosen_theme_is_applied_before_the_program_has_loaded() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = fixture.member(&server.url(), "梅").await;
        set_system_theme(&page, "light").await;
        page.click("#settings_btn").await;
        choose_theme(&page, "dark").await;
        let dark = background(&page).await;
        // The program never comes. The policy has to allow the script that sets the theme.
        page.allow_error(&["_bg.wasm"]);
        page.allow_error(&["Failed to fetch"]);
        page.devtools("Network.enable", json!({})).await;
        page.devtools("Network.setBlockedURLs", json!({ "urls": ["*.wasm"] })).await;
        for path in ["/", "/inspect"] {
            page.goto(&format!("{}{path}", server.url())).await;
            assert_eq!(page.attribute("html", "data-theme").await.as_deref(), Some("dark"), "{path}");
            assert_eq!(background(&page).await, dark, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn states_are_visible_with_forced_colours() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page = fixture.member(&server.url(), "梅").await;
        let forced = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
        page.devtools("Emulation.setEmulatedMedia", forced).await;
        page.click("#settings_btn").await;
        page.find("input[name=theme]").await;
        let outline = "const style = getComputedStyle(document.querySelector(arguments[0]));
            return `${style.outlineStyle} ${style.outlineWidth}`";
        for (chosen, other) in [
            (".room_link[aria-current]", "#directory_btn"),
            ("input[name=theme]:checked + span", "input[name=theme]:not(:checked) + span"),
        ] {
            assert_eq!(page.execute::<String>(outline, vec![json!(chosen)]).await, "solid 2px", "{chosen}");
            assert_ne!(page.execute::<String>(outline, vec![json!(other)]).await, "solid 2px", "{other}");
        }
        let differs = "const dot = document.querySelector('#ready_state .dot');
            return getComputedStyle(dot).backgroundColor != getComputedStyle(dot.parentNode).backgroundColor";
        assert!(page.execute::<bool>(differs, vec![]).await, "the dot is not visible");
    })
    .await;
}
