//! The appearance of a screenshot: its screen, theme and language.

use e2e::page::Page;
use serde_json::{Value, json};
use std::fmt;

/// The device whose screen is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// 1280×800 CSS pixels.
    Desktop,
    /// 390×844 CSS pixels, with touch.
    Phone,
}

impl Screen {
    pub(crate) const ALL: [Screen; 2] = [Screen::Desktop, Screen::Phone];
}

impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Screen::Desktop => "desktop",
            Screen::Phone => "phone",
        })
    }
}

/// One combination of screen, theme and language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appearance {
    screen: Screen,
    theme: &'static str,
    language: &'static str,
}

impl Appearance {
    /// The four combinations of themes and languages on one screen.
    pub(crate) fn all(screen: Screen) -> Vec<Appearance> {
        let themes = ["light", "dark"].into_iter();
        themes
            .flat_map(|theme| ["en", "zh-CN"].map(|language| Appearance { screen, theme, language }))
            .collect()
    }

    /// Saves theme and language as the settings do, then reloads the page.
    pub(crate) async fn apply(self, page: &Page) {
        let script = "localStorage.setItem('teahouse.theme', arguments[0]);
            localStorage.setItem('teahouse.language', arguments[1])";
        let _: Value = page.execute(script, vec![json!(self.theme), json!(self.language)]).await;
        page.reload().await;
    }
}

impl fmt::Display for Appearance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.language.split('-').next().unwrap_or_default();
        write!(f, "{}-{}-{language}", self.screen, self.theme)
    }
}
