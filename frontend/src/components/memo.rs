//! Parts of the page that are drawn again only if their content or the language has changed.
//!
//! One component draws them all: the compiler instantiates each component, and each adds about 2 KB to the
//! page.

use crate::context::{AppContext, use_app_context};
use std::{any::Any, rc::Rc};
use yew::prelude::*;
use yew::virtual_dom::Key;

/// The content of a part. Two equal values draw the same.
pub trait Draw: PartialEq + 'static {
    /// Draws the content.
    fn draw(&self, context: &AppContext) -> Html;
}

/// A [`Draw`] of any type.
trait AnyDraw: Any {
    fn draw(&self, context: &AppContext) -> Html;

    fn is_same(&self, other: &dyn Any) -> bool;
}

impl<T: Draw> AnyDraw for T {
    fn draw(&self, context: &AppContext) -> Html {
        Draw::draw(self, context)
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
}

/// Draws `content`, but not again while it stays the same. `key` tells the part from its siblings.
pub fn memo(key: impl Into<Key>, content: impl Draw) -> Html {
    html! { <Memo key={key.into()} content={Rc::new(content) as Rc<dyn AnyDraw>} /> }
}

#[derive(Clone, Properties)]
struct MemoProps {
    content: Rc<dyn AnyDraw>,
}

impl PartialEq for MemoProps {
    fn eq(&self, other: &Self) -> bool {
        let other: &dyn Any = &*other.content;
        self.content.is_same(other)
    }
}

#[component]
fn Memo(props: &MemoProps) -> Html {
    props.content.draw(&use_app_context())
}
