//! The field, and the draft that it shows. The field alone has the text, so that whatever way it
//! came in counts; the client is told of each change, and what it changes by itself is taken over
//! here, but never under the hands of an input method.

use crate::chat::pending_edits::Behind;
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
pub(super) struct Sheet {
    field: NodeRef,
    /// Lays out the same text behind the field, so that it grows with it.
    grow: NodeRef,
    held: Rc<RefCell<Held>>,
}

/// What the client holds, as far as it was told and has told.
struct Held {
    room: RoomId,
    /// None before the first draft.
    turn: Option<u64>,
    text: String,
    /// An input method is at work, and what the field has not taken because of it.
    composing: bool,
    behind: Behind,
}

impl Sheet {
    pub(super) fn new(field: NodeRef, grow: NodeRef) -> Self {
        let held = Held {
            room: RoomId::LOBBY,
            turn: None,
            text: String::new(),
            composing: false,
            behind: Behind::default(),
        };
        Sheet { field, grow, held: Rc::new(RefCell::new(held)) }
    }

    /// The room, and the text that the field stands for.
    pub(super) fn text(&self) -> (RoomId, String) {
        let held = self.held.borrow();
        let field = self.element().map(|field| field.value()).unwrap_or_default();
        (held.room, held.behind.text(&field))
    }

    /// The field changed: what the client is to be told.
    pub(super) fn typed(&self) -> Option<Input> {
        self.fit();
        let (room, text) = self.text();
        let mut held = self.held.borrow_mut();
        if held.text == text {
            return None;
        }
        held.text.clone_from(&text);
        Some(Input::DraftChanged { room, text })
    }

    /// The client's draft is another, by its room or its turn. What it is to be told of what was
    /// typed meanwhile.
    pub(super) fn take(&self, draft: &DraftView) -> Option<Input> {
        let mut held = self.held.borrow_mut();
        let is_new = held.turn.is_none() || held.room != draft.room;
        if !is_new && held.turn == Some(draft.revision) {
            return None;
        }
        held.turn = Some(draft.revision);
        let after = draft.text.as_ref().to_owned();
        if is_new {
            (held.room, held.composing, held.behind) = (draft.room, false, Behind::default());
            self.put(&after);
            held.text = after;
            return None;
        }
        let before = std::mem::replace(&mut held.text, after.clone());
        held.behind.push(before, after);
        drop(held);
        self.settle();
        self.typed()
    }

    /// Brings the field to what it stands for, unless an input method is at work.
    fn settle(&self) {
        if !self.held.borrow().composing {
            let (_, text) = self.text();
            self.held.borrow_mut().behind = Behind::default();
            self.put(&text);
        }
    }

    /// Watches the field for input methods while what is returned is held; `tell` hears what
    /// became of the text.
    pub(super) fn watch(&self, tell: Callback<Input>) -> impl FnOnce() + use<> {
        let (sheet, field) = (self.clone(), self.element());
        let heard = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            sheet.held.borrow_mut().composing = event.type_() == "compositionstart";
            sheet.settle();
            if let Some(input) = sheet.typed() {
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
