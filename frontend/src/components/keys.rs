//! What a key does, asked of the client's rules.

use client::compose::{KeyAction, KeyEvent, on_key};
use web_sys::KeyboardEvent;

/// What the person types on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// One with a Shift key that can be held.
    Hardware,
    /// One on the screen.
    Touch,
}

impl Keyboard {
    /// The one of this device, going by its pointer.
    pub fn of_device() -> Self {
        let coarse =
            web_sys::window().and_then(|window| window.match_media("(pointer: coarse)").ok().flatten());
        if coarse.is_some_and(|query| query.matches()) { Keyboard::Touch } else { Keyboard::Hardware }
    }
}

/// What this `keydown` does.
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
