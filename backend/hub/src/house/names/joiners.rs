//! Joiners, variation selectors and tags: invisible characters that change the shape of their neighbours.
//!
//! A name may have one only where it has an effect: joiners by the contextual rules of RFC 5892 (A.1, A.2),
//! emoji sequences by UTS 51, and variation selectors after Han and Mongolian characters. Anywhere else it
//! would make a second name that looks like the first.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{CanonicalCombiningClass, EmojiModifier, ExtendedPictographic, JoiningType, Script},
};

/// Zero width non-joiner.
pub(super) const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
const TEXT_STYLE: char = '\u{FE0E}';
const EMOJI_STYLE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const MONGOLIAN_VOWEL_SEPARATOR: char = '\u{180E}';
const BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';

/// Regions whose flags are emoji tag sequences: England, Scotland and Wales.
const FLAG_REGIONS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// Whether a character does not distinguish two names: joiners and variation selectors.
pub(super) fn is_folded(c: char) -> bool {
    matches!(c, ZWNJ | ZWJ | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180F}')
}

/// Whether a script or an emoji needs the invisible character at `index`.
pub(super) fn is_needed(text: &[char], index: usize) -> bool {
    let Some((before, [c, after @ ..])) = text.split_at_checked(index) else { return false };
    let (last, next) = (before.last().copied(), after.first().copied());
    match *c {
        ZWNJ => is_after_virama(last) || is_between_joining_letters(before, after),
        ZWJ => is_after_virama(last) || is_in_emoji(before, next),
        EMOJI_STYLE if next == Some(KEYCAP) => {
            last.is_some_and(|c| matches!(c, '0'..='9' | '#' | '*')) || last.is_some_and(is_pictograph)
        }
        TEXT_STYLE | EMOJI_STYLE => last.is_some_and(is_pictograph),
        '\u{E0100}'..='\u{E01EF}' => last.is_some_and(|c| is_of(c, Script::Han)),
        '\u{180B}'..='\u{180D}' | '\u{180F}' => last.is_some_and(|c| is_of(c, Script::Mongolian)),
        // It stands between a letter and a final A or E.
        MONGOLIAN_VOWEL_SEPARATOR => {
            last.is_some_and(|c| is_of(c, Script::Mongolian)) && matches!(next, Some('\u{1820}' | '\u{1821}'))
        }
        '\u{E0020}'..='\u{E007F}' => is_in_flag(text, index),
        _ => false,
    }
}

fn is_after_virama(last: Option<char>) -> bool {
    let classes = CodePointMapData::<CanonicalCombiningClass>::new();
    last.is_some_and(|c| classes.get(c) == CanonicalCombiningClass::Virama)
}

/// RFC 5892 A.1: the letters around the non-joiner would be joined without it.
fn is_between_joining_letters(before: &[char], after: &[char]) -> bool {
    let types = CodePointMapData::<JoiningType>::new();
    let opaque = |c: &&char| types.get(**c) != JoiningType::Transparent;
    let left = before.iter().rev().find(opaque).map(|c| types.get(*c));
    let right = after.iter().find(opaque).map(|c| types.get(*c));
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// UTS 51: the joiner stands between two emoji, the first of which may have a modifier or the emoji style.
fn is_in_emoji(before: &[char], next: Option<char>) -> bool {
    let modifiers = CodePointSetData::new::<EmojiModifier>();
    let base = match before {
        [.., base, modifier] if *modifier == EMOJI_STYLE || modifiers.contains(*modifier) => Some(*base),
        _ => before.last().copied(),
    };
    base.is_some_and(is_pictograph) && next.is_some_and(is_pictograph)
}

/// Whether the tag at `index` belongs to the flag of a region.
fn is_in_flag(text: &[char], index: usize) -> bool {
    let Some(flag) = text.iter().take(index).rposition(|c| *c == BLACK_FLAG) else { return false };
    FLAG_REGIONS.iter().any(|region| {
        let tags = region.bytes().filter_map(|byte| char::from_u32(0xE0000 + u32::from(byte)));
        let tags: Vec<char> = tags.chain([CANCEL_TAG]).collect();
        index <= flag + tags.len() && text.get(flag + 1..).is_some_and(|rest| rest.starts_with(&tags))
    })
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

fn is_of(c: char, script: Script) -> bool {
    CodePointMapData::<Script>::new().get(c) == script
}

#[cfg(test)]
mod tests {
    use crate::house::names::Name;
    use shared::ErrorCode;

    #[test]
    fn a_joiner_is_accepted_where_a_script_needs_it() {
        for name in [
            "می\u{200c}خواهم",
            "علی\u{200c}رضا",
            "ශ්\u{200d}රී",
            "ക്\u{200d}ഷ",
            "ന്\u{200d}",
            "क्\u{200c}ष",
            // A mark between the letters is transparent.
            "مِ\u{200c}خ",
        ] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_joiner_or_selector_is_accepted_in_an_emoji() {
        for name in [
            "👩\u{200d}💻 Li",
            "👩🏽\u{200d}💻",
            "❤\u{fe0f}",
            "☎\u{fe0e} Bo",
            "🏳\u{fe0f}\u{200d}🌈",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "Kim 1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Isla",
        ] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_variation_selector_is_accepted_where_a_script_has_variants() {
        for name in ["葛\u{e0100}城", "ᠠ\u{180b}", "ᠨ\u{180e}ᠠ"] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_joiner_or_selector_is_refused_where_it_has_no_effect() {
        for name in [
            "A\u{200d}n",
            "\u{200d}",
            "\u{200c}",
            "Ann\u{fe0f}",
            "Ann\u{200c}",
            "\u{200c}Ann",
            // Alef never joins to the left.
            "ا\u{200c}ب",
            "می\u{200c}",
            "می\u{200c}\u{200c}خ",
            "ක්\u{200d}\u{200d}",
            "👩\u{200d}",
            "👩\u{200d}Li",
            "\u{200d}💻",
            "❤\u{fe0f}\u{fe0f}",
            "1\u{fe0f}",
            "A\u{e0100}",
            "葛\u{fe00}",
            "A\u{180b}",
            "🏴\u{e0067}\u{e0062}",
            "🏴\u{e0061}\u{e0062}\u{e0063}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}\u{e0061}",
            "A\u{e0067}",
        ] {
            assert_eq!(Name::parse(name), Err(ErrorCode::NameBadCharacter), "{name:?}");
        }
    }

    #[test]
    fn joiners_and_selectors_do_not_distinguish_names() {
        for (a, b) in [
            ("می\u{200c}خواهم", "میخواهم"),
            ("ශ්\u{200d}රී", "ශ්රී"),
            ("❤\u{fe0f}", "❤"),
            ("👩\u{200d}💻", "👩💻"),
            ("葛\u{e0100}城", "葛城"),
        ] {
            assert_eq!(Name::parse(a).unwrap().key(), Name::parse(b).unwrap().key(), "{a:?}");
        }
    }
}
