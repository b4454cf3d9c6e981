//! The browser's own modal dialog: it keeps the focus inside, Escape closes
//! it, and the focus returns to where it was.

use crate::components::icon::Icon;
use crate::context::use_app_context;
use crate::language::tr;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

/// Where a dialog stands. On a phone the last two come up from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Along the start of the line.
    Start,
    /// Along the end of the line.
    End,
    /// In the middle.
    Middle,
    /// Below the buttons of the room.
    Corner,
}

/// What [`Dialog`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct DialogProps {
    /// Names what is in it; empty: it is closed.
    pub id: &'static str,
    /// Its heading.
    pub title: AttrValue,
    /// Where it stands.
    pub placement: Placement,
    /// Told when the person closes it.
    pub on_close: Callback<()>,
    /// What is in it.
    pub children: Html,
}

/// The dialog. There is one, for one thing at a time.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let language = use_app_context().language();
    let node = use_node_ref();
    let open = !props.id.is_empty();
    use_effect_with(props.id, {
        let node = node.clone();
        move |id| {
            let Some(dialog) = node.cast::<HtmlDialogElement>() else { return };
            match (!id.is_empty(), dialog.open()) {
                // Fails only for a dialog that is open without being modal.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                // Another thing is in it: the focus was on what is gone.
                (true, true) => {
                    let find = |selector| dialog.query_selector(selector).ok().flatten();
                    let first = find("[autofocus]").or_else(|| find("button"));
                    if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
                        drop(first.focus());
                    }
                }
                (false, false) => {}
            }
        }
    });
    // Escape and the browser's back gesture close it without asking us.
    let onclose = props.on_close.reform(|_: Event| ());
    let close = props.on_close.reform(|_: MouseEvent| ());
    // The dialog itself is hit only beside its content, on the backdrop.
    let onclick = {
        let on_close = props.on_close.clone();
        Callback::from(move |event: MouseEvent| {
            if event.target().is_some_and(|target| target.has_type::<HtmlDialogElement>()) {
                on_close.emit(());
            }
        })
    };
    let placement = match props.placement {
        Placement::Start => "start",
        Placement::End => "end",
        Placement::Middle => "middle",
        Placement::Corner => "corner",
    };
    html! {
        <dialog id={props.id} ref={node} class={placement} aria-label={props.title.clone()} {onclose} {onclick}>
            if open {
                <div key={props.id} class="dialog_body">
                    <div key="head" class="dialog_head">
                        <h2 dir="auto">{ props.title.clone() }</h2>
                        <button type="button" class="icon_button" aria-label={tr!(language, "dialog.close")}
                            title={tr!(language, "dialog.close")} onclick={close}>{ Icon::Close.draw() }</button>
                    </div>
                    <div key="content" class="dialog_content">{ props.children.clone() }</div>
                </div>
            }
        </dialog>
    }
}
