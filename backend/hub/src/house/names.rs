//! Rules for names of members and rooms, and the comparison of names.
//!
//! Two names are the same if they agree after NFKC, case folding and the confusables skeleton (UTS 39 §4),
//! because a person could mistake one for the other.
//!
//! * `characters`: characters that no name may have.
//! * `joiners`: joiners and variation selectors, which a name may have where a script or an emoji needs them.
//! * `reserved`: names that the page prints itself.

mod characters;
mod joiners;
mod reserved;

use shared::{
    ErrorCode,
    limits::{NAME_BYTES_MAX, NAME_CHARS_MAX},
};
use std::{
    fmt,
    sync::{Arc, LazyLock},
};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Valid name in Unicode normal form C. It is cheap to clone, and the copies of a house share it.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    text: Arc<str>,
    key: NameKey,
}

/// Key that is equal for two names that look alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(Arc<str>);

impl Name {
    /// Checks and normalises a name as a person typed it.
    ///
    /// # Errors
    /// [`ErrorCode::NameEmpty`], [`ErrorCode::NameTooLong`],
    /// [`ErrorCode::NameBadCharacter`], and [`ErrorCode::NameTaken`] for a
    /// reserved one.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        // The length is checked before anything is allocated, because a name may be a long body.
        if typed.len() > 4 * NAME_BYTES_MAX {
            return Err(ErrorCode::NameTooLong);
        }
        let normal: String = typed.nfc().collect();
        let words = normal.split(characters::is_space).filter(|word| !word.is_empty());
        let text = words.collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(ErrorCode::NameEmpty);
        }
        if text.len() > NAME_BYTES_MAX || text.graphemes(true).count() > NAME_CHARS_MAX {
            return Err(ErrorCode::NameTooLong);
        }
        if characters::has_refused(&text) {
            return Err(ErrorCode::NameBadCharacter);
        }
        let name = Name { key: NameKey::of(&text), text: text.into() };
        if reserved::is_reserved(&name.text) {
            return Err(ErrorCode::NameTaken);
        }
        Ok(name)
    }

    /// Makes a name from the log, which was checked when it was committed. Newer Unicode tables do not
    /// invalidate it.
    pub fn from_log(text: &str) -> Self {
        Name { key: NameKey::of(text), text: text.into() }
    }

    /// Returns the name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the key that no other name may share.
    pub fn key(&self) -> &NameKey {
        &self.key
    }

    /// Returns the first free name of `name 2`, `name 3`…; none if all up to 99 are taken, or reserved like the
    /// name itself.
    pub fn suggest(typed: &str, is_taken: impl Fn(&NameKey) -> bool) -> Option<String> {
        let base: String = typed.nfc().collect();
        if reserved::is_reserved(&base) {
            return None;
        }
        let clusters: Vec<&str> = base.trim().graphemes(true).collect();
        (2..100)
            .map(|number| {
                let tail = format!(" {number}");
                let mut count = clusters.len().min(NAME_CHARS_MAX - tail.len());
                let bytes_of = |count: usize| clusters.iter().take(count).map(|c| c.len()).sum::<usize>();
                while bytes_of(count) + tail.len() > NAME_BYTES_MAX {
                    count -= 1;
                }
                let head: String = clusters.iter().take(count).copied().collect();
                format!("{}{tail}", head.trim_end_matches([' ', joiners::ZWNJ]))
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
        if text.is_ascii() {
            return NameKey(ascii_skeleton(text).into());
        }
        // Joiners and variation selectors change the shape of a name, but two names that differ only in them
        // can be mistaken for each other.
        let visible: String = text.chars().filter(|c| !joiners::is_folded(*c)).collect();
        NameKey(skeleton(&visible).into())
    }
}

/// Returns the key of a text in ASCII, character by character. A house with many members computes many keys at
/// its start, and no character of ASCII is combined with another.
fn ascii_skeleton(text: &str) -> String {
    static SKELETONS: LazyLock<Vec<String>> = LazyLock::new(|| {
        (0..128).map(|byte: u8| skeleton(char::from(byte).encode_utf8(&mut [0; 4]))).collect()
    });
    let mut whole = String::with_capacity(2 * text.len());
    for skeleton in text.bytes().filter_map(|byte| SKELETONS.get(usize::from(byte))) {
        whole.push_str(skeleton);
    }
    whole
}

/// Returns a text that is equal for texts that look alike.
fn skeleton(text: &str) -> String {
    let compatible: String = text.nfkc().collect();
    let folded = caseless::default_case_fold_str(&compatible);
    let skeleton: String = unicode_security::skeleton(&folded).collect();
    // The skeleton of a digit may be a capital letter (0 → O).
    caseless::default_case_fold_str(&skeleton)
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
    fn a_character_of_a_name_is_a_grapheme_cluster() {
        for cluster in ["👩🏽\u{200d}💻", "ക്ഷ", "กำ", "🇨🇳", "Ź\u{302}", "ស្ត្រី"]
        {
            assert_eq!(Name::parse(cluster).unwrap().as_str(), cluster);
        }
        for (count, fits) in [(31, true), (32, true), (33, false)] {
            assert_eq!(Name::parse(&"🇨🇳".repeat(count)).is_ok(), fits, "{count}");
        }
    }

    #[test]
    fn the_bytes_of_a_name_are_bounded() {
        // 25 bytes each.
        let families = "👨\u{200d}👩\u{200d}👧\u{200d}👦".repeat(10);
        for (length, fits) in [(255, true), (256, true), (257, false)] {
            let name = format!("{families}{}", "é".repeat(2) + &"a".repeat(length - 254));
            assert_eq!(name.len(), length);
            assert_eq!(Name::parse(&name).is_ok(), fits, "{length}");
        }
        // A name may be typed in a longer form than the normal one.
        assert_eq!(Name::parse(&format!("{}x", " ".repeat(1023))).unwrap().as_str(), "x");
        assert_eq!(Name::parse(&format!("{}x", " ".repeat(1024))), Err(ErrorCode::NameTooLong));
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
    fn the_key_of_a_text_in_ascii_is_that_of_each_character() {
        for first in 0..128_u8 {
            for second in 0..128_u8 {
                let text: String = [first, second, first, second].map(char::from).into_iter().collect();
                assert_eq!(ascii_skeleton(&text), skeleton(&text), "{text:?}");
            }
        }
        assert_eq!(ascii_skeleton("Bob0 modern, 100%"), skeleton("Bob0 modern, 100%"));
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
        assert_eq!(Name::suggest("Guest", |_| false), None);
    }

    #[test]
    fn a_suggestion_keeps_grapheme_clusters_whole() {
        for cluster in ["👨\u{200d}👩\u{200d}👧\u{200d}👦", "🇨🇳", "ക്ഷ"] {
            let longest = (1..=NAME_CHARS_MAX).rev().map(|count| cluster.repeat(count));
            let typed = longest.into_iter().find(|name| Name::parse(name).is_ok()).unwrap();
            let free = Name::suggest(&typed, |_| false).unwrap();
            let head = free.strip_suffix(" 2").unwrap();
            assert_eq!(head, cluster.repeat(head.len() / cluster.len()));
        }
    }
}
