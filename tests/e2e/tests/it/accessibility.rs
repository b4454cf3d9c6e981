//! axe-core finds no serious fault in any main view, in both themes, on a desktop and on a phone.
//!
//! The variable `AXE_CORE` names axe-core's program; `cargo xtask test e2e` sets it. Without it these tests do nothing.

use e2e::{
    browser::{Browser, BrowserOptions},
    fixture,
    page::Page,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{env, fs};

/// Runs axe-core on the document as it is.
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map((it) => ({
        id: it.id, impact: it.impact ?? 'minor', nodes: it.nodes.map((node) => node.html.slice(0, 200)) }))))";

/// A rule that the document breaks.
#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: String,
    nodes: Vec<String>,
}

#[tokio::test]
async fn no_view_has_a_serious_fault_on_a_desktop() {
    check_views(false).await;
}

#[tokio::test]
async fn no_view_has_a_serious_fault_on_a_phone() {
    check_views(true).await;
}

async fn check_views(phone: bool) {
    let Some(path) = env::var_os("AXE_CORE") else {
        eprintln!("AXE_CORE is not set: nothing is checked");
        return;
    };
    let axe = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    fixture::run(async |fixture| {
        let server = fixture.server(&[]).await;
        let browser = fixture.browser("reader", BrowserOptions { phone, ..BrowserOptions::default() }).await;
        if !phone {
            browser.resize(1280, 800).await;
        }
        let page = Page::open(browser, &server.url()).await;
        let mut faults = check(&page, &axe, "the join page", false).await;
        page.join_as("Ann").await;
        page.write("a message").await;
        page.click("#send_btn").await;
        page.expect_rows(&["a message"]).await;
        faults.extend(check(&page, &axe, "the chat", true).await);
        for (view, button, part) in [
            ("the directory", "#directory_btn", "#find_str"),
            ("the settings", "#settings_btn", "#rename_str"),
        ] {
            if phone {
                page.click("#menu_btn").await;
            }
            page.click(button).await;
            page.find(part).await;
            faults.extend(check(&page, &axe, view, false).await);
            page.reload().await;
            page.expect_connected().await;
        }
        page.goto(&format!("{}/inspect", server.url())).await;
        page.find("h1").await;
        faults.extend(check(&page, &axe, "the inspector", false).await);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

/// Runs axe-core in both themes and returns a sentence for each serious fault; with `strict` for each moderate one too.
async fn check(browser: &Browser, axe: &str, view: &str, strict: bool) -> Vec<String> {
    // The driver runs scripts outside the page's content security policy.
    let _: Value = browser.execute(axe, vec![]).await;
    let mut faults = Vec::new();
    for theme in ["light", "dark"] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" }] });
        browser.devtools("Emulation.setEmulatedMedia", media).await;
        let violations: Vec<Violation> = browser.execute_async(RUN, vec![]).await;
        for Violation { id, impact, nodes } in violations {
            if matches!(impact.as_str(), "serious" | "critical") || (strict && impact == "moderate") {
                faults.push(format!("{view}, {theme}: {id} ({impact}): {nodes:?}"));
            }
        }
    }
    faults
}
