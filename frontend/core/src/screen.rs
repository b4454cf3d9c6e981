//! The [`View`], kept from one look to the next: what did not change is the
//! same `Rc`, so that components see by a pointer that they have nothing to do.

use crate::view::{Identity, Link, Person, ReadyState, Row, View};
use std::rc::Rc;

/// What was shown last.
#[derive(Debug)]
pub(crate) struct Screen {
    view: Rc<View>,
    stale: bool,
}

/// What is to be shown.
pub(crate) struct Scene<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) link: Link,
    pub(crate) rows: Vec<Rc<Row>>,
    pub(crate) older: bool,
    pub(crate) people: Vec<Person>,
    pub(crate) people_count: u32,
    pub(crate) new_version: bool,
    pub(crate) new_epoch: bool,
    pub(crate) waiting: u32,
    pub(crate) can_send: bool,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let link = Link { ready_state: ReadyState::Closed, welcomed: false, retry_at: None, offline: false };
        let view = View {
            identity: Identity::Unknown { failed: false },
            link,
            rows: Rc::from([]),
            older: false,
            people: Rc::from([]),
            people_count: 0,
            new_version: false,
            new_epoch: false,
            waiting: 0,
            can_send: false,
        };
        Screen { view: Rc::new(view), stale: true }
    }

    /// Something may have changed.
    pub(crate) fn touch(&mut self) {
        self.stale = true;
    }

    /// What was shown last, if nothing can have changed since.
    pub(crate) fn current(&self) -> Option<Rc<View>> {
        (!self.stale).then(|| self.view.clone())
    }

    /// Shows `scene`, and keeps of the last view what is equal.
    pub(crate) fn show(&mut self, scene: Scene<'_>) -> Rc<View> {
        let Scene { identity, link, rows, older, people, people_count, .. } = scene;
        let Scene { new_version, new_epoch, waiting, can_send, .. } = scene;
        let last = &self.view;
        let same_rows = same(&last.rows, &rows, Rc::ptr_eq);
        let same_people = same(&last.people, &people, Person::eq);
        let view = View {
            identity: identity.clone(),
            link,
            rows: if same_rows { last.rows.clone() } else { rows.into() },
            older,
            people: if same_people { last.people.clone() } else { people.into() },
            people_count,
            new_version,
            new_epoch,
            waiting,
            can_send,
        };
        // Equal parts are one `Rc`, so this does not look at the rows.
        if *self.view != view {
            self.view = Rc::new(view);
        }
        self.stale = false;
        self.view.clone()
    }
}

fn same<T>(old: &[T], new: &[T], eq: impl Fn(&T, &T) -> bool) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| eq(old, new))
}
