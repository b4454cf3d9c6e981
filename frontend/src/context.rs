//! The context that every component can use: the person's preferences and the callback for inputs. Only a
//! change of language or theme renders all its users again.
//!
//! There is one context and not two, because the compiler instantiates each type of context, like each
//! component, and each adds about 2 KB to the page. For the same reason, a part without state is a function
//! that returns `Html`.

use crate::language::Language;
use crate::preferences::Preferences;
use client::input::Input;
use client::view::View;
use std::{ops::Deref, rc::Rc};
use yew::prelude::*;

/// Handle of a view, compared by pointer. The client replaces the `Rc` only when something has changed.
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

/// Data that every component can use without a property.
#[derive(Clone, Debug, PartialEq)]
pub struct AppContext {
    /// Language and theme, with the callback that changes them.
    pub preferences: Preferences,
    /// Passes an input to the client. In the inspector, it does nothing.
    pub emit: Callback<Input>,
}

impl AppContext {
    /// Language of the page's texts.
    pub fn language(&self) -> Language {
        self.preferences.language
    }
}

/// Returns the context of the component. Without a provider around the component, as in a test, its language
/// is English and its inputs are dropped.
#[hook]
pub fn use_app_context() -> AppContext {
    let alone = || AppContext { preferences: Preferences::default(), emit: Callback::noop() };
    use_context::<AppContext>().unwrap_or_else(alone)
}
