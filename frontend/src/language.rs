//! The page's languages and its texts.
//!
//! The catalogues are `i18n/<tag>.json`; `build.rs` fails the build where they
//! differ, or where a [`tr!`](crate::language::tr) names what they do not have.

use std::borrow::Cow;
use yew::AttrValue;

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, also where none of the reader's languages is spoken here.
    English,
    /// Simplified Chinese.
    SimplifiedChinese,
}

impl Language {
    /// All, in the order of the switch.
    pub const ALL: [Language; 2] = [Language::English, Language::SimplifiedChinese];

    /// The BCP 47 tag: the name of its catalogue, and `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::SimplifiedChinese => "zh-CN",
        }
    }

    /// What its speakers call it: the switch must be readable to who cannot
    /// read the page.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::SimplifiedChinese => "简体中文",
        }
    }

    /// The language with this tag, `en` and not `en-GB`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Language::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The first of the reader's languages that the page speaks.
    pub fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let spoken = |tag: &str| Language::ALL.into_iter().find(|language| language.covers(tag));
        tags.into_iter().find_map(spoken).unwrap_or(Language::English)
    }

    /// Whether a reader of `tag` reads this language: every `zh` does, for
    /// there is no other Chinese here.
    pub fn covers(self, tag: &str) -> bool {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let own = self.tag().split('-').next().unwrap_or_default();
        primary.eq_ignore_ascii_case(own)
    }
}

/// Asked before the catalogues, and silent: see where it is named.
pub(crate) struct NothingMore;

impl rust_i18n::Backend for NothingMore {
    fn available_locales(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn translate(&self, _locale: &str, _key: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn messages_for_locale(&self, _locale: &str) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
        None
    }
}

/// The text under `key`, with its `%{name}`s filled in.
///
/// [`tr!`](crate::language::tr) calls it; the build has checked the key.
#[doc(hidden)]
pub fn text(language: Language, key: &'static str, names: &[&str], values: &[String]) -> AttrValue {
    let Some(text) = crate::_rust_i18n_try_translate(language.tag(), key) else {
        return AttrValue::Static(key);
    };
    if names.is_empty() {
        return match text {
            Cow::Borrowed(text) => AttrValue::from(text.to_owned()),
            Cow::Owned(text) => AttrValue::from(text),
        };
    }
    AttrValue::from(rust_i18n::replace_patterns(&text, names, values))
}

/// `tr!(language, "key", name = value)`: a text of the catalogue.
macro_rules! tr {
    ($language:expr, $key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::language::text($language, $key, &[$(stringify!($name)),*], &[$(($value).to_string()),*])
    };
}
pub(crate) use tr;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_spoken_here_is_taken() {
        let cases: [(&[&str], Language); 7] = [
            (&[], Language::English),
            (&["de-AT", "fr"], Language::English),
            (&["zh-Hans-CN", "en"], Language::SimplifiedChinese),
            (&["ZH-TW"], Language::SimplifiedChinese),
            (&["de", "zh", "en"], Language::SimplifiedChinese),
            (&["en-GB", "zh-CN"], Language::English),
            (&["enx", "zha"], Language::English),
        ];
        for (tags, language) in cases {
            assert_eq!(Language::preferred(tags.iter().copied()), language, "{tags:?}");
        }
    }

    #[test]
    fn a_text_comes_in_its_language_with_its_values() {
        assert_eq!(tr!(Language::English, "row.passer_by", tag = 3), "passer-by 3");
        assert_eq!(tr!(Language::SimplifiedChinese, "row.passer_by", tag = 3), "过客 3");
        assert_eq!(tr!(Language::English, "room.lobby"), "Lobby");
    }
}
