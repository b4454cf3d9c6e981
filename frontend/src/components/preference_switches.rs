//! A switch of a few words, one of which holds: radio buttons in a row. There
//! are two, for the language and for the theme.

use crate::language::{Language, tr};
use crate::preferences::{PreferenceChange, Preferences};
use crate::theme::Theme;
use yew::prelude::*;

/// One word of a switch.
struct SwitchOption {
    value: &'static str,
    label: AttrValue,
    /// The language of the label, where it is not the page's.
    lang: Option<&'static str>,
    chosen: bool,
    choice: PreferenceChange,
}

/// Which language to speak.
pub fn language_switch(preferences: &Preferences) -> Html {
    let words = Language::ALL.map(|language| SwitchOption {
        value: language.tag(),
        label: language.own_name().into(),
        lang: Some(language.tag()),
        chosen: language == preferences.language,
        choice: PreferenceChange::Language(language),
    });
    switch("language", tr!(preferences.language, "settings.language"), words, &preferences.choose)
}

/// How to be lit.
pub fn theme_switch(preferences: &Preferences) -> Html {
    let language = preferences.language;
    let words = Theme::ALL.map(|theme| SwitchOption {
        value: theme.word(),
        label: match theme {
            Theme::System => tr!(language, "settings.theme_system"),
            Theme::Light => tr!(language, "settings.theme_light"),
            Theme::Dark => tr!(language, "settings.theme_dark"),
        },
        lang: None,
        chosen: theme == preferences.theme,
        choice: PreferenceChange::Theme(theme),
    });
    switch("theme", tr!(language, "settings.theme"), words, &preferences.choose)
}

/// The switch. `name` tells the groups of a page apart.
fn switch(
    name: &'static str,
    legend: AttrValue,
    words: impl IntoIterator<Item = SwitchOption>,
    choose: &Callback<PreferenceChange>,
) -> Html {
    let words = words.into_iter().map(|SwitchOption { value, label, lang, chosen, choice }| {
        let onchange = choose.reform(move |_: Event| choice);
        html! {
            <label key={value} {lang}>
                <input type="radio" {name} {value} checked={chosen} {onchange} />
                <span>{ label }</span>
            </label>
        }
    });
    html! {
        <fieldset key={name} class="segmented">
            <legend>{ legend }</legend>
            <div class="segmented_options">{ for words }</div>
        </fieldset>
    }
}
