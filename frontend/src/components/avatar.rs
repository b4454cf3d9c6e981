//! A member's square: the first letters of the name, on one of twelve colours.

use shared::MemberId;
use yew::prelude::*;

/// Colours there are (`hue_0` … in the stylesheet).
const HUES: u64 = 12;

/// What [`Avatar`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct AvatarProps {
    /// Whose; the colour goes by it, so that it stays when the name changes.
    pub id: MemberId,
    /// Today's name.
    pub name: AttrValue,
    /// Which passer-by.
    #[prop_or_default]
    pub tag: Option<u32>,
    /// The small one of lists.
    #[prop_or_default]
    pub small: bool,
}

/// The square. The name stands beside it, so it says nothing itself.
#[component]
pub fn Avatar(props: &AvatarProps) -> Html {
    let passer_by = props.id == MemberId::PASSER_BY;
    let hue = if passer_by { "hue_none".to_owned() } else { format!("hue_{}", props.id.0 % HUES) };
    let letters = match props.tag {
        Some(tag) if passer_by => tag.to_string(),
        _ => initials(&props.name),
    };
    html! {
        <span class={classes!("avatar", hue, props.small.then_some("small"))} aria-hidden="true">
            { letters }
        </span>
    }
}

/// The first letter of the first two words in scripts that have words, and the
/// first character in those that have none.
pub fn initials(name: &str) -> String {
    let mut words =
        name.split([' ', '-', '_', '.']).filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next().or_else(|| name.chars().next());
    let alphabetic = |letter: &char| (*letter as u32) < FIRST_IDEOGRAPH;
    let second = first.filter(alphabetic).and_then(|_| words.next()).filter(alphabetic);
    first.into_iter().chain(second).flat_map(char::to_uppercase).collect()
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
            ("ann", "A"),
            ("mary-jane w. x", "MJ"),
            ("林小满", "林"),
            ("阿 哲", "阿"),
            ("Li 明", "L"),
            ("🍵 house", "H"),
            ("🍵", "🍵"),
            ("", ""),
            ("éa", "É"),
        ];
        for (name, letters) in cases {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
