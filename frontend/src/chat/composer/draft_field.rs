//! The composer's text field, which shows the client's draft of one conversation.
//!
//! The field owns the text, which keys, pasting and scripts change. It reports each change to the client. It
//! applies the client's changes to the text, but not while an input method composes text.

use crate::chat::pending_edits::PendingEdits;
use client::input::Input;
use client::view::{Conversation, DraftView};
use js_sys::Function;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlTextAreaElement};
use yew::prelude::*;

/// DOM events of input methods, for which Yew has no listener attributes.
const COMPOSITION: [&str; 2] = ["compositionstart", "compositionend"];

/// Handle of the text field and its state; clones refer to the same field.
#[derive(Clone)]
pub(super) struct DraftField {
    field: NodeRef,
    /// Element that lays out the same text behind the field, so that the field grows with it.
    grow: NodeRef,
    known: Rc<RefCell<KnownDraft>>,
}

/// The last draft that the field and the client agreed on.
struct KnownDraft {
    conversation: Conversation,
    /// Revision of the client's draft; `None` before the first draft.
    revision: Option<u64>,
    text: String,
    /// Whether an input method is composing text. Meanwhile `pending_edits` collects the client's changes.
    composing: bool,
    pending_edits: PendingEdits,
}

impl DraftField {
    pub(super) fn new(field: NodeRef, grow: NodeRef) -> Self {
        let known = KnownDraft {
            conversation: Conversation::LOBBY,
            revision: None,
            text: String::new(),
            composing: false,
            pending_edits: PendingEdits::default(),
        };
        DraftField { field, grow, known: Rc::new(RefCell::new(known)) }
    }

    /// Conversation of the draft, and its text: the field's value with the client's pending edits applied.
    pub(super) fn text(&self) -> (Conversation, String) {
        let known = self.known.borrow();
        let field = self.element().map(|field| field.value()).unwrap_or_default();
        (known.conversation, known.pending_edits.text(&field))
    }

    /// Handles a possible change of the field: returns [`Input::DraftChanged`] if the client has another
    /// text.
    pub(super) fn typed(&self) -> Option<Input> {
        self.fit();
        let (conversation, text) = self.text();
        let mut known = self.known.borrow_mut();
        if known.text == text {
            return None;
        }
        known.text.clone_from(&text);
        Some(Input::DraftChanged { conversation, text })
    }

    /// Shows the client's draft if its conversation or revision is new. A new conversation replaces the field's text; a new
    /// revision is merged with what was typed. Returns [`Input::DraftChanged`] if the merged text differs
    /// from the client's.
    pub(super) fn take(&self, draft: &DraftView) -> Option<Input> {
        let mut known = self.known.borrow_mut();
        let is_new = known.revision.is_none() || known.conversation != draft.conversation;
        if !is_new && known.revision == Some(draft.revision) {
            return None;
        }
        known.revision = Some(draft.revision);
        let after = draft.text.as_ref().to_owned();
        if is_new {
            (known.conversation, known.composing, known.pending_edits) =
                (draft.conversation, false, PendingEdits::default());
            self.put(&after);
            known.text = after;
            return None;
        }
        let before = std::mem::replace(&mut known.text, after.clone());
        known.pending_edits.push(before, after);
        drop(known);
        self.settle();
        self.typed()
    }

    /// Applies the pending edits to the field, unless an input method is composing.
    fn settle(&self) {
        if !self.known.borrow().composing {
            let (_, text) = self.text();
            self.known.borrow_mut().pending_edits = PendingEdits::default();
            self.put(&text);
        }
    }

    /// Listens for the start and end of compositions in the field, and gives `emit` the resulting changes of
    /// the draft. Calling the returned function removes the listeners.
    pub(super) fn watch(&self, emit: Callback<Input>) -> impl FnOnce() + use<> {
        let (draft_field, field) = (self.clone(), self.element());
        let on_composition = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            draft_field.known.borrow_mut().composing = event.type_() == "compositionstart";
            draft_field.settle();
            if let Some(input) = draft_field.typed() {
                emit.emit(input);
            }
        });
        let listener = move |on_composition: &Closure<dyn FnMut(Event)>| {
            on_composition.as_ref().clone().unchecked_into::<Function>()
        };
        if let Some(field) = &field {
            for name in COMPOSITION {
                drop(field.add_event_listener_with_callback(name, &listener(&on_composition)));
            }
        }
        move || {
            if let Some(field) = field {
                for name in COMPOSITION {
                    drop(field.remove_event_listener_with_callback(name, &listener(&on_composition)));
                }
            }
        }
    }

    pub(super) fn focus(&self) {
        if let Some(field) = self.element() {
            drop(field.focus());
        }
    }

    fn element(&self) -> Option<HtmlTextAreaElement> {
        self.field.cast()
    }

    /// Sets the field's text. The caret keeps its distance from the end of the text.
    fn put(&self, text: &str) {
        let Some(field) = self.element() else { return };
        let old = field.value();
        if old != text {
            let units = |text: &str| text.encode_utf16().count() as u32;
            let caret = field.selection_start().ok().flatten();
            let from_end = caret.map_or(0, |caret| units(&old).saturating_sub(caret));
            field.set_value(text);
            // In some browsers, setting the selection of a field without the focus moves the focus there.
            let focused = web_sys::window().and_then(|window| window.document()?.active_element());
            if focused.as_ref() == Some(&field) {
                let caret = units(text).saturating_sub(from_end);
                drop(field.set_selection_range(caret, caret));
            }
        }
        self.fit();
    }

    /// Copies the text to the element behind the field, whose layout gives the field its height.
    fn fit(&self) {
        if let (Some(grow), Some(field)) = (self.grow.cast::<Element>(), self.element()) {
            drop(grow.set_attribute("data-text", &field.value()));
        }
    }
}
