//! Rules for names of members and rooms, and the comparison of names.
//!
//! Two names are the same if they agree after NFKC, case folding and the confusables skeleton (UTS 39 §4),
//! because a person could mistake one for the other.

use shared::{ErrorCode, limits::NAME_CHARS_MAX};
use std::fmt;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Names that the page prints for passers-by and for the house itself. No member may take them.
const RESERVED: &[&str] = &["passer-by", "过客", "guest", "访客", "teahouse", "茶馆"];

/// Combining marks on one letter. More of them would cover the neighbouring lines.
const MARKS_MAX: usize = 3;

/// Valid name in Unicode normal form C.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
    key: NameKey,
}

/// Key that is equal for two names that look alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(String);

impl Name {
    /// Checks and normalises a name as a person typed it.
    ///
    /// # Errors
    /// [`ErrorCode::NameEmpty`], [`ErrorCode::NameTooLong`],
    /// [`ErrorCode::NameBadCharacter`], and [`ErrorCode::NameTaken`] for a
    /// reserved one.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        // The length is checked before anything is allocated, because a name may be a long body.
        if typed.len() > NAME_CHARS_MAX * 4 * 4 {
            return Err(ErrorCode::NameTooLong);
        }
        let normal: String = typed.nfc().collect();
        let text = normal.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(ErrorCode::NameEmpty);
        }
        if text.chars().count() > NAME_CHARS_MAX {
            return Err(ErrorCode::NameTooLong);
        }
        if text.chars().any(is_refused) || has_too_many_marks(&text) {
            return Err(ErrorCode::NameBadCharacter);
        }
        let name = Name { key: NameKey::of(&text), text };
        if RESERVED.iter().any(|word| NameKey::of(word) == name.key) {
            return Err(ErrorCode::NameTaken);
        }
        Ok(name)
    }

    /// Makes a name from the log, which was checked when it was committed. Newer Unicode tables do not
    /// invalidate it.
    pub fn from_log(text: &str) -> Self {
        Name { key: NameKey::of(text), text: text.to_owned() }
    }

    /// Returns the name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the key that no other name may share.
    pub fn key(&self) -> &NameKey {
        &self.key
    }

    /// Returns the first free name of `name 2`, `name 3`…; none if all up to 99 are taken.
    pub fn suggest(typed: &str, is_taken: impl Fn(&NameKey) -> bool) -> Option<String> {
        let base: String = typed.nfc().filter(|c| !is_refused(*c)).collect();
        (2..100)
            .map(|number| {
                let tail = format!(" {number}");
                let room = NAME_CHARS_MAX - tail.chars().count();
                let head: String = base.trim().chars().take(room).collect();
                format!("{}{tail}", head.trim_end())
            })
            .find(|candidate| Name::parse(candidate).is_ok_and(|name| !is_taken(name.key())))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl NameKey {
    fn of(text: &str) -> Self {
        let compatible: String = text.nfkc().collect();
        let folded = caseless::default_case_fold_str(&compatible);
        let skeleton: String = unicode_security::skeleton(&folded).collect();
        // The skeleton of a digit may be a capital letter (0 → O).
        NameKey(caseless::default_case_fold_str(&skeleton))
    }
}

fn is_space(c: char) -> bool {
    c == '\u{3000}' || c.general_category() == GeneralCategory::SpaceSeparator
}

/// Whether a character is invisible, a control or format character, private or unassigned.
fn is_refused(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180F}' | '\u{FFFC}' | '\u{FFFD}'
    );
    is_invisible
        || matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::PrivateUse
                | GeneralCategory::Surrogate
                | GeneralCategory::Unassigned
        )
}

fn has_too_many_marks(text: &str) -> bool {
    let mut marks = 0;
    text.nfd().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > MARKS_MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> NameKey {
        Name::parse(text).unwrap().key
    }

    #[test]
    fn a_name_in_any_script_is_accepted() {
        for name in
            ["林小满", "Jonas Okafor", "王师傅", "Ngô Bảo Châu", "Ольга", "だいすけ", "o'Neil-3", "🍵"]
        {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn white_space_in_a_name_is_trimmed_and_collapsed() {
        assert_eq!(Name::parse("  林　小满 \u{a0} x ").unwrap().as_str(), "林 小满 x");
        for empty in ["", " ", "\u{3000}\u{2003}"] {
            assert_eq!(Name::parse(empty), Err(ErrorCode::NameEmpty));
        }
    }

    #[test]
    fn the_length_of_a_name_is_counted_in_characters() {
        for (length, fits) in [(31, true), (32, true), (33, false)] {
            assert_eq!(Name::parse(&"茶".repeat(length)).is_ok(), fits, "{length}");
        }
        assert_eq!(Name::parse(&"a".repeat(1 << 20)), Err(ErrorCode::NameTooLong));
    }

    #[test]
    fn a_name_is_refused_when_it_has_invisible_characters() {
        for c in [
            '\0', '\n', '\t', '\u{200b}', '\u{200d}', '\u{202e}', '\u{feff}', '\u{3164}', '\u{2800}',
            '\u{e000}', '\u{fe0f}', '\u{2028}',
        ] {
            assert_eq!(Name::parse(&format!("a{c}b")), Err(ErrorCode::NameBadCharacter), "{c:?}");
        }
        assert_eq!(Name::parse("Z\u{300}\u{301}\u{302}\u{303}"), Err(ErrorCode::NameBadCharacter));
    }

    #[test]
    fn a_name_from_the_log_is_not_checked_again() {
        for text in ["a\u{200b}b", "", "teahouse", "Wei"] {
            assert_eq!(Name::from_log(text).as_str(), text);
        }
        assert_eq!(Name::from_log("Wei").key(), Name::parse("wei").unwrap().key());
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        for (a, b) in [
            ("Alice", "ALICE"),
            ("Alice", "Ａｌｉｃｅ"),
            ("paypal", "pаypal"),
            ("paypal", "paypa1"),
            ("Bob0", "bobO"),
            ("modern", "rnodern"),
        ] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_ne!(key("林小满"), key("林小滿"));
    }

    #[test]
    fn a_reserved_name_is_refused_as_taken() {
        for name in ["passer-by", "Passer-By", "过客", "Guest", "ＧＵＥＳＴ", "访客", "TeaHouse"] {
            assert_eq!(Name::parse(name), Err(ErrorCode::NameTaken), "{name}");
        }
    }

    #[test]
    fn a_free_name_is_suggested_when_a_name_is_taken() {
        let taken = [key("Wei"), key("Wei 2")];
        assert_eq!(Name::suggest("Wei", |key| taken.contains(key)).as_deref(), Some("Wei 3"));
        let long = "茶".repeat(32);
        let free = Name::suggest(&long, |_| false).unwrap();
        assert_eq!(free.chars().count(), 32);
        assert!(free.ends_with(" 2"));
        assert_eq!(Name::suggest("Wei", |_| true), None);
    }
}
