//! The cache of the [`View`]: unchanged slices keep their `Rc`, so that components see by the
//! pointer that they need not render.

use crate::conversations::room_list::RoomList;
use crate::view::{Row, Slice, View};
use std::rc::Rc;

/// The view that was shown last.
#[derive(Debug)]
pub(crate) struct ViewCache {
    view: Rc<View>,
    is_stale: bool,
    pub(crate) room_list: RoomList,
    /// The unsettled rows of the pane that was shown last.
    pub(crate) unsettled: Vec<Rc<Row>>,
}

impl ViewCache {
    pub(crate) fn new() -> Self {
        let (view, room_list) = (Rc::new(View::empty()), RoomList::new());
        ViewCache { view, is_stale: true, room_list, unsettled: Vec::new() }
    }

    /// Records that something may have changed.
    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// The last view, if nothing can have changed since.
    pub(crate) fn current(&self) -> Option<Rc<View>> {
        (!self.is_stale).then(|| self.view.clone())
    }

    /// The last view.
    pub(crate) fn last(&self) -> Rc<View> {
        self.view.clone()
    }

    /// Stores `view`, unless all its slices are those of the last one.
    pub(crate) fn update(&mut self, view: View) -> Rc<View> {
        if *self.view != view {
            self.view = Rc::new(view);
        }
        self.is_stale = false;
        self.view.clone()
    }
}

/// The last slice if its content is the same, or else a slice of `content`.
pub(crate) fn reuse<T: PartialEq>(last: &Slice<T>, content: T) -> Slice<T> {
    if **last == content { last.clone() } else { content.into() }
}

/// The last slice if its items are the same, or else a slice of `items`.
pub(crate) fn reuse_items<T: PartialEq>(last: &Slice<[T]>, items: Vec<T>) -> Slice<[T]> {
    if **last == *items { last.clone() } else { items.into() }
}
