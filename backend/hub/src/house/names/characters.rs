//! Characters that no name may have: invisible, control, private and unassigned ones.

use super::joiners;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Combining marks on one letter. More of them would cover the neighbouring lines.
const MARKS_MAX: usize = 3;

/// Whether a character separates words.
pub(super) fn is_space(c: char) -> bool {
    c == '\u{3000}' || c.general_category() == GeneralCategory::SpaceSeparator
}

/// Whether a text in normal form C has a character, or a sequence of characters, that names must not have.
pub(super) fn has_refused(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let is_refused = |(index, c): (usize, &char)| is_invisible(*c) && !joiners::is_needed(&chars, index);
    chars.iter().enumerate().any(is_refused) || has_too_many_marks(text)
}

/// Whether a character is invisible, a control or format character, private or unassigned.
fn is_invisible(c: char) -> bool {
    let is_blank = matches!(
        c,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180F}' | '\u{FFFC}' | '\u{FFFD}'
    );
    is_blank
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
