//! What every component may reach without being handed it: the reader's
//! preferences and the way to emit. Compared by pointer and by word, so that
//! only a change of language or theme renders all its readers.
//!
//! There is one context and not two: each type of context, like each
//! component, is made anew by the compiler and weighs about 2 KB in the page.
//! For the same reason what has no state is a function that returns `Html`.

use crate::language::Language;
use crate::preferences::Preferences;
use client::input::Input;
use client::view::View;
use std::{ops::Deref, rc::Rc};
use yew::prelude::*;

/// The view as it was last seen. Equal only to itself: comparing by value is
/// the driver's, once for all.
#[derive(Clone, Debug)]
pub struct ViewRef(pub Rc<View>);

impl PartialEq for ViewRef {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for ViewRef {
    type Target = View;

    fn deref(&self) -> &View {
        &self.0
    }
}

/// What surrounds a component.
#[derive(Clone, Debug, PartialEq)]
pub struct AppContext {
    /// The language and theme, and how to choose others.
    pub preferences: Preferences,
    /// Where components send what the person does.
    pub emit: Callback<Input>,
}

impl AppContext {
    /// The language to speak.
    pub fn language(&self) -> Language {
        self.preferences.language
    }
}

/// The surroundings. A component outside [`crate::page::Page`] speaks English,
/// and nobody hears it.
#[hook]
pub fn use_app_context() -> AppContext {
    let alone = || AppContext { preferences: Preferences::default(), emit: Callback::noop() };
    use_context::<AppContext>().unwrap_or_else(alone)
}
