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
    /// Guesses the keyboard by the pointer: a device whose pointer is coarse, such as a finger, has a touch
    /// keyboard.
    pub fn of_device() -> Self {
        let coarse =
            web_sys::window().and_then(|window| window.match_media("(pointer: coarse)").ok().flatten());
        if coarse.is_some_and(|query| query.matches()) { Keyboard::Touch } else { Keyboard::Hardware }
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
