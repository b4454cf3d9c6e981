//! The browser's own modal dialog. It keeps the focus inside, Escape closes it, and afterwards the focus
//! returns to where it was.

use crate::components::focus;
use crate::components::icon::Icon;
use crate::context::use_app_context;
use crate::language::tr;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Place of a dialog in the window. On a phone, `Middle` and `Corner` are at the bottom of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The edge where lines start: left in English and Chinese.
    Start,
    /// The edge where lines end: right in English and Chinese.
    End,
    /// The middle of the window.
    Middle,
    /// Below the buttons in the header of the room.
    Corner,
}

/// Properties of [`Dialog`].
#[derive(Clone, PartialEq, Properties)]
pub struct DialogProps {
    /// The element's id, which names the content; the dialog is closed if it is empty.
    pub id: &'static str,
    /// Heading of the content, and the dialog's name for a screen reader.
    pub title: AttrValue,
    /// Place of the dialog in the window.
    pub placement: Placement,
    /// Called when the dialog closes, by a button, Escape, a click outside, or the parent.
    pub on_close: Callback<()>,
    /// Content below the heading; not rendered while the dialog is closed.
    pub children: Html,
}

/// Shows one content at a time, with a heading and a button to close. When the content changes while the
/// dialog is open, the focus moves to the new content. It reads no view and emits no input.
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
                // The call fails only for a dialog that is open without being modal.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                // The content changed, and the element that had the focus is gone.
                (true, true) => focus::restore(),
                (false, false) => {}
            }
        }
    });
    // Escape and the browser's back gesture close the dialog without a call of ours.
    let onclose = props.on_close.reform(|_: Event| ());
    let close = props.on_close.reform(|_: MouseEvent| ());
    // The pointer hits the dialog element itself only outside its content, on the backdrop. A press that begins in
    // a field and ends on the backdrop selects text, and its click has the dialog as target too.
    let outside = use_mut_ref(|| false);
    let on_press = {
        let on_close = props.on_close.clone();
        Callback::from(move |event: MouseEvent| {
            let is_outside = event.target().is_some_and(|target| target.has_type::<HtmlDialogElement>());
            let kind = event.type_();
            let is_outside = is_outside && (kind == "mousedown" || *outside.borrow());
            outside.replace(is_outside);
            if is_outside && kind == "click" {
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
        <dialog id={props.id} ref={node} class={placement} aria-label={props.title.clone()} {onclose}
            onmousedown={on_press.clone()} onmouseup={on_press.clone()} onclick={on_press}>
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
