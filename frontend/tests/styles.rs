//! Rules of the style sheets that a test can check by reading them: contrast, sizes, and support by browsers.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;

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

/// Colours of the tokens in the light and in the dark theme.
fn colours() -> BTreeMap<&'static str, [[f64; 3]; 2]> {
    let colour = |text: &str| {
        let digits = text.strip_prefix('#')?.get(..6)?;
        let channel = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok().map(f64::from);
        Some([channel(0)?, channel(2)?, channel(4)?])
    };
    let token = |line: &'static str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
        let both = value.strip_prefix("var(--light, ").and_then(|value| {
            let (light, dark) = value.split_once(") var(--dark, ")?;
            Some([colour(light)?, colour(dark)?])
        });
        Some((name, both.or_else(|| colour(value).map(|colour| [colour, colour]))?))
    };
    TOKENS.lines().filter_map(token).collect()
}

/// Contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let linear = |channel: f64| match channel / 255.0 {
        c if c <= 0.04045 => c / 12.92,
        c => ((c + 0.055) / 1.055).powf(2.4),
    };
    let luminance = |[r, g, b]: [f64; 3]| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[track_caller]
fn assert_contrast(least: f64, front: &[&str], back: &[&str]) {
    let colours = colours();
    for (front, back) in front.iter().flat_map(|front| back.iter().map(move |back| (front, back))) {
        for (theme, name) in ["light", "dark"].into_iter().enumerate() {
            let found = contrast(colours[front][theme], colours[back][theme]);
            assert!(found >= least, "{front} on {back} in the {name} theme: {found:.2}");
        }
    }
}

#[test]
fn contrast_is_computed_as_in_wcag() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([119.0; 3], [255.0; 3]) - 4.48).abs() < 0.01);
}

#[test]
fn text_has_enough_contrast() {
    let grounds = ["paper", "surface", "sunken"];
    assert_contrast(4.5, &["ink", "ink-2", "ink-3", "jade", "cinnabar", "amber"], &grounds);
    assert_contrast(4.5, &["ink", "ink-2"], &["jade-wash", "cinnabar-wash", "line"]);
    assert_contrast(4.5, &["jade", "amber"], &["jade-wash"]);
    assert_contrast(4.5, &["cinnabar"], &["cinnabar-wash"]);
    assert_contrast(4.5, &["jade-ink"], &["jade", "jade-deep"]);
    assert_contrast(4.5, &["cinnabar-ink"], &["cinnabar"]);
    let hues: Vec<String> = (0..12).map(|hue| format!("hue-{hue}")).chain(["hue-none".to_owned()]).collect();
    assert_contrast(4.5, &["hue-ink"], &hues.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn borders_of_fields_have_enough_contrast() {
    assert_contrast(3.0, &["edge", "jade", "cinnabar"], &["paper", "surface"]);
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
    assert!(values("font").iter().all(|font| !font.contains("px")), "{:?}", values("font"));
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
