//! The cache of the [`View`]: unchanged parts keep their `Rc`, so that components see by the
//! pointer that they need not render.

use crate::ready_state::ReadyState;
use crate::transport::Transport;
use crate::view::{
    ConnectionStatus, DraftView, Edge, IdentityView, LeftBehind, PendingCommand, Person, RoomItem, View,
};
use shared::RoomId;
use std::rc::Rc;

/// The view that was shown last.
#[derive(Debug)]
pub(crate) struct ViewCache {
    view: Rc<View>,
    is_stale: bool,
}

impl ViewCache {
    pub(crate) fn new() -> Self {
        let transport = Transport::WebSocket;
        let link = ConnectionStatus {
            transport,
            ready_state: ReadyState::Closed,
            welcomed: false,
            retry_at: None,
            offline: false,
        };
        let view = View {
            identity: IdentityView::Unknown { failed: false },
            connection: link,
            rooms: Rc::from([]),
            room: RoomId::LOBBY,
            rows: Rc::from([]),
            older: Edge::End,
            newer: Edge::End,
            following: true,
            new_below: 0,
            jumping: false,
            jump_failed: false,
            jump_target: None,
            draft: DraftView { room: RoomId::LOBBY, text: Rc::default(), revision: 0 },
            pending: Rc::from([]),
            left_behind: Rc::from([]),
            directory: None,
            catching_up: false,
            pinned: None,
            memory_only: false,
            people: Rc::from([]),
            people_count: 0,
            new_version: false,
            new_epoch: false,
            waiting: 0,
            can_send: false,
        };
        ViewCache { view: Rc::new(view), is_stale: true }
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
