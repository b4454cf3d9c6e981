//! Typing, with and without an input method, through the DevTools protocol:
//! the events are trusted, as a hand's are.

use crate::window::Window;
use serde_json::{Value, json};

/// How one press of Enter reaches the page. What differs between systems and
/// input methods is which events come, and what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enter {
    /// `keydown` and `keypress`, with the text `\r`: what a keyboard does.
    Typed,
    /// `keydown` alone, key `Enter`, code 13.
    Raw,
    /// `keydown` alone, key `Process`, code 229: the input method has taken it.
    Process,
    /// A `keydown` of a script's, key `Enter`, with this code and `isComposing`.
    /// Code 229 with `isComposing` is Chrome's on macOS; without it, right after
    /// `compositionend`, Safari's.
    Synthetic {
        /// `keyCode`.
        code: u32,
        /// `isComposing`.
        composing: bool,
    },
}

impl Window {
    /// Types text at once into what has the focus, as a paste does.
    pub async fn insert(&self, text: &str) {
        self.devtools("Input.insertText", json!({ "text": text })).await;
    }

    /// The input method shows `text`, not yet decided, in what has the focus.
    pub async fn compose(&self, text: &str) {
        let end = text.encode_utf16().count();
        let shown = json!({ "text": text, "selectionStart": end, "selectionEnd": end });
        self.devtools("Input.imeSetComposition", shown).await;
    }

    /// The input method's text is decided: it ends the composition.
    pub async fn commit(&self, text: &str) {
        self.insert(text).await;
    }

    /// Presses Enter.
    pub async fn enter(&self, enter: Enter) {
        match enter {
            Enter::Typed => self.press(json!({ "type": "keyDown", "text": "\r" }), "Enter", 13).await,
            Enter::Raw => self.press(json!({ "type": "rawKeyDown" }), "Enter", 13).await,
            Enter::Process => self.press(json!({ "type": "rawKeyDown" }), "Process", 229).await,
            Enter::Synthetic { code, composing } => {
                let script = "const [keyCode, isComposing] = arguments;
                    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {
                        key: 'Enter', code: 'Enter', keyCode, isComposing, bubbles: true, cancelable: true,
                    }))";
                let _: Value = self.run(script, vec![json!(code), json!(composing)]).await;
            }
        }
    }

    /// Presses Enter while Shift is held.
    pub async fn shift_enter(&self) {
        const SHIFT: u32 = 8;
        self.press(json!({ "type": "keyDown", "text": "\r", "modifiers": SHIFT }), "Enter", 13).await;
    }

    async fn press(&self, mut down: Value, key: &str, code: u32) {
        down["key"] = json!(key);
        down["code"] = json!("Enter");
        down["windowsVirtualKeyCode"] = json!(code);
        let mut up = down.clone();
        up["type"] = json!("keyUp");
        if let Some(up) = up.as_object_mut() {
            up.remove("text");
        }
        self.devtools("Input.dispatchKeyEvent", down).await;
        self.devtools("Input.dispatchKeyEvent", up).await;
    }
}
