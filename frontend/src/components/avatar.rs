//! The avatar of a member: a square with the first letters of the name, in one of twelve colours.

use shared::MemberId;
use yew::prelude::*;

/// Number of colours: `hue_0` to `hue_11` in the stylesheet.
const HUES: u64 = 12;

/// Shows the square of a member, or of the passer-by with `tag`; `small` is its size in lists. The colour
/// follows from the id, so it stays when the name changes. A screen reader skips the square, because the name
/// is next to it.
pub fn avatar(id: MemberId, name: &str, tag: Option<u32>, small: bool) -> Html {
    let passer_by = id == MemberId::PASSER_BY;
    let hue = if passer_by { "hue_none".to_owned() } else { format!("hue_{}", id.0 % HUES) };
    let letters = match tag {
        Some(tag) if passer_by => tag.to_string(),
        _ => initials(name),
    };
    let alone = letters.chars().nth(1).is_none();
    let class = classes!("avatar", hue, small.then_some("small"), alone.then_some("one"));
    html! { <span {class} aria-hidden="true">{ letters }</span> }
}

/// Returns the first letters of the first two words, or the first character alone in scripts without spaces.
///
/// The stylesheet makes the letters upper case, because Rust's case tables would add 4 KB to the page.
pub fn initials(name: &str) -> String {
    let letter = |c: &char| !c.is_ascii() || c.is_ascii_alphanumeric();
    let mut words = name.split([' ', '-', '_', '.']).filter_map(|word| word.chars().find(letter));
    let first = words.next().or_else(|| name.chars().next());
    let alphabetic = |letter: &char| (*letter as u32) < FIRST_IDEOGRAPH;
    let second = first.filter(alphabetic).and_then(|_| words.next()).filter(alphabetic);
    first.into_iter().chain(second).collect()
}

/// First code point of the scripts that are written without spaces between words (CJK radicals).
const FIRST_IDEOGRAPH: u32 = 0x2e80;

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_follow_the_script() {
        let cases = [
            ("Jonas Okafor", "JO"),
            ("ann", "a"),
            ("mary-jane w. x", "mj"),
            ("林小满", "林"),
            ("阿 哲", "阿"),
            ("Li 明", "L"),
            ("🍵 house", "🍵"),
            ("🍵", "🍵"),
            ("", ""),
            ("éa", "é"),
        ];
        for (name, letters) in cases {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
