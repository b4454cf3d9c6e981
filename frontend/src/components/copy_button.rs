//! A button that copies the text above it.

use crate::context::use_app_context;
use crate::language::tr;
use crate::selection;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// Shows a button that copies the `<p>` or `<blockquote>` of the message or notice around it, and then says
/// whether the text was copied or only selected. It reads no view and emits no input.
#[component]
pub fn CopyButton() -> Html {
    let language = use_app_context().language();
    let copied = use_state_eq(|| None::<bool>);
    let onclick = {
        let copied = copied.setter();
        Callback::from(move |event: MouseEvent| {
            let Some(text) = text_above(&event) else { return };
            let copied = copied.clone();
            selection::copy(text.into(), move |is_copied| copied.set(Some(is_copied)));
        })
    };
    let label = match *copied {
        None => tr!(language, "row.copy"),
        Some(true) => tr!(language, "row.copied"),
        Some(false) => tr!(language, "row.selected"),
    };
    html! { <button type="button" class="copy" {onclick}>{ label }</button> }
}

fn text_above(event: &MouseEvent) -> Option<Element> {
    let button: Element = event.target()?.dyn_into().ok()?;
    button.closest(".message, .notice").ok()??.query_selector("[data-key], blockquote").ok()?
}
