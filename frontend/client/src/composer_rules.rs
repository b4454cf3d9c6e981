//! The rules of the composer: which texts can be sent ([`check`]), and which key sends ([`on_key`]).

use shared::limits::TEXT_BYTES_MAX;

/// The reason why a text cannot be sent. The text stays in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRefusal {
    /// The text is empty or only white space.
    Empty,
    /// The text is longer than a message may be.
    TooLong {
        /// The length of the text, in bytes of UTF-8.
        bytes: usize,
        /// The greatest length, in bytes of UTF-8.
        max: usize,
    },
}

/// Checks that `text` can be sent as it is.
///
/// # Errors
///
/// [`TextRefusal`], the reason to show next to the field.
pub fn check(text: &str) -> Result<(), TextRefusal> {
    // Check the length first: an over-long text of spaces stays too long when a letter is added.
    if text.len() > TEXT_BYTES_MAX {
        return Err(TextRefusal::TooLong { bytes: text.len(), max: TEXT_BYTES_MAX });
    }
    if text.trim().is_empty() {
        return Err(TextRefusal::Empty);
    }
    Ok(())
}

/// A `keydown` in the composer, as the browser reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyEvent<'a> {
    /// Value of `KeyboardEvent.key`, such as `Enter`.
    pub key: &'a str,
    /// Value of `KeyboardEvent.keyCode`; 229 while an input method handles the key.
    pub key_code: u32,
    /// Whether Shift is held.
    pub shift: bool,
    /// Whether Control is held.
    pub ctrl: bool,
    /// Whether Alt or Option is held.
    pub alt: bool,
    /// Whether Command or the Windows key is held.
    pub meta: bool,
    /// Whether `KeyboardEvent.isComposing` is set, or a `compositionend` is still to come.
    pub composing: bool,
    /// Whether the device's keyboard is on the screen.
    pub touch: bool,
}

/// The effect of a key in the composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Send the text and prevent the default action.
    Send,
    /// Break the line, which the field does by itself.
    Newline,
    /// Leave the key to the field and the browser.
    Nothing,
}

/// The `keyCode` of every key that an input method handles.
///
/// Safari reports it for the Enter that ends a composition, when `isComposing` is already false.
pub const KEY_CODE_INPUT_METHOD: u32 = 229;

/// Returns the effect of a key.
pub fn on_key(event: KeyEvent<'_>) -> KeyAction {
    if event.composing || event.key_code == KEY_CODE_INPUT_METHOD || event.key != "Enter" || event.alt {
        return KeyAction::Nothing;
    }
    if event.shift {
        return KeyAction::Newline;
    }
    // Screen keyboards have neither key, so a hardware keyboard is attached.
    let hardware = event.ctrl || event.meta;
    if event.touch && !hardware { KeyAction::Newline } else { KeyAction::Send }
}

#[cfg(test)]
mod tests;
