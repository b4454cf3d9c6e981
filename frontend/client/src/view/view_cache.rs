//! The cache of the [`View`]: unchanged parts keep their `Rc`, so that components see by the
//! pointer that they need not render.

use crate::view::{LeftBehind, PendingCommand, Person, RoomItem, View};
use std::rc::Rc;

/// The view that was shown last.
#[derive(Debug)]
pub(crate) struct ViewCache {
    view: Rc<View>,
    is_stale: bool,
}

impl ViewCache {
    pub(crate) fn new() -> Self {
        ViewCache { view: Rc::new(View::empty()), is_stale: true }
    }

    /// Records that something may have changed.
    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// The last view, if nothing can have changed since.
    pub(crate) fn current(&self) -> Option<Rc<View>> {
        (!self.is_stale).then(|| self.view.clone())
    }

    /// Stores `view`, reusing the parts that equal those of the last one.
    pub(crate) fn update(&mut self, mut view: View) -> Rc<View> {
        let last = &self.view;
        reuse(&last.rooms, &mut view.rooms, RoomItem::eq);
        reuse(&last.rows, &mut view.rows, Rc::ptr_eq);
        reuse(&last.people, &mut view.people, Person::eq);
        reuse(&last.pending, &mut view.pending, PendingCommand::eq);
        reuse(&last.left_behind, &mut view.left_behind, LeftBehind::eq);
        if last.draft == view.draft {
            view.draft = last.draft.clone();
        }
        if last.directory == view.directory {
            view.directory = last.directory.clone();
        }
        // Equal parts are the same `Rc`, so this does not compare the rows.
        if **last != view {
            self.view = Rc::new(view);
        }
        self.is_stale = false;
        self.view.clone()
    }
}

fn reuse<T>(last: &Rc<[T]>, now: &mut Rc<[T]>, eq: impl Fn(&T, &T) -> bool) {
    if last.len() == now.len() && last.iter().zip(now.iter()).all(|(last, now)| eq(last, now)) {
        *now = last.clone();
    }
}
