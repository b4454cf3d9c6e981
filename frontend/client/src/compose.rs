//! The rules of the composer: what may be sent, and what a key does there.
//! Pure, so that the field only asks.

use shared::limits::TEXT_BYTES_MAX;

/// Why a text cannot be sent. It stays in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRefusal {
    /// Nothing, or only white space.
    Empty,
    /// Longer than a message may be.
    TooLong {
        /// How long it is, in bytes of UTF-8.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
}

/// Whether `text` can be sent as it is.
///
/// # Errors
/// [`Refusal`], the reason to show beside the field.
pub fn check(text: &str) -> Result<(), TextRefusal> {
    // Length first: an over-long text of spaces is told the reason that holds longer.
    if text.len() > TEXT_BYTES_MAX {
        return Err(TextRefusal::TooLong { bytes: text.len(), max: TEXT_BYTES_MAX });
    }
    if text.trim().is_empty() {
        return Err(TextRefusal::Empty);
    }
    Ok(())
}

/// A `keydown` in the composer, as the browser tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyEvent<'a> {
    /// `KeyboardEvent.key`.
    pub key: &'a str,
    /// `KeyboardEvent.keyCode`; 229 while an input method has the key.
    pub key_code: u32,
    /// Shift is held.
    pub shift: bool,
    /// Control is held.
    pub ctrl: bool,
    /// Alt or Option is held.
    pub alt: bool,
    /// Command or the Windows key is held.
    pub meta: bool,
    /// `KeyboardEvent.isComposing`, or a `compositionend` has not come yet.
    pub composing: bool,
    /// The keyboard is one on the screen.
    pub touch: bool,
}

/// What a key does in the composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Sends the text; the key goes no further.
    Send,
    /// Breaks the line: the field does so by itself.
    Newline,
    /// Not the composer's: the field's and the browser's own.
    Nothing,
}

/// `keyCode` of every key that an input method takes. Safari gives it to the
/// Enter that ends a composition, when `isComposing` is false already.
const KEY_CODE_INPUT_METHOD: u32 = 229;

/// What this key does.
pub fn on_key(event: KeyEvent<'_>) -> KeyAction {
    if event.composing || event.key_code == KEY_CODE_INPUT_METHOD || event.key != "Enter" || event.alt {
        return KeyAction::Nothing;
    }
    if event.shift {
        return KeyAction::Newline;
    }
    // No keyboard on the screen has these: one is attached to the device.
    let hardware = event.ctrl || event.meta;
    if event.touch && !hardware { KeyAction::Newline } else { KeyAction::Send }
}

#[cfg(test)]
mod tests;
