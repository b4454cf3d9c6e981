//! One of some words, with what is wrong with the choice. It shows what is held, and not what was pressed: a choice that
//! is refused jumps back.

use crate::components::refused::refused;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What [`Select`] needs.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct SelectProps {
    /// The element's.
    pub id: &'static str,
    /// What is chosen there.
    pub label: AttrValue,
    /// The words to choose from.
    pub words: Vec<AttrValue>,
    /// The place of the one that is held.
    pub chosen: usize,
    /// The id of the place of the fault, if a choice can be refused.
    #[prop_or_default]
    pub error: Option<&'static str>,
    /// Why the last choice was refused.
    #[prop_or_default]
    pub fault: Option<AttrValue>,
    /// Where a choice goes, as its place.
    pub choose: Callback<usize>,
}

/// The label, the choice and the fault. Attributes do not move what a person has moved once: the property is set.
#[component]
pub(super) fn Select(props: &SelectProps) -> Html {
    let select = use_node_ref();
    use_effect_with(props.chosen, {
        let select = select.clone();
        move |chosen| show(&select, *chosen)
    });
    let onchange = {
        let (held, choose) = (props.chosen, props.choose.clone());
        let select = select.clone();
        Callback::from(move |event: Event| {
            let pressed = event.target_unchecked_into::<HtmlSelectElement>().selected_index();
            show(&select, held);
            // Nothing is chosen where it is below 0.
            if let Ok(place) = usize::try_from(pressed) {
                choose.emit(place);
            }
        })
    };
    let id = props.id;
    html! {
        <div>
            <label for={id}>{ props.label.clone() }</label>
            <select {id} ref={select} aria-describedby={props.error} {onchange}
                aria-invalid={props.error.map(|_| props.fault.is_some().to_string())}>
                { for props.words.iter().enumerate().map(|(place, word)| html! {
                    <option key={place} value={place.to_string()}>{ word }</option>
                }) }
            </select>
            { props.error.map(|error| refused(error, props.fault.clone())) }
        </div>
    }
}

fn show(select: &NodeRef, place: usize) {
    if let (Some(select), Ok(place)) = (select.cast::<HtmlSelectElement>(), i32::try_from(place)) {
        select.set_selected_index(place);
    }
}
