//! The reader's choices for this browser: language and theme. Kept in
//! [`crate::storage`] when chosen, written onto `<html>` when changed.

use crate::language::Language;
use crate::storage::{self, Slot};
use crate::theme::Theme;
use web_sys::Element;
use yew::prelude::*;

/// A choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferenceChange {
    /// Speak this.
    Language(Language),
    /// Look so.
    Theme(Theme),
}

/// What holds now, and how to choose otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferences {
    /// The language that is spoken.
    pub language: Language,
    /// The theme that was chosen.
    pub theme: Theme,
    /// Chooses.
    pub choose: Callback<PreferenceChange>,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences { language: Language::English, theme: Theme::System, choose: Callback::noop() }
    }
}

/// The preferences of this page; used once, by [`crate::page::Page`].
#[hook]
pub fn use_own_preferences() -> Preferences {
    let language = use_state(kept_language);
    let theme = use_state(kept_theme);
    let choose = {
        let (language, theme) = (language.setter(), theme.setter());
        use_callback((), move |choice, ()| match choice {
            PreferenceChange::Language(chosen) => {
                storage::write(Slot::Language, Some(chosen.tag()));
                language.set(chosen);
            }
            PreferenceChange::Theme(chosen) => {
                storage::write(Slot::Theme, Some(chosen.word()));
                theme.set(chosen);
            }
        })
    };
    let (language, theme) = (*language, *theme);
    use_effect_with((language, theme), move |_| write_onto_page(language, theme));
    Preferences { language, theme, choose }
}

fn write_onto_page(language: Language, theme: Theme) {
    let Some(page) = web_sys::window().and_then(|window| window.document()) else { return };
    let set = |element: Option<Element>, name, value| {
        if let Some(element) = element {
            // The name is valid, which is all that can fail.
            drop(element.set_attribute(name, value));
        }
    };
    set(page.document_element(), "lang", language.tag());
    set(page.document_element(), "data-theme", theme.word());
    // The browser's own bars: two colours, of which the media query picks one.
    let (light, dark) = match theme {
        Theme::System => ("(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"),
        Theme::Light => ("all", "not all"),
        Theme::Dark => ("not all", "all"),
    };
    set(page.get_element_by_id("bar_light"), "media", light);
    set(page.get_element_by_id("bar_dark"), "media", dark);
}

fn kept_language() -> Language {
    let kept = storage::read(Slot::Language).and_then(|tag| Language::from_tag(&tag));
    kept.unwrap_or_else(|| Language::preferred(browser_languages().iter().map(String::as_str)))
}

fn kept_theme() -> Theme {
    storage::read(Slot::Theme).and_then(|word| Theme::from_word(&word)).unwrap_or_default()
}

/// The reader's languages, the dearest first.
pub fn browser_languages() -> Vec<String> {
    let Some(window) = web_sys::window() else { return Vec::new() };
    window.navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}
