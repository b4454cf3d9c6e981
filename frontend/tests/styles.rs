//! Rules of the style sheets that a test can check by reading them: sizes, and support by browsers.
#![cfg(not(target_arch = "wasm32"))]

const TOKENS: &str = include_str!("../src/styles/tokens.css");
const SHEETS: [&str; 3] =
    [TOKENS, include_str!("../src/styles/page.css"), include_str!("../src/styles/inspect.css")];

/// The style sheets without their comments.
fn sheets() -> impl Iterator<Item = String> {
    SHEETS.into_iter().map(|sheet| {
        let after_comment = |part: &str| part.split_once("*/").map(|(_, after)| after.to_owned());
        let mut parts = sheet.split("/*");
        let first = parts.next().unwrap_or_default().to_owned();
        first + &parts.filter_map(after_comment).collect::<String>()
    })
}

/// Values of a property in all style sheets.
fn values(property: &str) -> Vec<String> {
    let property = format!("{property}:");
    let value = |part: &str| part.split([';', '}']).next().unwrap_or_default().trim().to_owned();
    sheets().flat_map(|sheet| sheet.split(&property).skip(1).map(value).collect::<Vec<_>>()).collect()
}

#[test]
fn colours_need_no_browser_since_2024() {
    assert!(sheets().all(|sheet| !sheet.contains("light-dark(")));
}

#[test]
fn sizes_follow_the_font_size_of_the_browser() {
    for size in values("font-size") {
        // Letters in the boxes of avatars, whose size is fixed.
        let is_bounded = size == "11px" || size.starts_with("min(");
        assert!(size.starts_with("var(--t-") || size == "inherit" || is_bounded, "font-size: {size}");
    }
    let tokens = TOKENS.lines().filter_map(|line| line.trim().strip_prefix("--t-")?.split_once(": "));
    for (name, size) in tokens {
        let rem = size.trim_start_matches("max(16px, ").split("rem").next().unwrap_or_default();
        assert!(rem.parse::<f64>().is_ok_and(|rem| rem * 16.0 >= 11.0), "--t-{name}: {size}");
    }
    for query in sheets().flat_map(|sheet| sheet.lines().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!query.starts_with("@media") || !query.contains("px"), "{query}");
    }
}

#[test]
fn the_layout_changes_at_the_widths_of_the_style_sheet() {
    let layout = include_str!("../src/chat.rs");
    for width in ["(min-width: 45em)", "(min-width: 65em)"] {
        assert!(layout.contains(width) && SHEETS[1].contains(width), "{width}");
    }
}
