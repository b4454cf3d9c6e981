//! The title of the document: a text, and the number of unread messages before it.
//!
//! A hidden page draws nothing, so the driver sets the number itself.

use std::cell::RefCell;

/// Greatest number of unread messages that is shown; beyond it the text is `99+`.
const COUNT_MAX: u32 = 99;

thread_local! {
    static SHOWN: RefCell<(String, u32)> = const { RefCell::new((String::new(), 0)) };
}

/// Text of a number of unread messages.
pub fn count_text(count: u32) -> String {
    if count > COUNT_MAX { format!("{COUNT_MAX}+") } else { count.to_string() }
}

/// Sets the text of the title.
pub fn set_text(text: &str) {
    show(|shown| text.clone_into(&mut shown.0));
}

/// Sets the number of unread messages in all rooms.
pub fn set_count(count: u32) {
    show(|shown| shown.1 = count);
}

fn show(change: impl FnOnce(&mut (String, u32))) {
    let title = SHOWN.with_borrow_mut(|shown| {
        change(shown);
        match shown.1 {
            0 => shown.0.clone(),
            count => format!("({}) {}", count_text(count), shown.0),
        }
    });
    if let Some(page) = web_sys::window().and_then(|window| window.document()) {
        page.set_title(&title);
    }
}
