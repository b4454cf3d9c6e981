//! A switch of a few words, one of which holds: radio buttons in a row. There
//! are three, for the language, the theme and the way to the server.

use crate::components::pill::transport_word;
use crate::language::{Language, tr};
use crate::preferences::{Choice, Preferences};
use crate::theme::Theme;
use client::transport::Transport;
use yew::prelude::*;

/// One word of a switch.
struct Word<C> {
    value: &'static str,
    label: AttrValue,
    /// The language of the label, where it is not the page's.
    lang: Option<&'static str>,
    chosen: bool,
    choice: C,
}

/// Which language to speak.
pub fn language_choice(preferences: &Preferences) -> Html {
    let words = Language::ALL.map(|language| Word {
        value: language.tag(),
        label: language.own_name().into(),
        lang: Some(language.tag()),
        chosen: language == preferences.language,
        choice: Choice::Language(language),
    });
    switch("language", tr!(preferences.language, "settings.language"), words, &preferences.choose)
}

/// How to be lit.
pub fn theme_choice(preferences: &Preferences) -> Html {
    let language = preferences.language;
    let words = Theme::ALL.map(|theme| Word {
        value: theme.word(),
        label: match theme {
            Theme::System => tr!(language, "settings.theme_system"),
            Theme::Light => tr!(language, "settings.theme_light"),
            Theme::Dark => tr!(language, "settings.theme_dark"),
        },
        lang: None,
        chosen: theme == preferences.theme,
        choice: Choice::Theme(theme),
    });
    switch("theme", tr!(language, "settings.theme"), words, &preferences.choose)
}

/// Which way to the server to take: the best, or this one and no other.
pub fn transport_choice(
    language: Language,
    pinned: Option<Transport>,
    choose: &Callback<Option<Transport>>,
) -> Html {
    let automatic = Word {
        value: "automatic",
        label: tr!(language, "settings.automatic"),
        lang: None,
        chosen: pinned.is_none(),
        choice: None,
    };
    let one = |transport: Transport| Word {
        value: transport.name(),
        label: transport_word(language, transport),
        lang: None,
        chosen: pinned == Some(transport),
        choice: Some(transport),
    };
    let words = std::iter::once(automatic).chain(Transport::ALL.map(one));
    switch("transport", tr!(language, "settings.transport"), words, choose)
}

/// The switch. `name` tells the groups of a page apart.
fn switch<C: Copy + 'static>(
    name: &'static str,
    legend: AttrValue,
    words: impl IntoIterator<Item = Word<C>>,
    choose: &Callback<C>,
) -> Html {
    let words = words.into_iter().map(|Word { value, label, lang, chosen, choice }| {
        let onchange = choose.reform(move |_: Event| choice);
        html! {
            <label key={value} {lang}>
                <input type="radio" {name} {value} checked={chosen} {onchange} />
                <span>{ label }</span>
            </label>
        }
    });
    html! {
        <fieldset key={name} class="choice">
            <legend>{ legend }</legend>
            <div class="choice_words">{ for words }</div>
        </fieldset>
    }
}
