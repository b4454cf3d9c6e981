//! The switches for language and theme: radio buttons in a row.

use crate::language::{Language, tr};
use crate::preferences::{PreferenceChange, Preferences};
use crate::theme::Theme;
use yew::prelude::*;

/// One option of a switch.
struct SwitchOption {
    value: &'static str,
    label: AttrValue,
    /// Language of the label, if it is not that of the page.
    lang: Option<&'static str>,
    chosen: bool,
    choice: PreferenceChange,
}

/// Shows the languages, each by its own name, and calls `preferences.choose` with the chosen one.
pub fn language_switch(preferences: &Preferences) -> Html {
    let options = Language::ALL.map(|language| SwitchOption {
        value: language.tag(),
        label: language.own_name().into(),
        lang: Some(language.tag()),
        chosen: language == preferences.language,
        choice: PreferenceChange::Language(language),
    });
    switch("language", tr!(preferences.language, "settings.language"), options, &preferences.choose)
}

/// Shows the themes (system, light, dark), and calls `preferences.choose` with the chosen one.
pub fn theme_switch(preferences: &Preferences) -> Html {
    let language = preferences.language;
    let options = Theme::ALL.map(|theme| SwitchOption {
        value: theme.name(),
        label: match theme {
            Theme::System => tr!(language, "settings.theme_system"),
            Theme::Light => tr!(language, "settings.theme_light"),
            Theme::Dark => tr!(language, "settings.theme_dark"),
        },
        lang: None,
        chosen: theme == preferences.theme,
        choice: PreferenceChange::Theme(theme),
    });
    switch("theme", tr!(language, "settings.theme"), options, &preferences.choose)
}

/// Draws a switch. `name` is that of the radio buttons, unique in the page.
fn switch(
    name: &'static str,
    legend: AttrValue,
    options: impl IntoIterator<Item = SwitchOption>,
    choose: &Callback<PreferenceChange>,
) -> Html {
    let options = options.into_iter().map(|SwitchOption { value, label, lang, chosen, choice }| {
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
            <div class="segmented_options">{ for options }</div>
        </fieldset>
    }
}
