//! The person's preferences in this browser: language and theme. A choice is saved in [`crate::storage`] and
//! written to attributes of `<html>`.

use crate::language::Language;
use crate::listener::Listener;
use crate::storage::{self, StorageKey};
use crate::theme::Theme;
use web_sys::Element;
use yew::prelude::*;

/// Change of one preference, as a switch passes it to [`Preferences::choose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferenceChange {
    /// Shows the page in this language from now on, and after a reload too.
    Language(Language),
    /// Shows the page in this theme from now on, and after a reload too.
    Theme(Theme),
}

/// Current preferences, and the callback that changes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferences {
    /// Language of the texts: the saved one, otherwise the first of the browser's languages that the page
    /// has.
    pub language: Language,
    /// Theme of the page: the saved one, otherwise [`Theme::System`].
    pub theme: Theme,
    /// Applies and saves a change. If the browser stores nothing, the change lasts until the page is
    /// reloaded.
    pub choose: Callback<PreferenceChange>,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences { language: Language::English, theme: Theme::System, choose: Callback::noop() }
    }
}

/// Returns the preferences, and renders the component again when they change, in this tab or in another. Only the two root components
/// use this hook; the others get the preferences from the context.
#[hook]
pub fn use_own_preferences() -> Preferences {
    let language = use_state_eq(kept_language);
    let theme = use_state_eq(kept_theme);
    // A choice in another tab applies here too.
    use_effect_with((), {
        let (language, theme) = (language.setter(), theme.setter());
        move |()| {
            let listener = Listener::of_window("storage", move |_| {
                language.set(kept_language());
                theme.set(kept_theme());
            });
            move || drop(listener)
        }
    });
    let choose = {
        let (language, theme) = (language.setter(), theme.setter());
        use_callback((), move |choice, ()| match choice {
            PreferenceChange::Language(chosen) => {
                storage::write(StorageKey::Language, Some(chosen.tag()));
                language.set(chosen);
            }
            PreferenceChange::Theme(chosen) => {
                storage::write(StorageKey::Theme, Some(chosen.name()));
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
            // The call fails only for an invalid name.
            drop(element.set_attribute(name, value));
        }
    };
    set(page.document_element(), "lang", language.tag());
    set(page.document_element(), "data-theme", theme.name());
    // The colour of the browser's own bars: one `<meta>` each for light and dark, chosen by its media query.
    let (light, dark) = match theme {
        Theme::System => ("(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"),
        Theme::Light => ("all", "not all"),
        Theme::Dark => ("not all", "all"),
    };
    set(page.get_element_by_id("bar_light"), "media", light);
    set(page.get_element_by_id("bar_dark"), "media", dark);
}

fn kept_language() -> Language {
    let kept = storage::read(StorageKey::Language).and_then(|tag| Language::from_tag(&tag));
    kept.unwrap_or_else(|| Language::preferred(browser_languages().iter().map(String::as_str)))
}

fn kept_theme() -> Theme {
    storage::read(StorageKey::Theme).and_then(|name| Theme::from_name(&name)).unwrap_or_default()
}

/// BCP 47 tags of the person's languages, the preferred one first; empty if the browser names none.
pub fn browser_languages() -> Vec<String> {
    let Some(window) = web_sys::window() else { return Vec::new() };
    window.navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}
