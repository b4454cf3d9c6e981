//! Rules of the style sheets that a test can check by reading them.
#![cfg(not(target_arch = "wasm32"))]

const SHEETS: [&str; 3] = [
    include_str!("../src/styles/tokens.css"),
    include_str!("../src/styles/page.css"),
    include_str!("../src/styles/inspect.css"),
];

/// The style sheets without their comments.
fn sheets() -> impl Iterator<Item = String> {
    SHEETS.into_iter().map(|sheet| {
        let after_comment = |part: &str| part.split_once("*/").map(|(_, after)| after.to_owned());
        let mut parts = sheet.split("/*");
        let first = parts.next().unwrap_or_default().to_owned();
        first + &parts.filter_map(after_comment).collect::<String>()
    })
}

#[test]
fn colours_need_no_browser_since_2024() {
    assert!(sheets().all(|sheet| !sheet.contains("light-dark(")));
}
