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
    /// Guesses the keyboard by the pointers: a device has a touch keyboard if its first pointer is coarse, such as a
    /// finger, and no other pointer is fine. A tablet with a mouse or a touchpad has a hardware keyboard too.
    pub fn of_device() -> Self {
        let matches = |query| {
            let list = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
            list.is_some_and(|list| list.matches())
        };
        let touch = matches("(pointer: coarse)") && !matches("(any-pointer: fine)");
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
