//! The field, and the draft that it shows. The field alone has the text, so that whatever way it
//! came in counts; the client is told of each change, and what it changes by itself is taken over
//! here, but never under the hands of an input method.

use crate::chat::pending_edits::PendingEdits;
use client::input::Input;
use client::view::DraftView;
use js_sys::Function;
use shared::RoomId;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlTextAreaElement};
use yew::prelude::*;

/// Yew has no listeners for these.
const COMPOSITION: [&str; 2] = ["compositionstart", "compositionend"];

/// The field with all that belongs to it.
#[derive(Clone)]
pub(super) struct DraftField {
    field: NodeRef,
    /// Lays out the same text behind the field, so that it grows with it.
    grow: NodeRef,
    known: Rc<RefCell<KnownDraft>>,
}

/// What the client holds, as far as it was told and has told.
struct KnownDraft {
    room: RoomId,
    /// None before the first draft.
    revision: Option<u64>,
    text: String,
    /// An input method is at work, and what the field has not taken because of it.
    composing: bool,
    pending_edits: PendingEdits,
}

impl DraftField {
    pub(super) fn new(field: NodeRef, grow: NodeRef) -> Self {
        let known = KnownDraft {
            room: RoomId::LOBBY,
            revision: None,
            text: String::new(),
            composing: false,
            pending_edits: PendingEdits::default(),
        };
        DraftField { field, grow, known: Rc::new(RefCell::new(known)) }
    }

    /// The room, and the text that the field stands for.
    pub(super) fn text(&self) -> (RoomId, String) {
        let known = self.known.borrow();
        let field = self.element().map(|field| field.value()).unwrap_or_default();
        (known.room, known.pending_edits.text(&field))
    }

    /// The field changed: what the client is to be told.
    pub(super) fn typed(&self) -> Option<Input> {
        self.fit();
        let (room, text) = self.text();
        let mut known = self.known.borrow_mut();
        if known.text == text {
            return None;
        }
        known.text.clone_from(&text);
        Some(Input::DraftChanged { room, text })
    }

    /// The client's draft is another, by its room or its turn. What it is to be told of what was
    /// typed meanwhile.
    pub(super) fn take(&self, draft: &DraftView) -> Option<Input> {
        let mut known = self.known.borrow_mut();
        let is_new = known.revision.is_none() || known.room != draft.room;
        if !is_new && known.revision == Some(draft.revision) {
            return None;
        }
        known.revision = Some(draft.revision);
        let after = draft.text.as_ref().to_owned();
        if is_new {
            (known.room, known.composing, known.pending_edits) = (draft.room, false, PendingEdits::default());
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

    /// Brings the field to what it stands for, unless an input method is at work.
    fn settle(&self) {
        if !self.known.borrow().composing {
            let (_, text) = self.text();
            self.known.borrow_mut().pending_edits = PendingEdits::default();
            self.put(&text);
        }
    }

    /// Watches the field for input methods while what is returned is held; `tell` hears what
    /// became of the text.
    pub(super) fn watch(&self, tell: Callback<Input>) -> impl FnOnce() + use<> {
        let (draft_field, field) = (self.clone(), self.element());
        let heard = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            draft_field.known.borrow_mut().composing = event.type_() == "compositionstart";
            draft_field.settle();
            if let Some(input) = draft_field.typed() {
                tell.emit(input);
            }
        });
        let listener =
            move |heard: &Closure<dyn FnMut(Event)>| heard.as_ref().clone().unchecked_into::<Function>();
        if let Some(field) = &field {
            for name in COMPOSITION {
                drop(field.add_event_listener_with_callback(name, &listener(&heard)));
            }
        }
        move || {
            if let Some(field) = field {
                for name in COMPOSITION {
                    drop(field.remove_event_listener_with_callback(name, &listener(&heard)));
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

    /// Puts a text into the field; the caret stays at its place from the end.
    fn put(&self, text: &str) {
        let Some(field) = self.element() else { return };
        let old = field.value();
        if old != text {
            let units = |text: &str| text.encode_utf16().count() as u32;
            let caret = field.selection_start().ok().flatten();
            let from_end = caret.map_or(0, |caret| units(&old).saturating_sub(caret));
            field.set_value(text);
            // In some browsers it would take the focus along.
            let focused = web_sys::window().and_then(|window| window.document()?.active_element());
            if focused.as_ref() == Some(&field) {
                let caret = units(text).saturating_sub(from_end);
                drop(field.set_selection_range(caret, caret));
            }
        }
        self.fit();
    }

    /// Lets the field grow with its text: the stylesheet lays out the same text once more behind it.
    fn fit(&self) {
        if let (Some(grow), Some(field)) = (self.grow.cast::<Element>(), self.element()) {
            drop(grow.set_attribute("data-text", &field.value()));
        }
    }
}
