//! The two switches that a reader has: language and theme.

use crate::components::choice::{Word, WordChoice};
use crate::context::use_preferences;
use crate::language::{Language, tr};
use crate::preferences::Choice;
use crate::theme::Theme;
use yew::prelude::*;

/// Which language to speak.
#[component]
pub fn LanguageChoice() -> Html {
    let preferences = use_preferences();
    let words = Language::ALL.map(|language| Word {
        value: language.tag(),
        label: language.own_name().into(),
        lang: Some(language.tag()),
    });
    let on_pick = use_callback(preferences.choose.clone(), |tag: &'static str, choose| {
        if let Some(language) = Language::from_tag(tag) {
            choose.emit(Choice::Language(language));
        }
    });
    let legend = tr!(preferences.language, "settings.language");
    html! { <WordChoice name="language" {legend} words={words.to_vec()} value={preferences.language.tag()} {on_pick} /> }
}

/// How to be lit.
#[component]
pub fn ThemeChoice() -> Html {
    let preferences = use_preferences();
    let language = preferences.language;
    let words = Theme::ALL.map(|theme| {
        let label = match theme {
            Theme::System => tr!(language, "settings.theme_system"),
            Theme::Light => tr!(language, "settings.theme_light"),
            Theme::Dark => tr!(language, "settings.theme_dark"),
        };
        Word { value: theme.word(), label, lang: None }
    });
    let on_pick = use_callback(preferences.choose.clone(), |word: &'static str, choose| {
        if let Some(theme) = Theme::from_word(word) {
            choose.emit(Choice::Theme(theme));
        }
    });
    let legend = tr!(language, "settings.theme");
    html! { <WordChoice name="theme" {legend} words={words.to_vec()} value={preferences.theme.word()} {on_pick} /> }
}
