//! A `<select>` with a label and an error. It always shows the value of its property, so a refused choice
//! jumps back.

use crate::components::field_error::field_error;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Properties of [`Select`].
#[derive(Clone, PartialEq, Properties)]
pub(super) struct SelectProps {
    /// Id of the `<select>` element, unique in the page.
    pub id: &'static str,
    /// Text of the label.
    pub label: AttrValue,
    /// Texts of the options, in the order of their indices.
    pub labels: Vec<AttrValue>,
    /// Index of the option that is shown as chosen.
    pub chosen: usize,
    /// Id of the line for the fault; `None` if no choice can be refused.
    #[prop_or_default]
    pub error: Option<&'static str>,
    /// Reason why the last choice was refused.
    #[prop_or_default]
    pub fault: Option<AttrValue>,
    /// Called with the index of the option that the person picks. The parent decides whether `chosen`
    /// follows.
    pub choose: Callback<usize>,
}

/// Shows the label, the options and the fault, and reads no view. The selection is set through the DOM
/// property, because the attribute has no effect after the person has picked an option.
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
            // The index is -1 if no option is selected.
            if let Ok(index) = usize::try_from(pressed) {
                choose.emit(index);
            }
        })
    };
    let id = props.id;
    html! {
        <div>
            <label for={id}>{ props.label.clone() }</label>
            <select {id} ref={select} aria-describedby={props.error} {onchange}
                aria-invalid={props.error.map(|_| props.fault.is_some().to_string())}>
                { for props.labels.iter().enumerate().map(|(index, label)| html! {
                    <option key={index} value={index.to_string()}>{ label }</option>
                }) }
            </select>
            { props.error.map(|error| field_error(error, props.fault.clone())) }
        </div>
    }
}

fn show(select: &NodeRef, index: usize) {
    if let (Some(select), Ok(index)) = (select.cast::<HtmlSelectElement>(), i32::try_from(index)) {
        select.set_selected_index(index);
    }
}
