//! What every component may reach without being handed it: the view, the way
//! to emit, the language. Each is small and compared by pointer, so that a
//! change of one renders only its readers.

use crate::language::Language;
use crate::preferences::Preferences;
use client::input::Input;
use client::view::View;
use std::{ops::Deref, rc::Rc};
use yew::prelude::*;

/// The view as it was last seen. Equal only to itself: comparing by value is
/// the driver's, once for all.
#[derive(Clone, Debug)]
pub struct Seen(pub Rc<View>);

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Seen {
    type Target = View;

    fn deref(&self) -> &View {
        &self.0
    }
}

/// Where components send what the person does.
#[derive(Clone, Debug, PartialEq)]
pub struct Emit(pub Callback<Input>);

impl Emit {
    /// Tells the client.
    pub fn emit(&self, input: Input) {
        self.0.emit(input);
    }
}

/// The way to emit.
#[hook]
pub fn use_emit() -> Emit {
    use_context::<Emit>().unwrap_or_else(|| Emit(Callback::noop()))
}

/// The language and theme, and how to choose others.
#[hook]
pub fn use_preferences() -> Preferences {
    use_context::<Preferences>().unwrap_or_default()
}

/// The language to speak.
#[hook]
pub fn use_language() -> Language {
    use_preferences().language
}
