//! A switch of a few words, one of which holds: radio buttons in a row.

use yew::prelude::*;

/// One word of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// What is told when it is picked.
    pub value: &'static str,
    /// What it says.
    pub label: AttrValue,
    /// The language of the label, where it is not the page's.
    pub lang: Option<&'static str>,
}

/// What [`WordChoice`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct WordChoiceProps {
    /// Tells the groups of a page apart.
    pub name: &'static str,
    /// What the group is about.
    pub legend: AttrValue,
    /// The words.
    pub words: Vec<Word>,
    /// The one that holds.
    pub value: &'static str,
    /// Told the value that was picked.
    pub on_pick: Callback<&'static str>,
}

/// The switch.
#[component]
pub fn WordChoice(props: &WordChoiceProps) -> Html {
    let words = props.words.iter().map(|word| {
        let value = word.value;
        let onchange = props.on_pick.reform(move |_: Event| value);
        html! {
            <label key={value} lang={word.lang}>
                <input type="radio" name={props.name} value={value} checked={value == props.value} {onchange} />
                <span>{ word.label.clone() }</span>
            </label>
        }
    });
    html! {
        <fieldset class="choice">
            <legend>{ props.legend.clone() }</legend>
            <div class="choice_words">{ for words }</div>
        </fieldset>
    }
}
