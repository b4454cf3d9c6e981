//! Typing, with and without an input method, through the DevTools protocol. The browser marks these
//! events as trusted (`isTrusted`), like those of a real keyboard.

use crate::browser::Browser;
use serde_json::{Value, json};

/// The events of one press of Enter. Systems and input methods differ in the events and in their
/// fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enter {
    /// `keydown` and `keypress` with the text `\r`, as a keyboard sends them.
    Typed,
    /// `keydown` alone, with key `Enter` and code 13.
    Raw,
    /// `keydown` alone, with key `Process` and code 229: the input method consumed the key.
    Process,
    /// A `keydown` dispatched by a script, with key `Enter`. Chrome on macOS sends code 229 with
    /// `isComposing`. Safari sends code 229 without it, right after `compositionend`.
    Synthetic {
        /// Value of `keyCode`.
        code: u32,
        /// Value of `isComposing`.
        composing: bool,
    },
}

impl Browser {
    /// Inserts text into the focused element in one step, as a paste does.
    pub async fn insert(&self, text: &str) {
        self.devtools("Input.insertText", json!({ "text": text })).await;
    }

    /// Shows `text` as the input method's uncommitted composition in the focused element.
    pub async fn compose(&self, text: &str) {
        let end = text.encode_utf16().count();
        let composition = json!({ "text": text, "selectionStart": end, "selectionEnd": end });
        self.devtools("Input.imeSetComposition", composition).await;
    }

    /// Ends the composition and inserts `text` as its result.
    pub async fn commit(&self, text: &str) {
        self.insert(text).await;
    }

    /// Presses Enter once.
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
                let _: Value = self.execute(script, vec![json!(code), json!(composing)]).await;
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
