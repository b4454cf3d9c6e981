//! The composer's text field, which shows the client's draft of one conversation.
//!
//! The field owns the text, which keys, pasting and scripts change. It reports each change to the client. It
//! applies the client's changes to the text, but not while an input method composes text.

use crate::chat::pending_edits::PendingEdits;
use crate::clock;
use crate::listener::Listener;
use client::input::Input;
use client::limits::DRAFT_BYTES_MAX;
use client::view::{Conversation, DraftView};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement, Node};
use yew::prelude::*;

/// DOM events of input methods, for which Yew has no listener attributes.
const COMPOSITION: [&str; 2] = ["compositionstart", "compositionend"];

/// Characters of the text that give the field its height: more than its greatest height shows. Beyond it, a longer text
/// only takes longer to lay out.
const FITTED_CHARS: usize = 2_000;

/// Milliseconds after a text was sent in which a keyboard may put it back.
const PUT_BACK_MS: u64 = 200;

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
    /// Text that left the field when it was sent, and when (milliseconds of [`clock::mono_ms`]); `None` after a press of
    /// a key, or after another text.
    sent: Option<(String, u64)>,
}

impl DraftField {
    pub(super) fn new(field: NodeRef, grow: NodeRef) -> Self {
        let known = KnownDraft {
            conversation: Conversation::LOBBY,
            revision: None,
            text: String::new(),
            composing: false,
            pending_edits: PendingEdits::default(),
            sent: None,
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
        self.drop_put_back();
        self.fit();
        let (conversation, text) = self.text();
        let mut known = self.known.borrow_mut();
        if known.text == text {
            return None;
        }
        known.text.clone_from(&text);
        Some(Input::DraftChanged { conversation, text })
    }

    /// Empties the field if a keyboard on the screen has just put the sent text back. It does so because it had not
    /// noticed that the field was emptied.
    fn drop_put_back(&self) {
        let mut known = self.known.borrow_mut();
        let (Some(field), Some((text, at))) = (self.element(), &known.sent) else { return };
        let value = field.value();
        if value == *text && clock::mono_ms().saturating_sub(*at) <= PUT_BACK_MS {
            field.set_value("");
        } else if !value.is_empty() {
            // The person writes another text, perhaps to compose the same one again.
            known.sent = None;
        }
    }

    /// Records that the person pressed a key. Text that follows is typed. Keyboards on the screen name no key.
    pub(super) fn note_key(&self) {
        self.known.borrow_mut().sent = None;
    }

    /// Whether the field has no space for `bytes` more, because the client would not store the draft.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        let over = (self.known.borrow().text.len() + bytes).saturating_sub(DRAFT_BYTES_MAX);
        // The text that is selected is replaced.
        let selected = || {
            let field = self.element()?;
            let (start, end) = (field.selection_start().ok()??, field.selection_end().ok()??);
            usize::try_from(end.saturating_sub(start)).ok()
        };
        over > 0 && over > selected().unwrap_or_default()
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
            let field = self.element().map(|field| field.value()).unwrap_or_default();
            let mut known = self.known.borrow_mut();
            known.pending_edits = PendingEdits::default();
            if text.is_empty() && !field.is_empty() {
                known.sent = Some((field, clock::mono_ms()));
            }
            drop(known);
            self.put(&text);
        }
    }

    /// Listens for the start and end of compositions in the field, and gives `emit` the resulting changes of
    /// the draft. Calling the returned function removes the listeners.
    pub(super) fn watch(&self, emit: Callback<Input>) -> impl FnOnce() + use<> {
        let on_composition = |name| {
            let (draft_field, emit) = (self.clone(), emit.clone());
            let is_start = name == "compositionstart";
            let on_event = move |_| {
                if let Some(input) = draft_field.set_composing(is_start) {
                    emit.emit(input);
                }
            };
            self.element().map(|field| Listener::new(&field, name, on_event))
        };
        let listeners = COMPOSITION.map(on_composition);
        move || drop(listeners)
    }

    /// Records whether an input method composes text, and then handles a possible change as [`DraftField::typed`] does.
    fn set_composing(&self, composing: bool) -> Option<Input> {
        self.known.borrow_mut().composing = composing;
        self.settle();
        self.typed()
    }

    /// Ends a composition, so that the field has its text. Returns [`Input::DraftChanged`] if the client has another
    /// text.
    pub(super) fn end_composition(&self) -> Option<Input> {
        if !self.known.borrow().composing {
            return None;
        }
        // The input method puts its text into the field when the field loses the focus.
        if let Some(field) = self.element() {
            drop(field.blur());
        }
        self.set_composing(false)
    }

    /// Whether this is an event of the field.
    pub(super) fn is_target(&self, event: &Event) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        target.is_some() && target == self.field.get()
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

    /// Copies the beginning of the text to the element behind the field, whose layout gives the field its height.
    fn fit(&self) {
        if let (Some(grow), Some(field)) = (self.grow.cast::<Element>(), self.element()) {
            let text = field.value();
            let end = text.char_indices().nth(FITTED_CHARS).map_or(text.len(), |(end, _)| end);
            drop(grow.set_attribute("data-text", &text[..end]));
        }
    }
}
