//! The action of a key press, by the rules of [`client::composer_rules`].

use client::composer_rules::{KeyAction, KeyEvent, on_key};
use web_sys::KeyboardEvent;

/// Kind of keyboard that the person uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// A keyboard whose Shift key can be held, so that Enter can send and Shift+Enter can break the line.
    Hardware,
    /// A keyboard on the screen, where Enter breaks the line.
    Touch,
}

impl Keyboard {
    /// Guesses the keyboard: a device has a touch keyboard if its first pointer is coarse, such as a finger. The
    /// script early.js sets `data-keyboard` once the person used a mouse, or a key that touch keyboards lack.
    pub fn of_device() -> Self {
        let window = web_sys::window();
        let list = window.as_ref().and_then(|window| window.match_media("(pointer: coarse)").ok().flatten());
        let root = window.and_then(|window| window.document()?.document_element());
        let has_shown = root.is_some_and(|root| root.has_attribute("data-keyboard"));
        let touch = !has_shown && list.is_some_and(|list| list.matches());
        if touch { Keyboard::Touch } else { Keyboard::Hardware }
    }
}

/// Returns the action of a `keydown` event in a field for text.
pub fn key_action(event: &KeyboardEvent, keyboard: Keyboard) -> KeyAction {
    on_key(KeyEvent {
        key: &event.key(),
        key_code: event.key_code(),
        shift: event.shift_key(),
        ctrl: event.ctrl_key(),
        alt: event.alt_key(),
        meta: event.meta_key(),
        composing: event.is_composing(),
        touch: keyboard == Keyboard::Touch,
    })
}
