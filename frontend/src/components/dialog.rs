//! The browser's own modal dialog: it keeps the focus inside, Escape closes
//! it, and the focus returns to where it was.

use crate::components::icon::Icon;
use crate::context::use_surroundings;
use crate::language::tr;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Where a dialog stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the middle.
    Middle,
    /// Along the start of the line.
    Start,
    /// Along the end of the line.
    End,
}

/// What [`Dialog`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct DialogProps {
    /// Names it.
    pub id: &'static str,
    /// Its heading.
    pub title: AttrValue,
    /// Where it stands.
    pub place: Place,
    /// Whether it is there.
    pub open: bool,
    /// Told when the person closes it.
    pub on_close: Callback<()>,
    /// What is in it, rendered only while it is open.
    pub children: Children,
}

/// The dialog.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let language = use_surroundings().language();
    let node = use_node_ref();
    use_effect_with(props.open, {
        let node = node.clone();
        move |open| {
            let Some(dialog) = node.cast::<HtmlDialogElement>() else { return };
            match (*open, dialog.open()) {
                // Fails only for a dialog that is open without being modal.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                _ => {}
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
    let place = match props.place {
        Place::Middle => "middle",
        Place::Start => "start",
        Place::End => "end",
    };
    html! {
        <dialog id={props.id} ref={node} class={place} aria-label={props.title.clone()} {onclose} {onclick}>
            if props.open {
                <div class="dialog_body">
                    <div key="head" class="dialog_head">
                        <h2>{ props.title.clone() }</h2>
                        <button type="button" class="icon_button" aria-label={tr!(language, "dialog.close")}
                            title={tr!(language, "dialog.close")} onclick={close}>{ Icon::Close.draw() }</button>
                    </div>
                    <div key="content" class="dialog_content">{ for props.children.iter() }</div>
                </div>
            }
        </dialog>
    }
}
