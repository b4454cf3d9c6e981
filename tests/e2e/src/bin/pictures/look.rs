//! How a picture is taken: on which screen, in which light, in which language.

use e2e::page::Page;
use serde_json::{Value, json};
use std::fmt;

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// 1280×800.
    Desktop,
    /// 390×844, touch.
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

/// One look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    screen: Screen,
    theme: &'static str,
    language: &'static str,
}

impl Look {
    /// The four of a screen.
    pub(crate) fn all(screen: Screen) -> Vec<Look> {
        let themes = ["light", "dark"].into_iter();
        themes.flat_map(|theme| ["en", "zh-CN"].map(|language| Look { screen, theme, language })).collect()
    }

    /// Lets the page look so: as if it had been chosen on an earlier visit.
    pub(crate) async fn put_on(self, page: &Page) {
        let script = "localStorage.setItem('teahouse.theme', arguments[0]);
            localStorage.setItem('teahouse.language', arguments[1])";
        let _: Value = page.run(script, vec![json!(self.theme), json!(self.language)]).await;
        page.reload().await;
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.language.split('-').next().unwrap_or_default();
        write!(f, "{}-{}-{language}", self.screen, self.theme)
    }
}
