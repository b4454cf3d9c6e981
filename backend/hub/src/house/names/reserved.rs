//! Names that the page prints for passers-by and for the house itself. No member may take them, with a number
//! or without one, in one language or in both.

use super::{NameKey, skeleton};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Words that the page prints, or an earlier page printed. Han words are listed in each of their forms.
const WORDS: &[&str] =
    &["passer-by", "过客", "過客", "guest", "访客", "訪客", "teahouse", "茶馆", "茶館", "茶舘"];

/// [`letters`] of each word.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| WORDS.iter().map(|word| letters(word)).collect());

/// Whether a name consists of reserved words, apart from numbers at its ends and of characters that are
/// neither letters nor numbers.
pub(super) fn is_reserved(name: &str) -> bool {
    let mut rest = letters(name);
    let has_letters = !rest.is_empty();
    while let Some(shorter) = KEYS.iter().find_map(|word| rest.strip_suffix(word.as_str())) {
        rest = shorter.to_owned();
    }
    has_letters && rest.is_empty()
}

/// Returns the key of a name without numbers at its ends, and of the rest only letters and numbers. Numbers
/// are removed first, because the key of a digit may be a letter.
fn letters(name: &str) -> String {
    let compatible: String = name.nfkc().collect();
    let NameKey(key) = NameKey::of(compatible.trim_matches(|c: char| !c.is_alphabetic()));
    skeleton(&key).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use crate::house::names::Name;
    use shared::ErrorCode;

    #[test]
    fn a_name_that_the_page_prints_is_refused_as_taken() {
        for name in [
            "passer-by",
            "Passer-By",
            "passer-by 1",
            "Passer by",
            "passer\u{2011}by 3",
            "Passer_by",
            "过客",
            "过客 1",
            "过客１",
            "過客",
            "Guest",
            "ＧＵＥＳＴ",
            "Guest 3",
            "Guest #12",
            "(Guest)",
            "guest ③",
            "guest ١",
            "Guėst",
            "访客",
            "访客 3",
            "訪客",
            "TeaHouse",
            "Tea House",
            "Teah0use 2",
            "茶馆",
            "茶館",
            "茶舘",
            "Teahouse 茶馆",
            "Teahouse · 茶馆",
            "🍵 Teahouse",
        ] {
            assert_eq!(Name::parse(name), Err(ErrorCode::NameTaken), "{name}");
        }
    }

    #[test]
    fn a_name_that_only_contains_a_reserved_word_is_accepted() {
        for name in ["Guestine", "Augusta Guest", "Guest of honour", "茶馆老板", "Passerby Pete", "3", "🍵"]
        {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn every_name_that_the_page_has_for_passers_by_and_itself_is_reserved() {
        for texts in [
            include_str!("../../../../../frontend/i18n/en.json"),
            include_str!("../../../../../frontend/i18n/zh-CN.json"),
        ] {
            for key in ["row.passer_by", "house.name"] {
                let (_, rest) = texts.split_once(&format!("\"{key}\": \"")).unwrap();
                let (text, _) = rest.split_once('"').unwrap();
                let name = text.replace("%{tag}", "7");
                assert_eq!(Name::parse(&name), Err(ErrorCode::NameTaken), "{name}");
            }
        }
    }
}
