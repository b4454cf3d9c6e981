//! A member's square: the first letters of the name, on one of twelve colours.

use shared::MemberId;
use yew::prelude::*;

/// Colours there are (`hue_0` … in the stylesheet).
const HUES: u64 = 12;

/// The square of a member, or of the passer-by with this tag; small in lists.
/// A letter that stands alone is larger. The colour goes by the id, so that it
/// stays when the name changes. The name stands beside it, so it says nothing
/// itself.
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

/// The first letter of the first two words in scripts that have words, and the
/// first character in those that have none. The stylesheet makes them capital:
/// Rust's tables of letters would weigh 4 KB in the page.
pub fn initials(name: &str) -> String {
    let letter = |c: &char| !c.is_ascii() || c.is_ascii_alphanumeric();
    let mut words = name.split([' ', '-', '_', '.']).filter_map(|word| word.chars().find(letter));
    let first = words.next().or_else(|| name.chars().next());
    let alphabetic = |letter: &char| (*letter as u32) < FIRST_IDEOGRAPH;
    let second = first.filter(alphabetic).and_then(|_| words.next()).filter(alphabetic);
    first.into_iter().chain(second).collect()
}

/// Where the scripts without spaces between words begin (CJK radicals).
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
