//! The avatar of a member: a square with the first letters of the name, in one of twelve colours.

use js_sys::{Array, Function, Intl::Segmenter, Object, Reflect};
use shared::MemberId;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// Number of colours: `hue_0` to `hue_11` in the stylesheet.
const HUES: u64 = 12;

/// Shows the square of a member, or of the passer-by with `tag`; `small` is its size in lists. The colour
/// follows from the id, so it stays when the name changes. A screen reader skips the square, because the name
/// is next to it.
pub fn avatar(id: MemberId, name: &str, tag: Option<u32>, small: bool) -> Html {
    let passer_by = id == MemberId::PASSER_BY;
    let hue = if passer_by { "hue_none".to_owned() } else { format!("hue_{}", id.0 % HUES) };
    let (first, second) = match tag {
        Some(tag) if passer_by => (tag.to_string(), (tag > 9).then(String::new)),
        _ => initials(name, first_cluster),
    };
    let class = classes!("avatar", hue, small.then_some("small"), second.is_none().then_some("one"));
    html! { <span {class} aria-hidden="true">{ first }{ second.unwrap_or_default() }</span> }
}

/// Returns the first letters of the first two words, or the first character alone in scripts without spaces.
/// `first_cluster` returns the bytes of the first grapheme cluster of a text.
///
/// The stylesheet makes the letters upper case, because Rust's case tables would add 4 KB to the page.
pub fn initials(name: &str, first_cluster: impl Fn(&str) -> usize) -> (String, Option<String>) {
    let is_letter = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric();
    let words = name.split([' ', '-', '_', '.']);
    let mut words = words.filter_map(|word| word.find(is_letter).and_then(|at| word.get(at..)));
    let first = words.next().unwrap_or(name);
    let is_alphabetic = |text: &&str| text.starts_with(|letter: char| (letter as u32) < FIRST_IDEOGRAPH);
    let second = Some(first).filter(is_alphabetic).and_then(|_| words.next()).filter(is_alphabetic);
    let letter = |text: &str| text.get(..first_cluster(text)).unwrap_or_default().to_owned();
    (letter(first), second.map(letter))
}

/// Number of bytes of the first grapheme cluster of a text, as the browser divides it; of the first code point in
/// browsers without `Intl.Segmenter`.
fn first_cluster(text: &str) -> usize {
    let mut characters = text.chars();
    let first = characters.next().map_or(0, char::len_utf8);
    // A letter of ASCII or an ideograph begins another cluster, so most names need no segmenter.
    if characters.next().is_none_or(|next| next.is_ascii() || matches!(next, '\u{3400}'..='\u{9fff}')) {
        return first;
    }
    let cluster = || {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        Reflect::get(&intl, &"Segmenter".into()).ok()?.dyn_into::<Function>().ok()?;
        let segments = Segmenter::new(&Array::new(), &Object::new()).segment(text);
        let cluster = segments.containing(0)?.segment();
        Some(String::from(cluster).len())
    };
    cluster().unwrap_or(first)
}

/// First code point of the scripts that are written without spaces between words (CJK radicals).
const FIRST_IDEOGRAPH: u32 = 0x2e80;

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_follow_the_script() {
        let initials = |name| {
            let (first, second) = initials(name, |text| text.chars().next().map_or(0, char::len_utf8));
            first + &second.unwrap_or_default()
        };
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

    #[test]
    fn initials_are_whole_clusters() {
        let two = |text: &str| text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
        assert_eq!(initials("🇨🇳 小明", two), ("🇨🇳".to_owned(), None));
        assert_eq!(initials("e\u{301}a o\u{301}", two), ("e\u{301}".to_owned(), Some("o\u{301}".to_owned())));
        assert_eq!(initials("", two), (String::new(), None));
    }
}
