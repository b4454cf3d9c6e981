//! The page's languages and its texts.
//!
//! The catalogues are `i18n/<tag>.json`; `build.rs` fails the build where they
//! differ, or where a [`tr!`](crate::language::tr) names what they do not have.

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

/// What `build.rs` made of the catalogues: `KEYS`, and `CATALOGUES` in the order of their tags.
mod catalogue {
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

/// The place of a key in every catalogue. Asked when the page is built: the keys are not in it.
#[doc(hidden)]
pub const fn place(key: &str) -> usize {
    let mut place = 0;
    while !is_same(catalogue::KEYS[place].as_bytes(), key.as_bytes()) {
        place += 1; // past the last: no catalogue has the key, and the build fails here
    }
    place
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The text at `place`. [`tr!`](crate::language::tr) calls it; the build has checked the key.
#[doc(hidden)]
pub fn text(language: Language, place: usize) -> AttrValue {
    AttrValue::Static(catalogue::CATALOGUES[language as usize].1[place])
}

/// The text at `place`, with its `%{name}`s filled in. `%{name:byte|bytes}` is the first form where
/// the value is 1, and the second elsewhere.
#[doc(hidden)]
pub fn filled(language: Language, place: usize, names: &[&str], values: &[String]) -> AttrValue {
    let text = catalogue::CATALOGUES[language as usize].1[place];
    let mut pieces = text.split('%');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.trim_start_matches('{').split_once('}').unwrap_or_default();
        let (name, forms) = name.split_once(':').unwrap_or((name, ""));
        let value = names.iter().zip(values).find(|(given, _)| **given == name);
        let value = value.map_or("", |(_, value)| value);
        filled.push_str(match forms.split_once('|') {
            Some((one, _)) if value == "1" => one,
            Some((_, other)) => other,
            None => value,
        });
        filled.push_str(rest);
    }
    AttrValue::from(filled)
}

/// `tr!(language, "key", name = value)`: a text of the catalogue.
macro_rules! tr {
    ($language:expr, $key:literal $(,)?) => {
        $crate::language::text($language, const { $crate::language::place($key) })
    };
    ($language:expr, $key:literal $(, $name:ident = $value:expr)+ $(,)?) => {
        $crate::language::filled(
            $language,
            const { $crate::language::place($key) },
            &[$(stringify!($name)),+],
            &[$(($value).to_string()),+],
        )
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
    fn each_language_has_its_catalogue() {
        assert_eq!(Language::ALL.map(Language::tag), catalogue::CATALOGUES.each_ref().map(|(tag, _)| *tag));
        assert_eq!(Language::ALL.map(|language| language as usize), [0, 1]);
    }

    #[test]
    fn a_value_is_shown_as_it_is() {
        for name in ["%", "100%", "%{name}", "%{rows}", "%%{", "{name}", "}", "{", "%}"] {
            for language in Language::ALL {
                let plain = tr!(language, "left.rows", name = "\u{1}", rows = 3);
                let told = tr!(language, "left.rows", name = name, rows = 3);
                assert_eq!(told.as_str(), plain.replace('\u{1}', name));
                let title = tr!(language, "house.title", room = name, house = name);
                assert_eq!(title, format!("{name} · {name}"));
            }
        }
    }

    #[test]
    fn a_text_comes_in_its_language_with_its_values() {
        assert_eq!(tr!(Language::English, "row.passer_by", tag = 3), "Guest 3");
        assert_eq!(tr!(Language::SimplifiedChinese, "row.passer_by", tag = 3), "访客 3");
        assert_eq!(tr!(Language::English, "room.lobby"), "Lobby");
        for (count, told) in [(0, "0 members"), (1, "1 member"), (2, "2 members"), (11, "11 members")] {
            assert_eq!(tr!(Language::English, "room.members", count = count), told);
        }
        assert_eq!(tr!(Language::SimplifiedChinese, "room.members", count = 1), "1 位成员");
        assert_eq!(
            tr!(Language::English, "composer.too_long", max = "%{over}", over = 7),
            "The message is 7 bytes over the limit of %{over}. Shorten it, or send it in parts."
        );
    }
}
