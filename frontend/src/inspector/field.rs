//! A text field with a label and an error.

use crate::components::field_error::field_error;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Shows the label, the field and its fault, and calls `typed` with the whole text after each edit. `id` and
/// `error` are the ids of the field and of the line for the fault.
pub(super) fn field(
    (id, error): (&'static str, &'static str),
    label: AttrValue,
    value: &str,
    enabled: bool,
    fault: Option<AttrValue>,
    typed: Callback<String>,
) -> Html {
    let oninput = typed.reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    html! {
        <div key={id} class="form">
            <label for={id}>{ label }</label>
            <input {id} type="text" class="code" value={value.to_owned()} disabled={!enabled} autocomplete="off"
                spellcheck="false" autocapitalize="off" aria-describedby={error}
                aria-invalid={fault.is_some().to_string()} {oninput} />
            { field_error(error, fault) }
        </div>
    }
}
